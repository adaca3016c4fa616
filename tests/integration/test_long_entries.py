"""Long entries: what a worker holds of them, and whether they hold up others."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import psutil
import redis

from producer import JournalEntry
from tests.integration.conftest import Backend, wait_until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

MEGABYTE = 1024 * 1024


def test_a_burst_of_long_entries_fills_no_parent_and_holds_up_nobody(
    start_light_worker: Callable[..., subprocess.Popen[bytes]],
    backend: Backend,
    client: redis.Redis,
) -> None:
    """160 of them are 57 MB on the queue, and take two to three times as much once delivered."""
    worker = start_light_worker(JOURNAL_CONCURRENCY="2", CHAOS_SECONDS_PER_ENTRY="0.02")
    backend.ask(["A short one."], prefix="short")
    backend.answers(1)
    parent = psutil.Process(worker.pid)
    before = parent.memory_info().rss
    waits: list[float] = []
    peak = 0
    answered = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not answered.is_set():
            began = time.perf_counter()
            client.ping()
            waits.append(time.perf_counter() - began)
            peak = max(peak, parent.memory_info().rss)
            answered.wait(0.005)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        backend.client.submit_many(
            JournalEntry(entry_id=f"e{i}", text="😢" * 50_000) for i in range(160)
        )
        wait_until(lambda: backend.client.status().results == 161, "all to be answered")
    finally:
        answered.set()
        watcher.join()
    assert peak - before < 40 * MEGABYTE  # about 8
    assert max(waits) < 0.3  # about 0.03
