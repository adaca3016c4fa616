"""What the clients do, written once and free of I/O.

Each operation is a generator: it yields a list of Redis commands, is sent the list of their
replies, and returns its result. `JournalClient` and `AsyncJournalClient` only carry the commands.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import pydantic
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    NoPermissionError,
    OutOfMemoryError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from producer.errors import (
    ConfigurationError,
    JournalError,
    QueueFull,
    SealError,
    StoreFull,
    Unavailable,
)
from producer.message import encode_message
from producer.schemas import JournalEntry, JournalResult
from producer.sealing import ENTRY, RESULT

if TYPE_CHECKING:
    from producer.sealing import KeySet
    from producer.settings import Settings

log = logging.getLogger(__name__)
T = TypeVar("T")
Command = tuple[Any, ...]
Operation = Generator[list[Command], list[Any], T]

#: Messages in one call: enough to make the round trip cheap, few enough (about 200 kB) not to
#: hold up a Redis that others share.
SUBMIT_CHUNK = 128
SEEN_PREFIX = "journal.seen:"
#: After this long unacknowledged, a result counts as its reader's legacy and goes to another.
RECLAIM_AFTER_MS = 60_000
#: kombu's hash of messages handed to workers and not yet settled.
CLAIMS = "unacked"
_CODES: tuple[Literal["queued", "duplicate"], ...] = ("queued", "duplicate")
_NO_ROOM = 2


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one submitted entry: `queued`, or a `duplicate` of one submitted before."""

    entry_id: str
    status: Literal["queued", "duplicate"]


@dataclass(frozen=True, slots=True)
class Received:
    """A result as read from the stream; acknowledge its `stream_id` once it is dealt with."""

    stream_id: str
    result: JournalResult


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
    return files("producer").joinpath("lua", f"{name}.lua").read_text(encoding="utf-8")


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
    if isinstance(error, OutOfMemoryError):
        return StoreFull()
    if isinstance(error, (AuthenticationError, AuthorizationError)):
        return ConfigurationError("Redis refused the user name or password")
    if isinstance(error, NoPermissionError):
        return ConfigurationError("the Redis user lacks a permission that this command needs")
    if isinstance(error, (RedisConnectionError, RedisTimeoutError)):
        return Unavailable(f"Redis cannot be reached: {type(error).__name__}")
    if isinstance(error, RedisError):
        # The first word of a Redis error is its code (WRONGTYPE, NOPERM, ...).
        code = str(error).split(" ", 1)[0] if isinstance(error, ResponseError) else ""
        return JournalError(f"Redis refused the command: {code or type(error).__name__}")
    return JournalError(f"unexpected {type(error).__name__}")


def submit(
    entries: Iterable[JournalEntry], keys: KeySet, settings: Settings
) -> Operation[list[Receipt]]:
    """Seal and enqueue entries, in order, chunk by chunk.

    Raises:
        QueueFull, StoreFull: no room; `receipts` on the error tells what was enqueued before.
    """
    receipts: list[Receipt] = []
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
            "EVAL", script("submit"), 1 + len(seen), settings.queue, *seen,
            settings.max_queue_entries, settings.idempotency_seconds, uuid.uuid4().hex, *messages,
        )  # fmt: skip
        try:
            codes = checked((yield [command]))[0]
        except StoreFull:
            raise StoreFull(receipts=receipts) from None
        receipts += [
            Receipt(entry.entry_id, _CODES[code])
            for entry, code in zip(chunk, codes, strict=True)
            if code != _NO_ROOM
        ]
        if _NO_ROOM in codes:
            raise QueueFull(f"the queue holds {settings.max_queue_entries} entries", receipts)
    return receipts


def create_group(settings: Settings, group: str) -> Operation[None]:
    """Make the consumer group if there is none, from the oldest result that is still there."""
    (reply,) = yield [("XGROUP", "CREATE", settings.results, group, "0", "MKSTREAM")]
    if isinstance(reply, Exception) and "BUSYGROUP" not in str(reply):
        raise translate(reply)


def receive(
    keys: KeySet, settings: Settings, *, group: str, consumer: str, count: int, block_ms: int
) -> Operation[list[Received]]:
    """Read up to `count` new results for a consumer of a group.

    A result that does not open (sealed with a key this reader lacks) is left pending and told
    in the log by its entry id, so that it holds up no other.
    """
    # BLOCK 0 would wait for ever; not blocking means leaving the word out.
    block = ("BLOCK", block_ms) if block_ms else ()
    command = (
        "XREADGROUP", "GROUP", group, consumer, "COUNT", count, *block,
        "STREAMS", settings.results, ">",
    )  # fmt: skip
    (reply,) = yield [command]
    if isinstance(reply, ResponseError) and "NOGROUP" in str(reply):
        yield from create_group(settings, group)
        (reply,) = yield [command]
    checked([reply])
    return _open_results(keys, reply[0][1] if reply else [])


def reclaim(
    keys: KeySet, settings: Settings, *, group: str, consumer: str, count: int
) -> Operation[list[Received]]:
    """Take over up to `count` results that another reader left unacknowledged for a minute."""
    (reply,) = yield [
        (
            "XAUTOCLAIM", settings.results, group, consumer, RECLAIM_AFTER_MS, "0-0",
            "COUNT", count,
        )
    ]  # fmt: skip
    if isinstance(reply, ResponseError) and "NOGROUP" in str(reply):
        return []
    checked([reply])
    return _open_results(keys, reply[1])


def _open_results(keys: KeySet, items: Sequence[Any]) -> list[Received]:
    opened = []
    for stream_id, fields in items:
        named = _named(fields or [])
        entry_id = str(_text(named.get("entry_id", "")))
        try:
            plaintext = keys.open(named["sealed"], kind=RESULT, entry_id=entry_id)
            result = JournalResult.model_validate_json(plaintext)
        except (SealError, KeyError, pydantic.ValidationError):
            log.warning("result of entry %s cannot be opened; left pending", entry_id)
            continue
        opened.append(Received(_text(stream_id), result))
    return opened


def _named(pairs: Sequence[Any]) -> dict[str, Any]:
    """A flat RESP2 list of names and values."""
    return {_text(key): value for key, value in zip(pairs[::2], pairs[1::2], strict=True)}


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def acknowledge(settings: Settings, *, group: str, stream_ids: Sequence[str]) -> Operation[int]:
    """Tell that results are dealt with; what every group has acknowledged is dropped."""
    if not stream_ids:
        return 0
    (count,) = checked(
        (yield [("EVAL", script("acknowledge"), 1, settings.results, group, *stream_ids)])
    )
    return int(count)


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
    lags: dict[str, int] = {}
    if not isinstance(groups, Exception):  # no stream yet: no groups
        for info in groups:
            fields = _named(info)
            lags[_text(fields["name"])] = int(fields["pending"]) + int(fields.get("lag") or 0)
    return Status(ready, claimed, results, dead, lags)
