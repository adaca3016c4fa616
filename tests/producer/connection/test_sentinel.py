"""One URL of Sentinels leads every client to the primary, wherever that moves."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import redis

from producer import (
    AsyncJournalClient,
    JournalClient,
    Settings,
    Unavailable,
)
from producer.connection import connect
from producer.dead_letters import DeadLetters
from tests.producer.support import QUEUE, publish_result
from tests.sentinels import MASTER, SentinelGroup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from producer import KeySet

RECOVERED_SECONDS = 15.0
FOLLOWED_SECONDS = 5.0


@pytest.fixture
def group(tmp_path: Path) -> Iterator[SentinelGroup]:
    with SentinelGroup(tmp_path) as running:
        yield running


@pytest.fixture
def safe_group(tmp_path: Path) -> Iterator[SentinelGroup]:
    """As the deploy documents advise: an old primary becomes a replica as soon as it can."""
    with SentinelGroup(tmp_path, follow=True) as running:
        yield running


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SentinelGroup]:
    """A group for tests that move nothing."""
    with SentinelGroup(tmp_path_factory.mktemp("group"), sentinels=1) as running:
        yield running


class Submitter(threading.Thread):
    """Submits entry after entry, each until it is acknowledged, as a backend does."""

    def __init__(self, settings: Settings, keys: KeySet) -> None:
        super().__init__()
        self._settings = settings
        self._keys = keys
        self._stopping = threading.Event()
        self.acknowledged: list[str] = []
        self.longest = 0.0

    def run(self) -> None:
        with JournalClient(self._settings, self._keys) as client:
            number = 0
            while not self._stopping.is_set():
                number += 1
                started = time.monotonic()
                while True:
                    try:
                        client.submit("Soup again.", entry_id=f"e{number}")
                    except Unavailable:
                        if time.monotonic() - started > 60:
                            return
                        time.sleep(0.05)
                    else:
                        break
                self.longest = max(self.longest, time.monotonic() - started)
                self.acknowledged.append(f"e{number}")

    def wait_for(self, more: int) -> None:
        ends = time.monotonic() + 30
        until = len(self.acknowledged) + more
        while len(self.acknowledged) < until:
            assert self.is_alive()
            assert time.monotonic() < ends, "submitting does not go on"
            time.sleep(0.01)

    def stop(self) -> None:
        self._stopping.set()
        self.join()


def seen(raw: redis.Redis) -> set[str]:
    return {
        key.removeprefix("journal.entries.seen:") for key in raw.scan_iter("journal.entries.seen:*")
    }


async def test_a_client_finds_the_primary(
    open_client: Callable[..., Any], shared: SentinelGroup, keys: KeySet
) -> None:
    raw = shared.raw(0)
    raw.flushall()
    async with open_client(Settings.load(redis_url=shared.url)) as client:
        await client.submit("Soup again.", entry_id="a")
        publish_result(raw, keys, "a")
        assert [found.entry_id async for found in client.results(timeout=0.0)] == ["a"]
        assert (await client.status()).ready == 1
    assert raw.llen(QUEUE) == 1


def test_the_commands_and_other_clients_take_the_url(
    shared: SentinelGroup, journal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOURNAL_REDIS_URL", shared.url)
    shared.raw(0).flushall()
    assert journal("submit", "Soup again.").exit_code == 0
    assert '"ready": 1' in journal("status", "--json").stdout
    for arguments in (("groups", "list"), ("dead", "list"), ("results", "--no-follow")):
        assert journal(*arguments).exit_code == 0, arguments
    letters = DeadLetters(Settings.load())
    assert list(letters) == []
    letters.close()
    with connect(Settings.load().redis_url, answer_seconds=3.0, retries=0) as client:
        assert client.ping()


def test_the_database_of_the_url_is_used(shared: SentinelGroup) -> None:
    url = shared.url.removesuffix("/0") + "/5"
    with connect(Settings.load(redis_url=url).redis_url) as client:
        assert client.connection_pool.connection_kwargs["db"] == 5
        client.execute_command("SET", "here", 1)
    with redis.Redis.from_url(shared.servers[0].url.removesuffix("/0") + "/5") as raw:
        assert raw.getdel("here") == b"1"


async def test_an_unknown_master_and_silent_sentinels_are_told(
    open_client: Callable[..., Any], shared: SentinelGroup
) -> None:
    url = shared.url.replace(MASTER, "another")
    async with open_client(Settings.load(redis_url=url, timeout_seconds=2.0)) as client:
        with pytest.raises(Unavailable) as caught:
            await client.status()
    assert str(caught.value) == (
        f"Redis cannot be reached: Sentinel 127.0.0.1:{shared.ports[0]} (another): "
        "no Sentinel knows a primary that is up"
    )
    url = "redis+sentinel://127.0.0.1:1,127.0.0.1:2/mymaster"
    async with open_client(Settings.load(redis_url=url, timeout_seconds=2.0)) as client:
        started = time.monotonic()
        with pytest.raises(Unavailable, match=r"1,127.0.0.1:2 \(mymaster\): no Sentinel answers$"):
            await client.status()
        assert time.monotonic() - started < 2.5


async def test_a_sentinel_that_is_gone_is_passed_over(
    open_client: Callable[..., Any], shared: SentinelGroup
) -> None:
    url = shared.url.replace("://", "://127.0.0.1:1,127.0.0.1:2,")
    async with open_client(Settings.load(redis_url=url)) as client:
        assert (await client.status()).dead == 0


def test_a_kill_of_the_primary_loses_nothing_that_was_replicated(
    safe_group: SentinelGroup, keys: KeySet
) -> None:
    settings = Settings.load(redis_url=safe_group.url, min_replicas=1, timeout_seconds=2.0)
    submitter = Submitter(settings, keys)
    submitter.start()
    try:
        submitter.wait_for(50)
        safe_group.servers[0].kill()
        primary = safe_group.wait_for_another_primary(0)
        safe_group.bring_back(0)
        submitter.wait_for(50)
    finally:
        submitter.stop()
    assert {*submitter.acknowledged} <= seen(safe_group.raw(primary))
    assert safe_group.raw(primary).llen(QUEUE) >= len(submitter.acknowledged)
    assert submitter.longest < RECOVERED_SECONDS


def test_a_kill_of_the_primary_without_acknowledged_replication_recovers(
    group: SentinelGroup, keys: KeySet
) -> None:
    submitter = Submitter(Settings.load(redis_url=group.url, timeout_seconds=2.0), keys)
    submitter.start()
    try:
        submitter.wait_for(50)
        group.servers[0].kill()
        submitter.wait_for(50)
    finally:
        submitter.stop()
    assert group.primary() == 1
    # Only what was under way when it died can be missing.
    assert len({*submitter.acknowledged} - seen(group.raw(1))) <= 1
    assert submitter.longest < RECOVERED_SECONDS


async def test_a_planned_failover_is_followed_and_loses_nothing(
    safe_group: SentinelGroup, keys: KeySet
) -> None:
    """The old primary takes writes for a moment more, which are lost: none of them may count.

    Without `follow_primary.sh` that moment is 8 s (Sentinel's `SENTINEL_PUBLISH_PERIOD * 4`) and
    some, in which the new primary has no replica to confirm entries.
    """
    group = safe_group
    settings = Settings.load(redis_url=group.url, min_replicas=1, timeout_seconds=2.0)
    submitter = Submitter(settings, keys)
    submitter.start()
    async with AsyncJournalClient(settings, keys) as client:
        try:
            submitter.wait_for(50)
            await client.submit("Soup again.", entry_id="before")
            group.ask("FAILOVER", MASTER)
            primary = group.wait_for_another_primary(0)
            started = time.monotonic()
            followed = 0.0
            while not followed:
                try:
                    await client.submit("Soup again.", entry_id="after")
                    followed = time.monotonic() - started
                except Unavailable:
                    await asyncio.sleep(0.05)
            submitter.wait_for(50)
        finally:
            submitter.stop()
    assert {*submitter.acknowledged, "before", "after"} <= seen(group.raw(primary))
    assert followed < RECOVERED_SECONDS
    assert submitter.longest < RECOVERED_SECONDS


def test_a_coordinated_failover_is_followed_at_once(group: SentinelGroup, keys: KeySet) -> None:
    """Valkey's: the old primary stops writes, hands over, and says READONLY from then on."""
    submitter = Submitter(Settings.load(redis_url=group.url), keys)
    submitter.start()
    try:
        submitter.wait_for(50)
        try:
            group.ask("FAILOVER", MASTER, "COORDINATED")
        except redis.ResponseError:
            pytest.skip("this server's Sentinel knows no coordinated failover")
        primary = group.wait_for_another_primary(0)
        submitter.wait_for(50)
    finally:
        submitter.stop()
    assert {*submitter.acknowledged} <= seen(group.raw(primary))
    assert submitter.longest < FOLLOWED_SECONDS


async def test_a_reader_goes_on_through_a_failover(group: SentinelGroup, keys: KeySet) -> None:
    def fail_over() -> None:
        publish_result(group.raw(0), keys, "a")
        time.sleep(0.5)  # it is replicated, and read
        group.servers[0].kill()
        publish_result(group.raw(group.wait_for_another_primary(0)), keys, "b")

    failing = threading.Thread(target=fail_over)
    failing.start()
    with JournalClient(Settings.load(redis_url=group.url, timeout_seconds=2.0), keys) as client:
        found = []
        for result in client.results(timeout=30.0):
            found.append(result.entry_id)
            if result.entry_id == "b":
                break
    failing.join()
    # "a" may come again if the primary died before its acknowledgement was replicated.
    assert list(dict.fromkeys(found)) == ["a", "b"]
