"""Gathering what the checks look at, all within the time of one call."""

from __future__ import annotations

import stat
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from redis.exceptions import AuthenticationError, RedisError, ResponseError

from producer.connection import Address, Limit, connect, execute, within
from producer.connection.address import endpoint
from producer.connection.blocking import look_up
from producer.connection.sentinel import NONE_ANSWERS, SentinelPrimary
from producer.doctor.questions import ask
from producer.doctor.snapshot import Host, KeyFile, Sentinel, Snapshot
from producer.errors import ConfigurationError, JournalError
from producer.operations.redis_errors import cause_of
from producer.sealing import KeySet

if TYPE_CHECKING:
    from pathlib import Path

    from producer.doctor.permissions import Role
    from producer.settings import Settings

#: Another program's name server may hang while the server is well.
_NAME_SHARE = 0.4


def gather(settings: Settings, role: Role) -> Snapshot:
    """Look at everything; this takes `settings.timeout_seconds` at most.

    Raises:
        ConfigurationError: the URL is not a Redis URL.
    """
    address = Address.parse(settings.only_url)
    seconds = settings.timeout_seconds
    ends = time.monotonic() + seconds
    names_end = time.monotonic() + _NAME_SHARE * seconds
    snapshot = Snapshot(
        settings=settings,
        role=role,
        address=address,
        hosts=tuple(_host(name, port, names_end) for name, port in address.hosts),
        sentinels=_sentinels(address, _NAME_SHARE * seconds),
        keys=key_file(settings.keys_file),
    )
    if address.master is not None and not any(each.primary for each in snapshot.sentinels):
        return replace(snapshot, problem="No Sentinel tells where the primary is")
    client = connect(settings.only_url, retries=0)
    try:
        limit = Limit(max(ends - time.monotonic(), 0.1 * seconds))
        answers = execute(client, ask(settings, role, address.db), limit)
    except ConfigurationError as exc:
        return replace(snapshot, login_problem=str(exc))
    except JournalError as exc:
        return replace(snapshot, problem=str(exc))
    finally:
        client.close()
    return replace(snapshot, answers=answers)


def key_file(path: Path | None) -> KeyFile:
    """What there is to say of the key file."""
    if path is None:
        return KeyFile(problem="JOURNAL_KEYS_FILE is not set.")
    try:
        key_ids = KeySet.load(path).key_ids
        mode = path.stat().st_mode
    except ConfigurationError as exc:
        return KeyFile(path, problem=f"{exc}.")
    except OSError as exc:
        return KeyFile(path, problem=f"key file {path}: {exc.strerror}.")
    return KeyFile(path, key_ids, others_read=bool(mode & stat.S_IROTH))


def _host(name: str, port: int, ends: float) -> Host:
    try:
        found = look_up(name, port, ends)
    except OSError as exc:
        return Host(name, problem=cause_of(exc))
    return Host(name, tuple(dict.fromkeys(str(place[0]) for *_, place in found)))


def _sentinels(address: Address, seconds: float) -> tuple[Sentinel, ...]:
    """What each Sentinel says, asked alone."""
    if address.master is None:
        return ()
    found = []
    with within(seconds):
        for place in address.hosts:
            one = replace(address, hosts=(place,))
            where = endpoint(*place)
            try:
                host, port = SentinelPrimary(one).locate()
            except RedisError as exc:
                found.append(Sentinel(where, problem=_why_untold(exc)))
            else:
                found.append(Sentinel(where, endpoint(host, port)))
    return tuple(found)


def _why_untold(error: RedisError) -> str:
    """Why a Sentinel told no primary."""
    if isinstance(error, AuthenticationError):
        return "refuses the login"
    if isinstance(error, ResponseError):
        return "is no Sentinel, or refuses the command"
    if getattr(error, "cause", "") == NONE_ANSWERS:
        return "does not answer"
    return "knows no primary of this name that is up"
