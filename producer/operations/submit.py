"""Submitting entries: seal them and enqueue those that are no duplicates. Free of I/O."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Literal

from producer.errors import JournalError, QueueFull
from producer.message import encode_message
from producer.operations.base import Computation, raise_for_errors, script
from producer.operations.replication import confirmation, raise_unless_confirmed
from producer.receipts import Receipt
from producer.sealing import ENTRY
from producer.tracing.entries import submitting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from producer.keys import Lane
    from producer.operations.base import Command, Operation
    from producer.schemas import JournalEntry
    from producer.sealing import KeySet
    from producer.settings import Settings

#: Messages in one call: enough to make the round trip cheap, few enough (about 200 kB) not to
#: hold up a Redis that others share.
SUBMIT_CHUNK = 128
#: Bytes of text in one call, likewise: sealed they are 1.8 times as many. One entry always goes.
SUBMIT_BYTES = 512 * 1024
#: What the numbers that submit.lua returns stand for.
_CODES: tuple[Literal["queued", "duplicate"], ...] = ("queued", "duplicate")
_NO_ROOM, _NO_BYTES = 2, 3
#: What is noted of an entry for which there was no room, or none any more.
_FULL = "full"


def submit(
    entries: Iterable[JournalEntry],
    keys: KeySet,
    settings: Settings,
    *,
    timeout_seconds: float | None = None,
    reply: bool = False,
    expires: float | None = None,
    traceparent: str | None = None,
    lane: str | None = None,
    tenant: str | None = None,
) -> Operation[list[Receipt]]:
    """Seal and enqueue entries, in order, chunk by chunk; returns their receipts.

    Args:
        entries: the entries.
        keys: seal them.
        settings: how the queue is called, and how many replicas have to confirm the entries.
        timeout_seconds: of a chunk, of which the replicas get a part; by default as set.
        reply: whether each result is also kept for `wait_for_reply`.
        expires: seconds after which an entry that still waits is not worked on; None for never.
        traceparent: the trace that the entries belong to; by default that of the caller's context.
        lane: the name of their lane; by default the first.
        tenant: whom they belong to, so that tenants take turns; only a number of a bucket is sent.

    Raises:
        ValidationError: there is no such lane.
        QueueFull, StoreFull: no room in this lane.
        NotReplicated: too few replicas confirmed the last chunk, which has no receipts.
        JournalError: an error reply of Redis, or raised by `entries`. The `receipts` of all these
            are of the entries enqueued before. Other errors of `entries` get a note of how many.
    """
    receipts: list[Receipt] = []
    wait = confirmation(settings, timeout_seconds)
    of_lane = settings.lane_set.named(lane)
    listed = _list_of(of_lane, tenant, keys, settings)
    encode = partial(encode_message, queue=settings.queue, lane=settings.lane_set.header(of_lane))
    try:
        for chunk in _chunks(entries):
            ids = [entry.entry_id for entry in chunk]
            with submitting(ids, settings.queue, traceparent) as traced:
                how = partial(encode, expires=_from_now(expires))
                messages: list[bytes] = yield Computation(
                    partial(_messages, chunk, keys, how, traced.traceparents),
                    sum(len(entry.text) for entry in chunk),
                )
                command = _command(chunk, messages, settings, of_lane, listed, reply=reply)
                codes, *confirmed = raise_for_errors((yield [command, *wait]))
                raise_unless_confirmed(confirmed, settings, "the entries")
                traced.end([_CODES[code] if code < _NO_ROOM else _FULL for code in codes])
            receipts += _receipts(ids, codes)
            _raise_if_full(codes, settings, of_lane)
    except JournalError as exc:
        exc.receipts = tuple(receipts)
        raise
    except Exception as exc:
        exc.add_note(f"{len(receipts)} entries were submitted before; submitting again is safe")
        raise
    return receipts


def _from_now(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.now(UTC) + timedelta(seconds=seconds)


def _list_of(lane: Lane, tenant: str | None, keys: KeySet, settings: Settings) -> str:
    """The list that entries of a lane wait in, by whom they belong to if tenants take turns."""
    names = settings.queue_keys
    if tenant is None or settings.tenant_buckets == 1:
        return names.lane(lane.name).queue
    return names.tenant(lane.name, keys.bucket(tenant, settings.tenant_buckets))


def _receipts(ids: Sequence[str], codes: Sequence[int]) -> Iterator[Receipt]:
    """The receipts of the entries for which there was room."""
    for entry_id, code in zip(ids, codes, strict=True):
        if code < _NO_ROOM:
            yield Receipt(entry_id, _CODES[code])


def _command(
    chunk: Sequence[JournalEntry],
    messages: Sequence[bytes],
    settings: Settings,
    lane: Lane,
    listed: str,
    *,
    reply: bool,
) -> Command:
    keys = settings.queue_keys
    names = [
        listed,
        keys.lane(lane.name).measured,
        *(keys.seen + entry.entry_id for entry in chunk),
    ]
    if reply:
        names += [keys.reply + entry.entry_id for entry in chunk]
    return (
        "EVAL",
        script("room", "submit"),
        len(names),
        *names,
        *settings.room_of(lane),
        settings.idempotency_seconds,
        uuid.uuid4().hex,
        min(settings.min_replicas, 1),
        int(reply),
        *messages,
    )


def _raise_if_full(codes: Sequence[int], settings: Settings, lane: Lane) -> None:
    entries, size = settings.room_of(lane)
    where = f"the lane {lane.name}" if settings.lane_set.others else "the queue"
    if _NO_ROOM in codes:
        raise QueueFull(f"{where} holds {entries} entries", lane.name)
    if _NO_BYTES in codes:
        raise QueueFull(f"{where} takes {size} bytes, the most it may", lane.name)


def _chunks(entries: Iterable[JournalEntry]) -> Iterator[list[JournalEntry]]:
    """The entries in order, as many together as one call takes."""
    chunk: list[JournalEntry] = []
    total = 0
    for entry in entries:
        size = len(entry.text.encode())
        if chunk and total + size > SUBMIT_BYTES:
            yield chunk
            chunk, total = [], 0
        chunk.append(entry)
        total += size
        if len(chunk) == SUBMIT_CHUNK:  # at once: the next entry may be long in coming
            yield chunk
            chunk, total = [], 0
    if chunk:
        yield chunk


def _messages(
    chunk: Sequence[JournalEntry],
    keys: KeySet,
    encode: Callable[..., bytes],
    traceparents: Sequence[str | None],
) -> list[bytes]:
    return [
        encode(
            entry.entry_id,
            keys.seal(entry.encode(), kind=ENTRY, entry_id=entry.entry_id),
            traceparent=traceparent,
        )
        for entry, traceparent in zip(chunk, traceparents, strict=True)
    ]
