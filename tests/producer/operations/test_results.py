"""Reading results, with the sync and the asyncio client, against a real server."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

import pytest

from producer import JournalClient, JournalError, KeySet, Settings, Status
from producer.operations import results
from producer.sealing import ENTRY, new_key

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

STREAM = "journal.results"


async def read(client: Any, **kwargs: Any) -> list[str]:
    return [result.entry_id async for result in client.results(timeout=0, **kwargs)]


def pending(raw: redis.Redis, group: str = "backend") -> list[str]:
    """Stream ids that a group has read and not acknowledged."""
    return [item["message_id"] for item in raw.xpending_range(STREAM, group, "-", "+", 1000)]


async def test_results_come_in_order_and_once(either: Any, publish: Callable[..., None]) -> None:
    publish("a", "b", context="shelf 3", labels=[{"label": "Labelling", "score": 0.9}])
    results = [result async for result in either.results(timeout=0)]
    assert [result.entry_id for result in results] == ["a", "b"]
    assert (results[0].context, results[0].labels[0].label) == ("shelf 3", "Labelling")
    assert await read(either) == []


async def test_results_from_before_the_first_reader_are_read(
    either: Any, publish: Callable[..., None]
) -> None:
    publish("before")
    assert await read(either, group="new") == ["before"]


async def test_each_group_gets_every_result_and_consumers_share(
    either: Any, publish: Callable[..., None]
) -> None:
    for group in ("one", "two"):  # from now on, each keeps what it has not read
        assert await read(either, group=group) == []
    publish("a", "b", "c")
    assert await read(either, group="one") == ["a", "b", "c"]
    first = await either.receive(group="two", consumer="x", count=2)
    second = await either.receive(group="two", consumer="y", count=2)
    assert [received.result.entry_id for received in first + second] == ["a", "b", "c"]


async def test_only_what_every_group_acknowledged_is_trimmed(
    either: Any, publish: Callable[..., None], raw: redis.Redis
) -> None:
    publish("a", "b", "c")
    one = [received.stream_id for received in await either.receive(group="one")]
    two = [received.stream_id for received in await either.receive(group="two")]
    assert await either.acknowledge(one, group="one") == 3
    assert raw.xlen(STREAM) == 3
    assert await either.acknowledge(two[:1], group="two") == 1
    assert [item[0] for item in raw.xrange(STREAM)] == two[1:]
    # One that is not acknowledged keeps nothing of what follows it.
    assert await either.acknowledge(two[2:], group="two") == 1
    assert [item[0] for item in raw.xrange(STREAM)] == two[1:2]
    assert await either.acknowledge(two[1:2], group="two") == 1
    assert raw.xlen(STREAM) == 0


async def test_a_group_that_has_read_nothing_yet_keeps_everything(
    either: Any, publish: Callable[..., None], raw: redis.Redis
) -> None:
    publish("a")
    raw.xgroup_create(STREAM, "late", id="0")
    assert await read(either, group="early") == ["a"]
    assert raw.xlen(STREAM) == 1
    assert await read(either, group="late") == ["a"]
    assert raw.xlen(STREAM) == 0


async def test_a_second_acknowledgement_changes_nothing(
    either: Any, publish: Callable[..., None], raw: redis.Redis
) -> None:
    publish("a", "b")
    (first, _) = await either.receive()
    assert await either.acknowledge([first.stream_id]) == 1
    assert await either.acknowledge([first.stream_id]) == 0
    assert await either.acknowledge([]) == 0
    assert raw.xlen(STREAM) == 1


async def test_acknowledging_on_a_stream_that_is_gone_is_no_error(either: Any) -> None:
    assert await either.acknowledge(["1-1"]) == 0


async def test_leaving_the_loop_leaves_the_last_result_unacknowledged(
    either: Any, publish: Callable[..., None], raw: redis.Redis
) -> None:
    publish("a", "b", "c")
    source = either.results(timeout=0)
    assert (await anext(source)).entry_id == "a"
    assert (await anext(source)).entry_id == "b"
    await source.aclose()
    assert [fields["entry_id"] for _, fields in raw.xrange(STREAM)] == ["b", "c"]
    assert len(pending(raw)) == 2


async def test_a_handler_that_raises_leaves_its_result_unacknowledged(
    settings: Settings, keys: KeySet, publish: Callable[..., None], raw: redis.Redis
) -> None:
    publish("a", "b")

    def handle(client: JournalClient) -> None:
        for result in client.results(timeout=0):
            if result.entry_id == "b":
                raise RuntimeError("the handler failed")

    with JournalClient(settings, keys) as client, pytest.raises(RuntimeError):
        handle(client)
    assert [fields["entry_id"] for _, fields in raw.xrange(STREAM)] == ["b"]


async def test_what_a_dead_reader_left_is_taken_over(
    either: Any, publish: Callable[..., None], raw: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish("a", "b")
    assert len(await either.receive(consumer="dead")) == 2
    assert await either.reclaim(consumer="alive") == []  # not yet: it may be slow and not dead
    monkeypatch.setattr(results, "RECLAIM_AFTER_MS", 0)
    assert await read(either, consumer="alive") == ["a", "b"]
    assert pending(raw) == []


async def test_reclaiming_where_there_is_no_group_finds_nothing(either: Any) -> None:
    assert await either.reclaim() == []


async def test_a_result_that_does_not_open_holds_up_no_other_and_shows_nothing(
    either: Any,
    publish: Callable[..., None],
    raw: redis.Redis,
    keys: KeySet,
    caplog: pytest.LogCaptureFixture,
) -> None:
    stranger = KeySet.from_jwks({"keys": [new_key()]})
    garbage = [
        {"entry_id": "x1", "sealed": "CANARY"},
        {"entry_id": "x2"},
        {"other": "field"},
        {"entry_id": b"\xff\xfe", "sealed": b"\xff"},
        {
            "entry_id": "x3",
            "sealed": stranger.seal(b"CANARY", kind="journal-result", entry_id="x3"),
        },
        {"entry_id": "x4", "sealed": keys.seal(b"CANARY", kind=ENTRY, entry_id="x4")},
        {"entry_id": "x5", "sealed": keys.seal(b"CANARY", kind="journal-result", entry_id="x5")},
    ]
    for fields in garbage:
        raw.xadd(STREAM, fields)  # type: ignore[arg-type]
    publish("good")
    with caplog.at_level(logging.DEBUG):
        assert await read(either) == ["good"]
    assert len(pending(raw)) == len(garbage)
    assert "result of entry x5 cannot be opened" in caplog.text
    assert "CANARY" not in caplog.text


async def test_status_counts_every_part(
    either: Any, publish: Callable[..., None], raw: redis.Redis
) -> None:
    assert await either.status() == Status(0, 0, 0, 0, {}, lanes={"default": 0})
    await either.submit("Soup again.")
    raw.hset("journal.entries.claims", "tag", "claimed")
    raw.lpush("journal.entries.woken", "one that has just woken a worker")
    raw.xadd("journal.dead", {"entry_id": "d"})
    publish("a", "b", "c")
    (first, _) = await either.receive(group="one", count=2)
    await either.acknowledge([first.stream_id], group="one")
    assert await either.status() == Status(2, 1, 2, 1, {"one": 2}, lanes={"default": 2})


async def test_status_of_a_wrong_kind_of_key_is_an_error(either: Any, raw: redis.Redis) -> None:
    raw.set("journal.entries", "not a list")
    with pytest.raises(JournalError, match="WRONGTYPE"):
        await either.status()


async def test_results_ends_only_after_its_timeout(either: Any) -> None:
    started = time.monotonic()
    assert [result async for result in either.results(timeout=0.2)] == []
    assert time.monotonic() - started >= 0.2
