"""What the clients do, written once and free of I/O.

Each operation is a generator: it yields a list of Redis commands, is sent the list of their
replies, and returns its result. `JournalClient` and `AsyncJournalClient` only carry the commands.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, TypeVar

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

from producer.errors import (
    ConfigurationError,
    JournalError,
    QueueFull,
    StoreFull,
    Unavailable,
)
from producer.message import encode_message
from producer.sealing import ENTRY

if TYPE_CHECKING:
    from producer.schemas import JournalEntry
    from producer.sealing import KeySet
    from producer.settings import Settings

T = TypeVar("T")
Command = tuple[Any, ...]
Operation = Generator[list[Command], list[Any], T]

#: Messages in one call: enough to make the round trip cheap, few enough (about 200 kB) not to
#: hold up a Redis that others share.
SUBMIT_CHUNK = 128
SEEN_PREFIX = "journal.seen:"
#: kombu's hash of messages handed to workers and not yet settled.
CLAIMS = "unacked"
#: It is no fault of the command: loading its data, a replica in a failover, a full disk.
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
#: How servers tell that a script lacks a permission: Valkey, Redis 7.0.
_IN_SCRIPT = ("ACL failure in script", "The user executing the script can't")
_CODE = re.compile(r"[A-Z]{2,}")
_CODES: tuple[Literal["queued", "duplicate"], ...] = ("queued", "duplicate")
_NO_ROOM = 2


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one submitted entry: `queued`, or a `duplicate` of one submitted before."""

    entry_id: str
    status: Literal["queued", "duplicate"]


@dataclass(frozen=True, slots=True)
class Status:
    """How full each part of the system is, in entries."""

    ready: int
    claimed: int
    results: int
    dead: int
    groups: dict[str, int]


@cache
def script(name: str) -> str:
    """The source of one of our Lua scripts."""
    return files("producer.operations").joinpath("lua", f"{name}.lua").read_text(encoding="utf-8")


def checked(replies: Sequence[Any]) -> Sequence[Any]:
    """Replies without errors.

    Raises:
        JournalError: the first error among them, in our own terms.
    """
    for reply in replies:
        if isinstance(reply, Exception):
            raise translate(reply) from None
    return replies


def translate(error: Exception) -> JournalError:
    """A redis-py error in our own terms; never with a payload or a password in its message."""
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
    told = "Redis refused the command:" if isinstance(error, RedisError) else "unexpected"
    return JournalError(f"{told} {code or type(error).__name__}")


def _code(error: Exception) -> str:
    """The code of an error reply (WRONGTYPE, NOPERM, ...), "" for what is none.

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
    if any(told in str(error) for told in _IN_SCRIPT):
        return "NOPERM"
    return first if _CODE.fullmatch(first) else "ERR"


def named(pairs: Sequence[Any]) -> dict[str, Any]:
    """A flat RESP2 list of names and values."""
    return {text(key): value for key, value in zip(pairs[::2], pairs[1::2], strict=True)}


def text(value: Any) -> str:
    """A reply as text, whatever bytes it holds."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def submit(
    entries: Iterable[JournalEntry], keys: KeySet, settings: Settings
) -> Operation[list[Receipt]]:
    """Seal and enqueue entries, in order, chunk by chunk.

    Raises:
        QueueFull, StoreFull: no room.
        JournalError: also what `entries` raises; as above, its `receipts` tell what was enqueued
            before. Any other error of `entries` comes as it is, with a note of how many were.
    """
    receipts: list[Receipt] = []
    try:
        yield from _submit(entries, keys, settings, receipts)
    except JournalError as exc:
        exc.receipts = tuple(receipts)
        raise
    except Exception as exc:
        exc.add_note(f"{len(receipts)} entries were submitted before; submitting again is safe")
        raise
    return receipts


def _submit(
    entries: Iterable[JournalEntry], keys: KeySet, settings: Settings, receipts: list[Receipt]
) -> Operation[None]:
    waiting = iter(entries)
    while chunk := list(islice(waiting, SUBMIT_CHUNK)):
        messages = [
            encode_message(
                entry.entry_id,
                keys.seal(entry.encode(), kind=ENTRY, entry_id=entry.entry_id),
                queue=settings.queue,
            )
            for entry in chunk
        ]
        seen = [SEEN_PREFIX + entry.entry_id for entry in chunk]
        command = (
            "EVAL",
            script("submit"),
            1 + len(seen),
            settings.queue,
            *seen,
            settings.max_queue_entries,
            settings.idempotency_seconds,
            uuid.uuid4().hex,
            *messages,
        )
        codes = checked((yield [command]))[0]
        receipts += [
            Receipt(entry.entry_id, _CODES[code])
            for entry, code in zip(chunk, codes, strict=True)
            if code != _NO_ROOM
        ]
        if _NO_ROOM in codes:
            raise QueueFull(f"the queue holds {settings.max_queue_entries} entries")


@dataclass(frozen=True, slots=True)
class ConsumerGroup:
    """A group; every result stays until each group has acknowledged it.

    Attributes:
        name: of the group.
        pending: results it was given and has not acknowledged.
        unread: results it was not given yet.
        exact: whether `unread` is their number; else they are no more than that.
    """

    name: str
    pending: int
    unread: int
    exact: bool = True

    @property
    def backlog(self) -> int:
        """Results it has not acknowledged."""
        return self.pending + self.unread

    @classmethod
    def of(cls, info: Any, kept: int = 0) -> ConsumerGroup:
        """A group as `XINFO GROUPS` tells of it, on a stream of `kept` results."""
        fields = named(info)
        # Redis does not know how many are unread where results were deleted in between, as
        # `journal load` does with its own.
        lag = fields.get("lag")
        unread = kept if lag is None else int(lag)
        return cls(text(fields["name"]), int(fields["pending"]), unread, exact=lag is not None)


def status(settings: Settings) -> Operation[Status]:
    """Count what waits, what is being worked on, and what nobody has read yet."""
    *counts, groups = yield [
        ("LLEN", settings.queue),
        ("HLEN", CLAIMS),
        ("XLEN", settings.results),
        ("XLEN", settings.dead),
        ("XINFO", "GROUPS", settings.results),
    ]
    ready, claimed, results, dead = checked(counts)
    # No stream yet: no groups.
    found = [] if isinstance(groups, Exception) else groups
    told = [ConsumerGroup.of(info, results) for info in found]
    backlogs = {group.name: group.backlog for group in told}
    return Status(ready, claimed, results, dead, backlogs)
