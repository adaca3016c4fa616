"""Reading results: receive, reclaim, hold, acknowledge, dead-letter. Free of I/O."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pydantic
from redis.exceptions import ResponseError

from producer.errors import SealError
from producer.operations.base import Waiting, as_mapping, as_text, raise_for_errors, script
from producer.operations.redis_errors import translate
from producer.schemas import DeadLetter, DeadReason, JournalResult
from producer.sealing import RESULT

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
class _Unreadable:
    stream_id: str
    entry_id: str
    sealed: str


def create_group(settings: Settings, group: str) -> Operation[None]:
    """Create the consumer group if it does not exist, from the oldest result still there."""
    (reply,) = yield [("XGROUP", "CREATE", settings.results, group, "0", "MKSTREAM")]
    if isinstance(reply, Exception) and "BUSYGROUP" not in str(reply):
        raise translate(reply)


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
        opened, unreadable = _open(keys, items)
        for one in unreadable:
            log.warning("result of entry %s cannot be opened; left pending", one.entry_id)
        if opened or (not items and wait <= 0):
            return opened


def reclaim(
    keys: KeySet, settings: Settings, *, group: str, consumer: str, count: int
) -> Operation[list[Received]]:
    """Take over up to `count` results that a reader left unacknowledged for a minute.

    A result that does not open now either becomes a dead letter: if it stayed pending for ever, it
    would keep all that follows it from being trimmed, until the stream is full and workers stop.
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
        opened, unreadable = _open(keys, reply[1])
        if unreadable:
            yield from _dead_letter(settings, group, consumer, unreadable)
        if opened:
            held = yield from hold(
                settings, group, consumer, [(one.stream_id, 0) for one in opened]
            )
            return [
                Received(one.stream_id, one.result, deliveries)
                for one, deliveries in zip(opened, held, strict=True)
                if deliveries
            ]
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
    return ("EVAL", script("acknowledge"), 1, settings.results, group, *stream_ids)


def _dead_letter(
    settings: Settings, group: str, consumer: str, unreadable: Sequence[_Unreadable]
) -> Operation[None]:
    """Move results to the dead stream; if Redis refuses, they stay pending. Logs either way."""
    for first in range(0, len(unreadable), _QUARANTINE_CHUNK):
        chunk = unreadable[first : first + _QUARANTINE_CHUNK]
        held = yield from hold(settings, group, consumer, [(one.stream_id, 0) for one in chunk])
        arguments: list[Any] = []
        for one, deliveries in zip(chunk, held, strict=True):
            if deliveries:
                arguments += [one.stream_id, one.entry_id, _as_dead_letter(one, deliveries)]
        moved, trimmed = yield [
            (
                "EVAL",
                script("quarantine"),
                2,
                settings.results,
                settings.dead,
                group,
                *arguments,
            ),
            acknowledge_command(settings, group, []),
        ]
        raise_for_errors([trimmed])
        what = "a dead letter now"
        if isinstance(moved, Exception):
            what = f"left pending ({translate(moved)})"
        for one in chunk:
            log.error("result of entry %s cannot be opened; %s", one.entry_id, what)


def _as_dead_letter(one: _Unreadable, deliveries: int) -> bytes:
    return DeadLetter(
        entry_id=one.entry_id,
        reason=DeadReason.UNREADABLE_RESULT,
        deliveries=deliveries,
        sealed=one.sealed,
    ).encode()


def _open(keys: KeySet, items: Sequence[Any]) -> tuple[list[Received], list[_Unreadable]]:
    opened, unreadable = [], []
    for stream_id, fields in items:
        values = as_mapping(fields or [])
        entry_id, sealed = as_text(values.get("entry_id", b"")), values.get("sealed", b"")
        try:
            plaintext = keys.open(sealed, kind=RESULT, entry_id=entry_id)
            result = JournalResult.model_validate_json(plaintext)
        except (SealError, pydantic.ValidationError):
            unreadable.append(_Unreadable(as_text(stream_id), entry_id, as_text(sealed)))
        else:
            opened.append(Received(as_text(stream_id), result))
    return opened, unreadable


def _no_group(reply: Any) -> bool:
    return isinstance(reply, ResponseError) and "NOGROUP" in str(reply)
