"""Errors of redis-py in the producer's own terms."""

from __future__ import annotations

import errno
import os
import re
import socket
import ssl

from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    MasterDownError,
    NoPermissionError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from producer.errors import ConfigurationError, JournalError, StoreFull, Unavailable

#: Not the command's fault, and it passes: loading its data, a replica in a failover, a full disk.
#: What a server says that is no primary: to writes; to all commands while it waits for its primary;
#: to those that wait while it is made a replica.
_DEMOTED = {"READONLY", "MASTERDOWN", "UNBLOCKED"}
_TRANSIENT = {"LOADING", "MISCONF", "NOREPLICAS", "TRYAGAIN", "BUSY", *_DEMOTED}
_LOGIN = {"NOAUTH", "WRONGPASS"}
_CLASSES: dict[type[Exception], str] = {
    OutOfMemoryError: "OOM",
    NoPermissionError: "NOPERM",
    ReadOnlyError: "READONLY",
    BusyLoadingError: "LOADING",
    TryAgainError: "TRYAGAIN",
    MasterDownError: "MASTERDOWN",
    NoScriptError: "NOSCRIPT",
}
#: How servers say that a script lacks a permission: Valkey, Redis 7.0.
_IN_SCRIPT = ("ACL failure in script", "The user executing the script can't")
_NO_WAIT_ON_REPLICA = "WAIT cannot be used with replica"
_CODE = re.compile(r"[A-Z]{2,}")
_ERRNO = re.compile(r"\[Errno (\d+)\]")
_CLOSING = {errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED, errno.ENOTCONN}
_CLOSED = "connection closed"


def translate(error: Exception) -> JournalError:
    """Return the error that the producer raises for one of redis-py.

    Its message holds the code of the reply or the cause of the error, and where it happened as far
    as the connection has noted that; never a payload, a user or a password. redis-py's own messages
    may quote the command.
    """
    code = code_of(error)
    place = getattr(error, "endpoint", "")
    at = f" ({place})" if place else ""
    if code == "OOM":
        return StoreFull()
    if code in _LOGIN or isinstance(error, (AuthenticationError, AuthorizationError)):
        return ConfigurationError(f"Redis refused the user name or password{at}")
    if code == "NOPERM":
        return ConfigurationError(f"the Redis user lacks a permission that this command needs{at}")
    if code in _TRANSIENT:
        return Unavailable(f"Redis does not take the command now: {code}{at}")
    if isinstance(error, (RedisConnectionError, RedisTimeoutError)):
        why = getattr(error, "cause", None) or cause_of(error)
        return Unavailable(f"Redis cannot be reached: {place}{': ' if place else ''}{why}")
    problem = "Redis refused the command:" if isinstance(error, RedisError) else "unexpected"
    return JournalError(f"{problem} {code or type(error).__name__}")


def is_demotion(error: Exception) -> bool:
    """Whether an error reply says that the server is no primary: it was made a replica."""
    return code_of(error) in _DEMOTED


def cause_of(error: BaseException) -> str:
    """Why a connection failed, in few words; found along the chain of causes, newest first."""
    found: BaseException | None = error
    fallback = type(error).__name__
    while found is not None:
        if isinstance(found, (TimeoutError, RedisTimeoutError)):
            fallback = "timed out"
        elif told := _cause_of_one(found):
            return told
        found = found.__cause__ or found.__context__
    return fallback


def _cause_of_one(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"TLS failed: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or 'no handshake'}"
    if isinstance(error, socket.gaierror):
        return "name not found"
    if isinstance(error, OSError):
        # asyncio tells of several addresses in one message.
        number = error.errno or int((_ERRNO.search(str(error)) or [0, 0])[1])
        return _CLOSED if number in _CLOSING else os.strerror(number).lower() if number else ""
    closed = isinstance(error, RedisConnectionError) and "closed by server" in str(error)
    return _CLOSED if closed else ""


def code_of(error: Exception) -> str:
    """The code of an error reply (WRONGTYPE, NOPERM, ...), "" for any other error.

    It is a reply's first word; redis-py cuts it off where it has a class for it, and keeps it as
    `status_code` only in later versions.
    """
    known = getattr(error, "status_code", None)
    if isinstance(known, str) and known != "ERR":
        return known
    for kind, code in _CLASSES.items():
        if isinstance(error, kind):
            return code
    if not isinstance(error, ResponseError):
        return ""
    first = str(error).split(" ", 1)[0]
    if _NO_WAIT_ON_REPLICA in str(error):
        return "READONLY"
    if any(phrase in str(error) for phrase in _IN_SCRIPT):
        return "NOPERM"
    return first if _CODE.fullmatch(first) else "ERR"
