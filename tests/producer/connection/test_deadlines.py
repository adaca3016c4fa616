"""Every call of a client ends within its deadline, whatever it waits for."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from deploy.local.server import Server
from producer import AsyncJournalClient, JournalClient, JournalEntry, Settings, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from producer import KeySet

#: What a call may take beyond its deadline.
SLACK_SECONDS = 0.5
DEADLINE_SECONDS = 1.0
CALLS: dict[str, Callable[[Any], Any]] = {
    "submit": lambda client: client.submit("Soup again.", timeout_seconds=DEADLINE_SECONDS),
    "submit_many": lambda client: client.submit_many(
        [JournalEntry(entry_id=f"e{i}", text="Soup again.") for i in range(300)],
        timeout_seconds=DEADLINE_SECONDS,
    ),
    "receive": lambda client: client.receive(timeout_seconds=DEADLINE_SECONDS),
    "reclaim": lambda client: client.reclaim(timeout_seconds=DEADLINE_SECONDS),
    "acknowledge": lambda client: client.acknowledge(["1-1"], timeout_seconds=DEADLINE_SECONDS),
    "failed": lambda client: client.failed(timeout_seconds=DEADLINE_SECONDS),
    "status": lambda client: client.status(timeout_seconds=DEADLINE_SECONDS),
}


async def seconds_until_unavailable(call: Any, match: str) -> float:
    started = time.monotonic()
    with pytest.raises(Unavailable, match=match):
        await call
    return time.monotonic() - started


@pytest.mark.parametrize("name", CALLS)
async def test_a_call_to_a_hung_redis_ends_with_its_deadline(
    open_client: Callable[..., Any], server: Server, hang: Any, name: str
) -> None:
    async with open_client(Settings.load(redis_url=server.url)) as client:
        await client.status()  # is connected
        with hang(server):
            taken = await seconds_until_unavailable(CALLS[name](client), "timed out")
    assert 0.9 * DEADLINE_SECONDS < taken < DEADLINE_SECONDS + SLACK_SECONDS


async def test_a_call_that_has_to_connect_to_a_hung_redis_ends_with_its_deadline(
    open_client: Callable[..., Any], server: Server, hang: Any
) -> None:
    async with open_client(Settings.load(redis_url=server.url)) as client:
        with hang(server):
            taken = await seconds_until_unavailable(CALLS["submit"](client), "timed out")
    assert taken < DEADLINE_SECONDS + SLACK_SECONDS


async def test_the_deadline_is_a_setting(
    open_client: Callable[..., Any], server: Server, hang: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Settings.load().timeout_seconds == 5.0
    monkeypatch.setenv("JOURNAL_TIMEOUT_SECONDS", "0.5")
    async with open_client(Settings.load(redis_url=server.url)) as client:
        with hang(server):
            taken = await seconds_until_unavailable(client.status(), "timed out")
    assert taken < 0.5 + SLACK_SECONDS


async def test_a_blocking_read_has_the_time_it_blocks_on_top(
    open_client: Callable[..., Any], server: Server, hang: Any
) -> None:
    async with open_client(Settings.load(redis_url=server.url)) as client:
        started = time.monotonic()
        assert await client.receive(block=1.0, timeout_seconds=0.5) == []
        assert time.monotonic() - started >= 1.0
        with hang(server):
            taken = await seconds_until_unavailable(
                client.receive(block=1.0, timeout_seconds=0.5), "timed out"
            )
    assert taken < 0.5 + 1.0 + SLACK_SECONDS


async def test_many_chunks_may_take_longer_than_the_deadline_of_one(
    open_client: Callable[..., Any], server: Server
) -> None:
    def slowly() -> Iterator[JournalEntry]:
        for i in range(4 * 128):
            if i % 128 == 0:
                time.sleep(0.2)
            yield JournalEntry(entry_id=f"e{i}", text="Soup again.")

    async with open_client(Settings.load(redis_url=server.url)) as client:
        receipts = await client.submit_many(slowly(), timeout_seconds=0.4)
    assert len(receipts) == 512


@pytest.fixture
def silent_name_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A name server that does not answer before the deadline is over."""
    over = threading.Event()
    look_up = socket.getaddrinfo

    def wait(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host == "redis.example":
            over.wait(3 * DEADLINE_SECONDS)  # asyncio waits for it when its loop ends
        return look_up("127.0.0.1", *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", wait)
    yield
    over.set()


@pytest.mark.usefixtures("silent_name_server")
async def test_looking_up_a_name_ends_with_the_deadline(open_client: Callable[..., Any]) -> None:
    settings = Settings.load(redis_url="redis://redis.example:6379/0")
    async with open_client(settings) as client:
        taken = await seconds_until_unavailable(
            CALLS["submit"](client), "redis.example:6379: timed out"
        )
    assert taken < DEADLINE_SECONDS + SLACK_SECONDS


async def test_an_answer_that_trickles_in_ends_with_the_deadline(
    open_client: Callable[..., Any],
) -> None:
    over = threading.Event()

    def trickle(connection: socket.socket) -> None:
        with connection:
            while not over.wait(0.1):
                try:
                    connection.sendall(b"$")
                except OSError:
                    return

    def serve() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=trickle, args=(connection,)).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        url = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        async with open_client(Settings.load(redis_url=url)) as client:
            taken = await seconds_until_unavailable(CALLS["submit"](client), "timed out")
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert taken < DEADLINE_SECONDS + SLACK_SECONDS


async def test_one_silent_connection_is_given_up_in_time_for_another(
    open_client: Callable[..., Any], server: Server, proxy: Any, hang: Any, tmp_path: Any
) -> None:
    """As when a router forgets a connection: it is silent, and new ones work."""
    with Server(directory=tmp_path / "other") as other:
        async with open_client(Settings.load(redis_url=proxy.url)) as client:
            await client.status()
            proxy.target = other.url
            with hang(server):
                assert (await client.submit("Soup again.")).status == "queued"


def test_waiting_for_a_connection_ends_with_the_deadline(
    server: Server, keys: KeySet, hang: Any, wait_until: Callable[..., Any]
) -> None:
    settings = Settings.load(redis_url=server.url, max_connections=1)
    with JournalClient(settings, keys) as client:
        client.status()

        def hold() -> None:
            with pytest.raises(Unavailable, match="timed out"):
                client.status(timeout_seconds=3.0)

        with hang(server):
            holder = threading.Thread(target=hold)
            holder.start()
            wait_until(lambda: client._redis.connection_pool.pool.qsize() == 0)
            started = time.monotonic()
            with pytest.raises(Unavailable, match="all 1 connections of this client are in use"):
                client.status(timeout_seconds=DEADLINE_SECONDS)
            taken = time.monotonic() - started
            holder.join()
    assert taken < DEADLINE_SECONDS + SLACK_SECONDS


async def test_a_call_that_is_cancelled_or_late_leaves_its_client_usable(
    keys: KeySet, server: Server, hang: Any
) -> None:
    settings = Settings.load(redis_url=server.url, max_connections=2, timeout_seconds=0.3)
    async with AsyncJournalClient(settings, keys) as client:
        with hang(server):
            calls = [client.submit("Soup again.", entry_id=f"e{i}") for i in range(20)]
            found = await asyncio.gather(*calls, return_exceptions=True)
            assert {type(one) for one in found} == {Unavailable}
        found = await asyncio.gather(*(client.status(timeout_seconds=20) for _ in range(20)))
        assert len(found) == 20
