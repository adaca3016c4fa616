"""A loop over results goes on by itself when Redis was away; nothing is lost, nothing comes twice."""

from __future__ import annotations

import threading
import time
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest
import redis

from deploy.local.server import Server
from producer import ConfigurationError, Settings, StoreFull, Unavailable
from producer.operations import reader
from tests.producer.support import publish_result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from producer import KeySet


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Server]:
    """A server that keeps its data when it is killed."""
    with Server(directory=tmp_path / "kept", appendonly=True) as running:
        yield running


@pytest.fixture
def fill(kept: Server, keys: KeySet) -> Callable[..., None]:
    def publish(*entry_ids: str) -> None:
        with redis.Redis.from_url(kept.url) as raw:
            publish_result(raw, keys, *entry_ids)

    return publish


def settings_for(server: Server) -> Settings:
    return Settings.load(redis_url=server.url, timeout_seconds=0.5)


def told_outages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.name == "producer.operations.outage"
    ]


async def test_results_go_on_after_the_server_was_killed(
    open_client: Callable[..., Any],
    kept: Server,
    fill: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
    wait_until: Callable[..., Any],
) -> None:
    def come_back() -> None:
        wait_until(lambda: told_outages(caplog))
        kept.start()
        fill("c", "d")

    fill("a", "b")
    coming_back = threading.Thread(target=come_back)
    seen = []
    async with (
        open_client(settings_for(kept)) as client,
        aclosing(client.results(limit=4)) as found,
    ):
        async for result in found:
            seen.append(result.entry_id)
            if result.entry_id == "b":
                kept.kill()
                coming_back.start()
    coming_back.join()
    assert seen == ["a", "b", "c", "d"]
    began, over = told_outages(caplog)
    assert "cannot be reached: 127.0.0.1:" in began
    assert "connection refused; reading results goes on by itself" in began
    assert over.startswith("Redis answers again after ")


async def test_a_hang_is_waited_out_by_round_trip_and_not_by_loop(
    open_client: Callable[..., Any], kept: Server, fill: Callable[..., None], hang: Any
) -> None:
    """A loop may run far longer than the deadline of a call."""

    def later() -> None:
        with hang(kept):
            time.sleep(1.5)  # three deadlines
        fill("a")

    hanging = threading.Thread(target=later)
    hanging.start()
    async with (
        open_client(settings_for(kept)) as client,
        aclosing(client.results(limit=1)) as found,
    ):
        assert [result.entry_id async for result in found] == ["a"]
    hanging.join()


async def test_a_full_redis_is_waited_out_where_the_group_has_to_be_made(
    open_client: Callable[..., Any],
    kept: Server,
    fill: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
    wait_until: Callable[..., Any],
) -> None:
    def make_room() -> None:
        wait_until(lambda: told_outages(caplog))
        raw.config_set("maxmemory", 0)

    fill("a")
    making_room = threading.Thread(target=make_room)
    with redis.Redis.from_url(kept.url) as raw:
        raw.config_set("maxmemory", 1)
        async with open_client(settings_for(kept)) as client:
            for options in ({"on_outage": "raise"}, {"timeout": 0.0}):
                async with aclosing(client.results(**options)) as found:
                    with pytest.raises(StoreFull):
                        await anext(aiter(found))
            making_room.start()
            async with aclosing(client.results(limit=1)) as found:
                assert [result.entry_id async for result in found] == ["a"]
        making_room.join()
    began, over = told_outages(caplog)
    assert began.startswith("Redis is out of memory and makes no consumer group; reading results")
    assert over.startswith("Redis answers again after ")


async def test_results_can_be_told_to_raise(
    open_client: Callable[..., Any], kept: Server, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_client(settings_for(kept)) as client:
        kept.kill()
        async with aclosing(client.results(on_outage="raise")) as found:
            with pytest.raises(Unavailable):
                await anext(aiter(found))
    assert told_outages(caplog) == []


async def test_an_outage_longer_than_the_timeout_is_raised_and_not_taken_for_an_end(
    open_client: Callable[..., Any], kept: Server
) -> None:
    async with open_client(settings_for(kept)) as client:
        kept.kill()
        started = time.monotonic()
        async with aclosing(client.results(timeout=1.0)) as found:
            with pytest.raises(Unavailable):
                await anext(aiter(found))
        assert 1.0 <= time.monotonic() - started < 4.0
        async with aclosing(client.results(timeout=0.0)) as found:
            with pytest.raises(Unavailable):
                await anext(aiter(found))


async def test_what_was_fetched_before_an_outage_is_yielded_once(
    open_client: Callable[..., Any],
    kept: Server,
    fill: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def restart() -> None:
        while not told_outages(caplog):
            time.sleep(0.01)
        kept.start()

    monkeypatch.setattr(reader, "ACKNOWLEDGE_SECONDS", 0.0)
    fill(*"abcdef")
    restarting = threading.Thread(target=restart)
    seen = []
    async with (
        open_client(settings_for(kept)) as client,
        aclosing(client.results(timeout=1.0)) as found,
    ):
        async for result in found:
            seen.append(result.entry_id)
            if result.entry_id == "c":
                kept.kill()
                restarting.start()
    restarting.join()
    assert seen == list("abcdef")
    with redis.Redis.from_url(kept.url) as raw:
        assert raw.xlen("journal.results") == 0


async def test_closing_a_client_of_a_hung_redis_takes_one_deadline(
    open_client: Callable[..., Any], kept: Server, fill: Callable[..., None], hang: Any
) -> None:
    fill("a", "b")
    async with open_client(settings_for(kept)) as client:
        loops = [client.results(group=group) for group in ("one", "two", "three")]
        for loop in loops:
            await anext(aiter(loop))
            await anext(aiter(loop))
        with hang(kept):
            started = time.monotonic()
            await client.close()
            assert time.monotonic() - started < 1.0
        for loop in loops:
            await loop.aclose()


async def test_a_wrong_login_is_no_outage(open_client: Callable[..., Any], kept: Server) -> None:
    url = kept.url.replace("redis://", "redis://nobody:wrong@")
    async with (
        open_client(Settings.load(redis_url=url)) as client,
        aclosing(client.results()) as found,
    ):
        with pytest.raises(ConfigurationError):
            await anext(aiter(found))


def test_the_command_line_tells_at_once_that_there_is_no_redis(
    journal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOURNAL_REDIS_URL", "redis://127.0.0.1:1/0")
    for arguments in ((), ("--no-follow",), ("--timeout", "60")):
        result = journal("results", *arguments)
        assert result.exit_code == 4
        assert result.stderr.count("\n") == 1


def test_the_command_line_goes_on_after_an_outage(
    kept: Server, fill: Callable[..., None], keys_file: Path, process: Any
) -> None:
    with process("results", "--redis-url", kept.url, "--count", "2") as running:
        fill("a")
        assert '"a"' in running.stdout.readline()
        kept.kill()
        assert "goes on by itself" in running.stderr.readline()
        kept.start()
        fill("b")
        assert '"b"' in running.stdout.readline()
        assert running.wait(20) == 0
