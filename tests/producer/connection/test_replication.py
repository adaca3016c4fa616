"""An entry counts as submitted only once as many replicas have it as the operator asks for."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest
import redis

from deploy.local.server import Server
from producer import ConfigurationError, JournalEntry, NotReplicated, Settings, Unavailable
from tests.producer.connection.support import QUICK, place, wait_for_replica
from tests.producer.support import QUEUE, entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def replica(server: Server, tmp_path: Path) -> Iterator[Server]:
    with Server(directory=tmp_path / "replica", **QUICK) as one:
        with redis.Redis.from_url(one.url) as raw:
            raw.replicaof(*place(server.url))
            wait_for_replica(raw)
        yield one


def settings_for(server: Server, replicas: int = 1, **more: Any) -> Settings:
    return Settings.load(
        redis_url=server.url, min_replicas=replicas, **{"timeout_seconds": 2.0, **more}
    )


def test_by_default_no_replica_has_to_confirm() -> None:
    assert Settings.load().min_replicas == 0


async def test_a_confirmed_entry_is_on_the_replica(
    open_client: Callable[..., Any], server: Server, replica: Server
) -> None:
    async with open_client(settings_for(server)) as client:
        assert (await client.submit("Soup again.", entry_id="a")).status == "queued"
    with redis.Redis.from_url(replica.url) as raw:
        assert raw.llen(QUEUE) == 1


async def test_too_few_replicas_are_told(
    open_client: Callable[..., Any], server: Server, replica: Server
) -> None:
    async with open_client(settings_for(server, replicas=2)) as client:
        started = time.monotonic()
        with pytest.raises(NotReplicated, match="1 of 2 replicas") as caught:
            await client.submit("Soup again.", entry_id="a")
        assert time.monotonic() - started < 2.5
    assert isinstance(caught.value, Unavailable)
    assert caught.value.receipts == ()


async def test_a_duplicate_counts_only_once_it_is_confirmed(
    open_client: Callable[..., Any], server: Server, replica: Server, hang: Any
) -> None:
    """Also on a connection that has written nothing else, for which WAIT would not wait."""
    async with open_client(settings_for(server)) as client:
        with hang(replica), pytest.raises(NotReplicated):
            await client.submit("Soup again.", entry_id="a")
    async with open_client(settings_for(server)) as other:
        with hang(replica), pytest.raises(NotReplicated):
            await other.submit("Soup again.", entry_id="a")
        assert (await other.submit("Soup again.", entry_id="a")).status == "duplicate"
    with redis.Redis.from_url(replica.url) as raw:
        assert raw.llen(QUEUE) == 1
        assert 0 < raw.ttl("journal.entries.seen:a") <= 86_400


async def test_earlier_chunks_keep_their_receipts(
    open_client: Callable[..., Any], server: Server, replica: Server
) -> None:
    def then_the_replica_hangs() -> Iterator[JournalEntry]:
        yield from entries(*(f"e{i}" for i in range(128)))
        os.kill(replica.pid, signal.SIGSTOP)
        yield from entries("last")

    try:
        async with open_client(settings_for(server)) as client:
            with pytest.raises(NotReplicated) as caught:
                await client.submit_many(then_the_replica_hangs())
    finally:
        os.kill(replica.pid, signal.SIGCONT)
    assert [receipt.entry_id for receipt in caught.value.receipts] == [f"e{i}" for i in range(128)]


async def test_after_a_loss_of_the_primary_every_acknowledged_entry_is_on_the_replica(
    open_client: Callable[..., Any], server: Server, replica: Server, hang: Any
) -> None:
    """The replica lags when the primary dies: what it does not have was not acknowledged."""
    acknowledged = []
    async with open_client(settings_for(server, timeout_seconds=0.3)) as client:
        for i in range(20):
            receipt = await client.submit("Soup again.", entry_id=f"a{i}", timeout_seconds=20)
            acknowledged.append(receipt.entry_id)
        with hang(replica):
            for i in range(5):
                with pytest.raises(Unavailable):
                    await client.submit("Soup again.", entry_id=f"b{i}")
            server.kill()
    with redis.Redis.from_url(replica.url, decode_responses=True) as raw:
        raw.replicaof("NO", "ONE")
        assert {f"journal.entries.seen:{entry_id}" for entry_id in acknowledged} <= {
            *raw.scan_iter()
        }


async def test_a_user_without_the_permission_to_wait_is_told(
    open_client: Callable[..., Any], server: Server, replica: Server
) -> None:
    with redis.Redis.from_url(server.url) as raw:
        raw.acl_setuser("half", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-wait"])
    url = server.url.replace("redis://", "redis://half:any@")
    async with open_client(Settings.load(redis_url=url, min_replicas=1)) as client:
        with pytest.raises(ConfigurationError, match="permission"):
            await client.submit("Soup again.")
