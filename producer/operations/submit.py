"""Submitting entries: seal them and enqueue those that are no duplicates. Free of I/O."""

from __future__ import annotations

import uuid
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Literal

from producer.errors import JournalError, NotReplicated, QueueFull
from producer.keys import keys_of
from producer.message import encode_message
from producer.operations.base import Computation, raise_for_errors, script
from producer.receipts import Receipt
from producer.sealing import ENTRY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from producer.operations.base import Command, Operation
    from producer.schemas import JournalEntry
    from producer.sealing import KeySet
    from producer.settings import Settings

#: Messages in one call: enough to make the round trip cheap, few enough (about 200 kB) not to
#: hold up a Redis that others share.
SUBMIT_CHUNK = 128
#: What the numbers that submit.lua returns stand for.
_CODES: tuple[Literal["queued", "duplicate"], ...] = ("queued", "duplicate")
_NO_ROOM = 2
#: The part of a deadline that replicas get: fewer of them must be told before it has passed.
_REPLICAS_SHARE = 0.3


def submit(
    entries: Iterable[JournalEntry],
    keys: KeySet,
    settings: Settings,
    *,
    timeout_seconds: float | None = None,
) -> Operation[list[Receipt]]:
    """Seal and enqueue entries, in order, chunk by chunk; returns a receipt for each.

    Args:
        entries: the entries.
        keys: seal them.
        settings: how the queue is called, and how many replicas have to confirm the entries.
        timeout_seconds: of a chunk, of which the replicas get a part; by default as set.

    Raises:
        QueueFull, StoreFull: no room.
        NotReplicated: too few replicas confirmed the last chunk, which has no receipts.
        JournalError: an error reply of Redis, or raised by `entries`. As of the errors above, its
            `receipts` are of the entries enqueued before. Any other error that `entries` raises
            passes through, with a note of how many entries were submitted.
    """
    receipts: list[Receipt] = []
    wait_ms = int(_REPLICAS_SHARE * 1000 * (timeout_seconds or settings.timeout_seconds))
    try:
        waiting = iter(entries)
        while chunk := list(islice(waiting, SUBMIT_CHUNK)):
            yield from _submit(chunk, keys, settings, max(1, wait_ms), receipts)
    except JournalError as exc:
        exc.receipts = tuple(receipts)
        raise
    except Exception as exc:
        exc.add_note(f"{len(receipts)} entries were submitted before; submitting again is safe")
        raise
    return receipts


def _submit(
    chunk: Sequence[JournalEntry],
    keys: KeySet,
    settings: Settings,
    wait_ms: int,
    receipts: list[Receipt],
) -> Operation[None]:
    seal = partial(_messages, chunk, keys, settings.queue)
    messages: list[bytes] = yield Computation(seal, sum(len(entry.text) for entry in chunk))
    prefix = keys_of(settings.queue).seen
    seen = [prefix + entry.entry_id for entry in chunk]
    commands: list[Command] = [
        (
            "EVAL",
            script("submit"),
            1 + len(seen),
            settings.queue,
            *seen,
            settings.max_queue_entries,
            settings.idempotency_seconds,
            uuid.uuid4().hex,
            min(settings.min_replicas, 1),
            *messages,
        )
    ]
    if settings.min_replicas:
        commands.append(("WAIT", settings.min_replicas, wait_ms))
    codes, *confirmed = raise_for_errors((yield commands))
    if confirmed and confirmed[0] < settings.min_replicas:
        raise NotReplicated(
            f"{confirmed[0]} of {settings.min_replicas} replicas confirmed the entries within "
            f"{wait_ms / 1000:g} s; submitting again is safe"
        )
    receipts += [
        Receipt(entry.entry_id, _CODES[code])
        for entry, code in zip(chunk, codes, strict=True)
        if code != _NO_ROOM
    ]
    if _NO_ROOM in codes:
        raise QueueFull(f"the queue holds {settings.max_queue_entries} entries")


def _messages(chunk: Sequence[JournalEntry], keys: KeySet, queue: str) -> list[bytes]:
    return [
        encode_message(
            entry.entry_id,
            keys.seal(entry.encode(), kind=ENTRY, entry_id=entry.entry_id),
            queue=queue,
        )
        for entry in chunk
    ]
