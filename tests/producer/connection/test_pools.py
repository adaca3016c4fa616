"""A client holds so many connections and no more; its calls wait for them."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from producer import AsyncJournalClient, JournalClient, JournalError, Settings

if TYPE_CHECKING:
    import redis

    from producer import KeySet


def connections_of(raw: redis.Redis) -> int:
    """How many connections the server has; earlier tests may have left some."""
    return int(raw.info("clients")["connected_clients"])


async def test_a_thousand_concurrent_submits_on_one_client_all_succeed(
    settings: Settings, keys: KeySet, raw: redis.Redis
) -> None:
    before = connections_of(raw)
    async with AsyncJournalClient(settings, keys) as client:
        receipts = await asyncio.gather(
            *(client.submit("Soup again.", entry_id=f"e{i}") for i in range(1000))
        )
        connections = connections_of(raw) - before
    assert {receipt.status for receipt in receipts} == {"queued"}
    assert raw.llen("journal.entries") == 1000
    assert connections <= settings.max_connections


def test_more_threads_than_connections_wait_for_them(
    redis_url: str, keys: KeySet, raw: redis.Redis
) -> None:
    settings = Settings.load(redis_url=redis_url, max_connections=4)
    before = connections_of(raw)
    failures: list[JournalError] = []

    def submit(number: int) -> None:
        try:
            for i in range(5):
                client.submit("Soup again.", entry_id=f"{number}-{i}")
        except JournalError as exc:
            failures.append(exc)

    with JournalClient(settings, keys) as client:
        threads = [threading.Thread(target=submit, args=(number,)) for number in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert connections_of(raw) - before <= 4
    assert failures == []
    assert raw.llen("journal.entries") == 250
