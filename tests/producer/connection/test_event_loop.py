"""Submitting long entries leaves the event loop to others."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from producer import AsyncJournalClient, JournalEntry, Settings
from producer.message import encode_message
from producer.operations.submit import SUBMIT_CHUNK
from producer.schemas import MAX_TEXT_CHARACTERS
from producer.sealing import ENTRY

if TYPE_CHECKING:
    import redis

    from producer import KeySet


async def test_long_entries_do_not_hold_up_the_event_loop(
    settings: Settings, keys: KeySet, raw: redis.Redis
) -> None:
    text = "x" * MAX_TEXT_CHARACTERS
    entries = [JournalEntry(entry_id=f"e{i}", text=text) for i in range(SUBMIT_CHUNK)]
    started = time.thread_time()
    for entry in entries:
        sealed = keys.seal(entry.encode(), kind=ENTRY, entry_id=entry.entry_id)
        encode_message(entry.entry_id, sealed)
    sealing = time.thread_time() - started

    used: list[float] = []
    done = asyncio.Event()

    async def watch() -> None:
        """The processor time that the loop's thread spends between two turns of this task."""
        while not done.is_set():
            before = time.thread_time()
            await asyncio.sleep(0)
            used.append(time.thread_time() - before)

    async with AsyncJournalClient(settings, keys) as client:
        await client.status()
        watcher = asyncio.ensure_future(watch())
        await asyncio.sleep(0.01)  # it watches
        await client.submit_many(entries)
        done.set()
        await watcher
    assert raw.llen("journal.entries") == SUBMIT_CHUNK
    assert max(used) < sealing / 2, "the entries were sealed on the loop"
