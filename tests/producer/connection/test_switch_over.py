"""A client that was connected follows its primary when another server takes over."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any

import pytest
import redis

from deploy.local.server import Server
from producer import JournalClient, Settings, Unavailable
from tests.producer.connection.support import QUICK, place, wait_for_replica
from tests.producer.support import publish_result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from producer import KeySet

FOLLOWED_SECONDS = 5.0


class Pair:
    """A primary and its replica behind one name."""

    def __init__(self, primary: Server, replica: Server, name: Any) -> None:
        self.old = redis.Redis.from_url(primary.url)
        self.new = redis.Redis.from_url(replica.url, decode_responses=True)
        self._urls = primary.url, replica.url
        self.name = name

    def replicate(self) -> None:
        self.new.replicaof(*place(self._urls[0]))
        wait_for_replica(self.new)

    def switch(self) -> None:
        """A planned switch-over: the connections to the old primary are left as they are."""
        self.new.replicaof("NO", "ONE")
        self.old.replicaof(*place(self._urls[1]))
        self.name.target = self._urls[1]


@pytest.fixture
def pair(server: Server, proxy: Any, tmp_path: Path) -> Iterator[Pair]:
    with Server(directory=tmp_path / "replica", **QUICK) as replica:
        one = Pair(server, replica, proxy)
        one.replicate()
        yield one
        one.old.close()
        one.new.close()


async def until_submitted(client: Any, entry_id: str) -> float:
    """Seconds until a submit succeeds, as a backend tries again."""
    started = time.monotonic()
    while True:
        try:
            await client.submit("Soup again.", entry_id=entry_id)
        except Unavailable:
            assert time.monotonic() - started < 20, "the client stays with the old primary"
            await asyncio.sleep(0.1)
        else:
            return time.monotonic() - started


async def test_a_client_follows_a_planned_switch_over(
    open_client: Callable[..., Any], pair: Pair
) -> None:
    async with open_client(Settings.load(redis_url=pair.name.url)) as client:
        await client.submit("Soup again.", entry_id="before")
        pair.switch()
        assert await until_submitted(client, "after") < FOLLOWED_SECONDS
        assert pair.new.llen("journal.entries") == 2


async def test_every_connection_of_a_client_follows(
    open_client: Callable[..., Any], pair: Pair
) -> None:
    async with open_client(Settings.load(redis_url=pair.name.url)) as client:
        await asyncio.gather(*(client.submit("Soup again.") for _ in range(30)))
        pair.switch()
        await until_submitted(client, "after")
        receipts = await asyncio.gather(*(client.submit("Soup again.") for _ in range(60)))
        assert {receipt.status for receipt in receipts} == {"queued"}


async def test_a_reader_that_waits_follows_and_misses_nothing(
    open_client: Callable[..., Any], pair: Pair, keys: KeySet, wait_until: Callable[..., Any]
) -> None:
    def switch() -> None:
        """While the reader waits, by a read that blocks."""
        wait_until(lambda: pair.old.info("clients")["blocked_clients"])
        pair.switch()
        publish_result(pair.new, keys, "a")

    switching = threading.Thread(target=switch)
    async with open_client(Settings.load(redis_url=pair.name.url)) as client:
        switching.start()
        started = time.monotonic()
        async with aclosing(client.results(limit=1)) as found:
            assert [result.entry_id async for result in found] == ["a"]
    switching.join()
    assert time.monotonic() - started < FOLLOWED_SECONDS


def test_the_connections_of_other_threads_are_not_closed_under_them(
    pair: Pair, keys: KeySet
) -> None:
    def submit(number: int) -> None:
        for i in range(100):
            submitted = False
            while not submitted:
                with suppress(Unavailable):  # anything else is an error
                    client.submit("Soup again.", entry_id=f"{number}-{i}")
                    submitted = True

    with (
        JournalClient(Settings.load(redis_url=pair.name.url), keys) as client,
        ThreadPoolExecutor(8) as pool,
    ):
        done = [pool.submit(submit, number) for number in range(8)]
        pair.switch()
        for one in done:
            one.result()


async def test_a_replica_that_waits_for_its_primary_is_left_as_well(
    open_client: Callable[..., Any], server: Server, proxy: Any, tmp_path: Path
) -> None:
    with Server(directory=tmp_path / "other") as other, redis.Redis.from_url(server.url) as raw:
        async with open_client(Settings.load(redis_url=proxy.url)) as client:
            await client.status()
            raw.config_set("replica-serve-stale-data", "no")
            raw.replicaof("127.0.0.1", "1")  # nobody is there: MASTERDOWN to all commands
            proxy.target = other.url
            assert (await client.status()).ready == 0
