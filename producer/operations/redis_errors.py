"""Errors of redis-py in the producer's own terms."""

from __future__ import annotations

import re

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
_TRANSIENT = {"LOADING", "READONLY", "MASTERDOWN", "MISCONF", "NOREPLICAS", "TRYAGAIN", "BUSY"}
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
_CODE = re.compile(r"[A-Z]{2,}")


def translate(error: Exception) -> JournalError:
    """Return the error that the producer raises for one of redis-py.

    Its message holds the code of the reply or the class of the error, never a payload or a
    password: redis-py's own messages may quote the command.
    """
    code = _code(error)
    if code == "OOM":
        return StoreFull()
    if code in _LOGIN or isinstance(error, (AuthenticationError, AuthorizationError)):
        return ConfigurationError("Redis refused the user name or password")
    if code == "NOPERM":
        return ConfigurationError("the Redis user lacks a permission that this command needs")
    if code in _TRANSIENT:
        return Unavailable(f"Redis does not take the command now: {code}")
    if isinstance(error, (RedisConnectionError, RedisTimeoutError)):
        return Unavailable(f"Redis cannot be reached: {type(error).__name__}")
    problem = "Redis refused the command:" if isinstance(error, RedisError) else "unexpected"
    return JournalError(f"{problem} {code or type(error).__name__}")


def _code(error: Exception) -> str:
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
    if any(phrase in str(error) for phrase in _IN_SCRIPT):
        return "NOPERM"
    return first if _CODE.fullmatch(first) else "ERR"
