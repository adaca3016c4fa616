"""Reading results: receive, reclaim, hold, acknowledge, dead-letter. Free of I/O."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pydantic
from redis.exceptions import ResponseError

from producer.errors import SealError, StoreFull
from producer.operations.base import Waiting, as_mapping, as_text, raise_for_errors, script
from producer.operations.redis_errors import translate
from producer.schemas import ENTRY_ID, DeadLetter, DeadReason, JournalResult
from producer.sealing import RESULT
from producer.tracing.entries import note_read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from producer.operations.base import Operation
    from producer.sealing import KeySet
    from producer.settings import Settings

log = logging.getLogger(__name__)

#: A result that is unacknowledged for this long counts as left behind by its reader.
RECLAIM_AFTER_MS = 60_000
#: Of one blocking read; a longer wait is several reads, so that an interrupt is noticed.
BLOCK_SECONDS = 2.0
#: Results dead-lettered in one call; a dead letter may hold 400 kB.
_QUARANTINE_CHUNK = 64


@dataclass(frozen=True, slots=True)
class Received:
    """A result as read from the stream; acknowledge its `stream_id` once it is handled.

    Attributes:
        stream_id: of the result on the results stream.
        result: the result, opened.
        deliveries: how often it was delivered to a reader of the group; 1 unless one failed.
    """

    stream_id: str
    result: JournalResult
    deliveries: int = 1


@dataclass(frozen=True, slots=True)
class _Stored:
    stream_id: str
    entry_id: str
    sealed: str


@dataclass(frozen=True, slots=True)
class _Failed:
    stored: _Stored
    deliveries: int
    reason: DeadReason

    def __str__(self) -> str:
        if self.reason is DeadReason.UNREADABLE_RESULT:
            return f"result of entry {self.stored.entry_id} cannot be opened"
        return (
            f"result of entry {self.stored.entry_id} was delivered {self.deliveries} times "
            "and never acknowledged"
        )

    def dead_letter(self) -> bytes:
        stored = self.stored
        letter = DeadLetter.of(
            stored.entry_id, self.reason, stored.sealed, deliveries=self.deliveries
        )
        return letter.encode()


def create_group(settings: Settings, group: str) -> Operation[None]:
    """Create the consumer group if it does not exist, from the oldest result still there.

    Raises:
        StoreFull: Redis is out of memory.
        JournalError: another error reply of Redis.
    """
    (reply,) = yield [("XGROUP", "CREATE", settings.results, group, "0", "MKSTREAM")]
    if isinstance(reply, Exception) and "BUSYGROUP" not in str(reply):
        error = translate(reply)
        if isinstance(error, StoreFull):
            raise StoreFull("Redis is out of memory and makes no consumer group")
        raise error


def receive(
    keys: KeySet, settings: Settings, *, group: str, consumer: str, count: int, block: float
) -> Operation[list[Received]]:
    """Read up to `count` new results for a consumer, waiting at most `block` seconds for one.

    A result that does not open stays pending: within a minute, a reader that has its key may take
    it over (see `reclaim`). It does not hold up the others.
    """
    deadline = time.monotonic() + block
    while True:
        wait = int(min(BLOCK_SECONDS, deadline - time.monotonic()) * 1000)
        # BLOCK 0 would wait for ever; a read without BLOCK does not wait.
        command = (
            "XREADGROUP",
            "GROUP",
            group,
            consumer,
            "COUNT",
            count,
            *(("BLOCK", wait) if wait > 0 else ()),
            "STREAMS",
            settings.results,
            ">",
        )
        (reply,) = yield Waiting([command], max(0.0, wait / 1000))
        if _no_group(reply):
            yield from create_group(settings, group)
            (reply,) = yield Waiting([command], max(0.0, wait / 1000))
        raise_for_errors([reply])
        items = reply[0][1] if reply else []
        opened = []
        for stored, result in _open(keys, items, settings.results):
            if result is None:
                log.warning("result of entry %s cannot be opened; left pending", stored.entry_id)
            else:
                opened.append(Received(stored.stream_id, result))
        if opened or (not items and wait <= 0):
            return opened


def reclaim(
    keys: KeySet, settings: Settings, *, group: str, consumer: str, count: int
) -> Operation[list[Received]]:
    """Take over up to `count` results that a reader left unacknowledged for a minute.

    A result that does not open now either becomes a dead letter, and so does one that was delivered
    `max_result_deliveries` times before: it would be delivered again and again, for ever.
    """
    cursor = "0-0"
    while True:
        (reply,) = yield [
            (
                "XAUTOCLAIM",
                settings.results,
                group,
                consumer,
                RECLAIM_AFTER_MS,
                cursor,
                "COUNT",
                count,
            )
        ]
        if _no_group(reply):
            return []
        raise_for_errors([reply])
        cursor = as_text(reply[0])
        found = _open(keys, reply[1], settings.results)
        held = yield from hold(settings, group, consumer, [(one.stream_id, 0) for one, _ in found])
        taken, failed = [], []
        for (stored, result), deliveries in zip(found, held, strict=True):
            if not deliveries:
                continue  # another reader has taken it over meanwhile
            if result is None:
                failed.append(_Failed(stored, deliveries, DeadReason.UNREADABLE_RESULT))
            elif deliveries > settings.max_result_deliveries:
                failed.append(_Failed(stored, deliveries - 1, DeadReason.UNHANDLED_RESULT))
            else:
                taken.append(Received(stored.stream_id, result, deliveries))
        yield from _dead_letter(settings, group, failed)
        if taken:
            return taken
        if cursor == "0-0":
            return []


def hold(
    settings: Settings, group: str, consumer: str, results: Sequence[tuple[str, int]]
) -> Operation[list[int]]:
    """Renew the delivery of results, so that no other reader takes them over.

    Args:
        settings: how the results stream is called.
        group: the consumer group.
        consumer: to which the results were delivered.
        results: the stream id of each, and how often it was delivered (0: not known).

    Returns:
        How often each was delivered; 0 for a result that another reader has taken over.
    """
    if not results:
        return []
    (reply,) = yield [hold_command(settings, group, consumer, results)]
    return held_deliveries(reply, len(results))


def hold_command(
    settings: Settings, group: str, consumer: str, results: Sequence[tuple[str, int]]
) -> tuple[Any, ...]:
    """The command of `hold`, to be sent together with others."""
    pairs = [value for pair in results for value in pair]
    return ("EVAL", script("hold"), 1, settings.results, group, consumer, *pairs)


def held_deliveries(reply: Any, count: int) -> list[int]:
    """The result of `hold` from the reply to its command; zeros if the group is gone."""
    if _no_group(reply):
        return [0] * count
    return [int(deliveries) for deliveries in raise_for_errors([reply])[0]]


def release(
    settings: Settings, group: str, consumer: str, results: Sequence[Received]
) -> Operation[None]:
    """Give back results that a reader has fetched and not begun to handle.

    Their delivery does not count as one, and any reader of the group may take them over at once.
    """
    if results:
        pairs = [value for one in results for value in (one.stream_id, one.deliveries)]
        who = (settings.results, group, consumer)
        (reply,) = yield [("EVAL", script("release"), 1, *who, RECLAIM_AFTER_MS, *pairs)]
        if not _no_group(reply):
            raise_for_errors([reply])


def acknowledge(settings: Settings, *, group: str, stream_ids: Sequence[str]) -> Operation[int]:
    """Acknowledge results; those that every group has acknowledged are deleted.

    Returns:
        How many of them were still pending.
    """
    if not stream_ids:
        return 0
    (count,) = raise_for_errors((yield [acknowledge_command(settings, group, stream_ids)]))
    return int(count)


def acknowledge_command(
    settings: Settings, group: str, stream_ids: Sequence[str]
) -> tuple[Any, ...]:
    """The command of `acknowledge`, to be sent together with others."""
    source = script("delete_unneeded", "acknowledge")
    return ("EVAL", source, 1, settings.results, group, *stream_ids)


def _dead_letter(settings: Settings, group: str, failed: Sequence[_Failed]) -> Operation[None]:
    """Move results to the dead stream; if Redis refuses, they stay pending. Logs either way."""
    for first in range(0, len(failed), _QUARANTINE_CHUNK):
        chunk = failed[first : first + _QUARANTINE_CHUNK]
        arguments: list[Any] = []
        for one in chunk:
            arguments += [one.stored.stream_id, one.stored.entry_id, one.dead_letter()]
        source = script("delete_unneeded", "quarantine")
        (moved,) = yield [("EVAL", source, 2, settings.results, settings.dead, group, *arguments)]
        what = "a dead letter now"
        if isinstance(moved, Exception):
            what = f"left pending ({translate(moved)})"
        for one in chunk:
            log.error("%s; %s", one, what)


def _open(
    keys: KeySet, items: Sequence[Any], stream: str
) -> list[tuple[_Stored, JournalResult | None]]:
    """Each result as it is stored, and opened; None for one that does not open."""
    found: list[tuple[_Stored, JournalResult | None]] = []
    for stream_id, fields in items:
        values = as_mapping(fields or [])
        entry_id, sealed = as_text(values.get("entry_id", b"")), values.get("sealed", b"")
        result, began = None, time.time_ns()
        with suppress(SealError, pydantic.ValidationError):
            plaintext = keys.open(sealed, kind=RESULT, entry_id=entry_id)
            result = JournalResult.model_validate_json(plaintext)
            note_read(entry_id, result.traceparent, stream, began)
        told = entry_id if ENTRY_ID.fullmatch(entry_id) else ""  # else it may be any text
        found.append((_Stored(as_text(stream_id), told, as_text(sealed)), result))
    return found


def _no_group(reply: Any) -> bool:
    return isinstance(reply, ResponseError) and "NOGROUP" in str(reply)
