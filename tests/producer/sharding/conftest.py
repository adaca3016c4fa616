"""Three real servers, the shards, and clients of either kind over them."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import redis

from deploy.local.server import Server
from producer import Settings
from tests.producer.answering import AnsweringWorker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from producer import KeySet

NAMES = ("a", "b", "c")


@pytest.fixture(scope="session")
def all_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Server]]:
    servers = {
        name: Server(directory=tmp_path_factory.mktemp(f"shard-{name}"), appendonly=True)
        for name in NAMES
    }
    for server in servers.values():
        server.start()
    yield servers
    for server in servers.values():
        server.close()


@pytest.fixture
def servers(all_servers: dict[str, Server]) -> dict[str, Server]:
    """The servers of the shards a, b and c; their data is gone."""
    for server in all_servers.values():
        with redis.Redis.from_url(server.url) as client:
            client.flushall()
    return all_servers


@pytest.fixture
def raws(servers: dict[str, Server]) -> Iterator[dict[str, redis.Redis]]:
    """The servers themselves, to see what is really there."""
    clients = {
        name: redis.Redis.from_url(server.url, decode_responses=True)
        for name, server in servers.items()
    }
    yield clients
    for client in clients.values():
        client.close()


@pytest.fixture
def shard_settings(servers: dict[str, Server], keys_file: Path) -> Callable[..., Settings]:
    """Settings of all shards; options of a shard stand behind its name."""

    def load(*, only: str = "", timeout_seconds: float = 4.0, **options: str) -> Settings:
        told = [f"{name}={servers[name].url}{options.get(name, '')}" for name in only or NAMES]
        return Settings.load(
            shards=" ".join(told), keys_file=keys_file, timeout_seconds=timeout_seconds
        )

    return load


@pytest.fixture
async def sharded(
    open_client: Callable[..., Any], shard_settings: Callable[..., Settings]
) -> AsyncIterator[Any]:
    """A client over three shards, once of each kind."""
    async with open_client(shard_settings()) as client:
        yield client


@pytest.fixture
def workers(keys: KeySet) -> Any:
    """A stand-in worker answers on each shard while the block runs."""

    @contextmanager
    def running(settings: Settings) -> Iterator[None]:
        assert settings.shard_set is not None
        each = []
        for shard in settings.shard_set.all:
            one = settings.model_copy(update={"redis_url": shard.url, "shard": shard.name})
            worker = AnsweringWorker(one, keys)
            thread = threading.Thread(target=worker.run)
            thread.start()
            each.append((worker, thread))
        try:
            yield
        finally:
            for worker, thread in each:
                worker.stop()
                thread.join()

    return running
