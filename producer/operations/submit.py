"""Submitting entries: seal them and enqueue those that are no duplicates. Free of I/O."""

from __future__ import annotations

import uuid
from itertools import islice
from typing import TYPE_CHECKING, Literal

from producer.errors import JournalError, QueueFull
from producer.keys import keys_of
from producer.message import encode_message
from producer.operations.base import raise_for_errors, script
from producer.receipts import Receipt
from producer.sealing import ENTRY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from producer.operations.base import Operation
    from producer.schemas import JournalEntry
    from producer.sealing import KeySet
    from producer.settings import Settings

#: Messages in one call: enough to make the round trip cheap, few enough (about 200 kB) not to
#: hold up a Redis that others share.
SUBMIT_CHUNK = 128
#: What the numbers that submit.lua returns stand for.
_CODES: tuple[Literal["queued", "duplicate"], ...] = ("queued", "duplicate")
_NO_ROOM = 2


def submit(
    entries: Iterable[JournalEntry], keys: KeySet, settings: Settings
) -> Operation[list[Receipt]]:
    """Seal and enqueue entries, in order, chunk by chunk; returns a receipt for each.

    Raises:
        QueueFull, StoreFull: no room.
        JournalError: an error reply of Redis, or raised by `entries`. As of the errors above, its
            `receipts` are of the entries enqueued before. Any other error that `entries` raises
            passes through, with a note of how many entries were submitted.
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
    prefix = keys_of(settings.queue).seen
    while chunk := list(islice(waiting, SUBMIT_CHUNK)):
        messages = [
            encode_message(
                entry.entry_id,
                keys.seal(entry.encode(), kind=ENTRY, entry_id=entry.entry_id),
                queue=settings.queue,
            )
            for entry in chunk
        ]
        seen = [prefix + entry.entry_id for entry in chunk]
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
        codes = raise_for_errors((yield [command]))[0]
        receipts += [
            Receipt(entry.entry_id, _CODES[code])
            for entry, code in zip(chunk, codes, strict=True)
            if code != _NO_ROOM
        ]
        if _NO_ROOM in codes:
            raise QueueFull(f"the queue holds {settings.max_queue_entries} entries")
