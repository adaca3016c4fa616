"""Both clients over three real servers."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from producer import (
    EntryCancelled,
    JournalEntry,
    NoReply,
    QueueFull,
    Settings,
    Unavailable,
    ValidationError,
)
from tests.producer.support import entries, publish_result, queued_ids

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

    from deploy.local.server import Server
    from producer import KeySet, Received

    Raws = dict[str, redis.Redis]

MANY = [f"entry-{number}" for number in range(600)]


def homes(settings: Settings, ids: list[str]) -> dict[str, list[str]]:
    """The ids of each shard."""
    found: dict[str, list[str]] = {"a": [], "b": [], "c": []}
    assert settings.shard_set is not None
    for entry_id in ids:
        found[settings.shard_set.owners(entry_id)[0]].append(entry_id)
    return found


@contextlib.contextmanager
def stopped(server: Server) -> Any:
    """The server is gone while the block runs."""
    server.stop()
    try:
        yield
    finally:
        server.start()


async def test_entries_are_divided_and_receipts_keep_their_order(
    sharded: Any, shard_settings: Callable[..., Settings], raws: Raws
) -> None:
    receipts = await sharded.submit_many(entries(*MANY))
    assert [receipt.entry_id for receipt in receipts] == MANY
    assert {receipt.status for receipt in receipts} == {"queued"}
    for name, ids in homes(shard_settings(), MANY).items():
        assert queued_ids(raws[name]) == ids
    again = await sharded.submit_many(entries(*MANY[:5], *MANY[:5]))
    assert [receipt.status for receipt in again] == ["duplicate"] * 10


async def test_a_shard_that_is_down_stops_only_its_share(
    sharded: Any, shard_settings: Callable[..., Settings], servers: dict[str, Server], raws: Raws
) -> None:
    of = homes(shard_settings(), MANY)
    with stopped(servers["b"]):
        with pytest.raises(Unavailable, match=r"^shard b: ") as caught:
            await sharded.submit_many(entries(*MANY))
        assert caught.value.shard == "b"
        took = [receipt.entry_id for receipt in caught.value.receipts]
        assert took == [entry_id for entry_id in MANY if entry_id not in of["b"]]
        with pytest.raises(Unavailable, match=r"^shard b: ") as caught:
            await sharded.submit_many(entries(*of["b"]))
        assert caught.value.receipts == ()
        began = time.monotonic()
        for _ in range(10):  # known to be down, it is waited for no more
            with pytest.raises(Unavailable, match=r"^shard b: "):
                await sharded.submit_many(entries(*MANY[:20]))
        assert time.monotonic() - began < 1.5
    await sharded.submit(JournalEntry(entry_id=of["b"][0], text="x"))
    receipts = await sharded.submit_many(entries(*MANY))
    told = Counter((receipt.status, receipt.entry_id in of["b"]) for receipt in receipts)
    queued, others = len(of["b"]) - 1, 600 - len(of["b"])
    assert told == {("queued", True): queued, ("duplicate", True): 1, ("duplicate", False): others}


async def test_a_full_shard_is_named(
    open_client: Callable[..., Any], shard_settings: Callable[..., Settings], raws: Raws
) -> None:
    settings = shard_settings().model_copy(update={"max_queue_entries": 20})
    raws["c"].rpush("journal.entries", *["x"] * 20)
    async with open_client(settings) as client:
        with pytest.raises(QueueFull, match=r"^shard c: the queue holds 20 entries"):
            await client.submit_many(entries(*MANY[:40]))


async def test_results_of_all_shards_come_in_one_loop_and_are_acknowledged(
    sharded: Any, shard_settings: Callable[..., Settings], workers: Any, raws: Raws
) -> None:
    await sharded.submit_many(entries(*MANY))
    with workers(shard_settings()):
        seen = [result.entry_id async for result in sharded.results(limit=600, timeout=20)]
    assert sorted(seen) == sorted(MANY)
    assert (await sharded.status()).results == 0
    assert all(raw.xpending("journal.results", "backend")["pending"] == 0 for raw in raws.values())


async def test_a_loop_ends_when_no_shard_has_results(
    sharded: Any, raws: Raws, keys: KeySet
) -> None:
    assert [one async for one in sharded.results(timeout=0)] == []
    publish_result(raws["b"], keys, "one", "two")
    seen = [one.entry_id async for one in sharded.results(timeout=0.2)]
    assert seen == ["one", "two"]


async def test_what_a_loop_leaves_is_there_for_the_next(
    sharded: Any, raws: Raws, keys: KeySet
) -> None:
    for name, raw in raws.items():
        publish_result(raw, keys, *(f"{name}-{number}" for number in range(10)))
    seen = []
    async with contextlib.aclosing(sharded.results()) as found:
        async for one in found:
            seen.append(one.entry_id)
            if len(seen) == 5:
                break
    rest = [one.entry_id async for one in sharded.results(timeout=0)]
    assert len({*seen, *rest}) == 30
    assert len(seen) + len(rest) == 30
    # The one that was not handled is delivered again, a minute later.
    pending = [raw.xpending("journal.results", "backend")["pending"] for raw in raws.values()]
    assert sum(pending) == 1


async def test_a_loop_goes_on_without_the_shard_that_is_down(
    sharded: Any, servers: dict[str, Server], raws: Raws, keys: KeySet
) -> None:
    publish_result(raws["a"], keys, "of-a")
    publish_result(raws["c"], keys, "of-c")
    seen: set[str] = set()
    async with contextlib.aclosing(sharded.results()) as found:
        with stopped(servers["b"]):
            while len(seen) < 2:
                seen.add((await anext(found)).entry_id)
        publish_result(raws["b"], keys, "of-b")
        assert (await anext(found)).entry_id == "of-b"
    assert seen == {"of-a", "of-c"}


async def test_a_loop_with_an_end_tells_of_the_shard_that_is_down(
    sharded: Any, servers: dict[str, Server], raws: Raws, keys: KeySet
) -> None:
    publish_result(raws["a"], keys, "of-a")
    with stopped(servers["b"]), pytest.raises(Unavailable, match=r"^shard b: "):
        assert [one.entry_id async for one in sharded.results(timeout=0.1)] == ["of-a"]


async def test_a_received_result_is_acknowledged_on_its_own_shard(
    sharded: Any, raws: Raws, keys: KeySet
) -> None:
    for name, raw in raws.items():
        publish_result(raw, keys, f"of-{name}")
    received: list[Received] = []
    while len(received) < 3:
        received += await sharded.receive(count=2, block=5)
    for one in received:
        assert one.stream_id.partition(":")[0] == one.result.entry_id[-1]
    assert await sharded.acknowledge([one.stream_id for one in received[:2]]) == 2
    left = {name: raw.xlen("journal.results") for name, raw in raws.items()}
    assert left == {name: int(name == received[2].result.entry_id[-1]) for name in raws}
    with pytest.raises(ValidationError):
        await sharded.acknowledge(["1-0"])


async def test_waiting_to_receive_ends(sharded: Any) -> None:
    began = time.monotonic()
    assert await sharded.receive(block=0.3) == []
    assert 0.25 < time.monotonic() - began < 2


async def test_one_entry_is_answered_and_another_cancelled(
    sharded: Any, shard_settings: Callable[..., Settings], workers: Any
) -> None:
    await sharded.submit("Soup again.", entry_id="gone", reply=True)
    assert await sharded.cancel("gone")
    assert not await sharded.cancel("never-there")
    with pytest.raises(EntryCancelled):
        await sharded.result("gone")
    with pytest.raises(NoReply):
        await sharded.result("never-there")
    with workers(shard_settings()):
        found = await asyncio.gather(
            *(sharded.submit_and_wait("Soup.", entry_id=entry_id) for entry_id in MANY[:6])
        )
    assert [result.entry_id for result in found] == MANY[:6]


async def test_status_adds_up_and_tells_each_shard(
    sharded: Any, shard_settings: Callable[..., Settings], servers: dict[str, Server]
) -> None:
    await sharded.submit_many(entries(*MANY))
    status = await sharded.status()
    assert status.ready == 600
    assert {name: one.ready for name, one in status.shards.items()} == {
        name: len(ids) for name, ids in homes(shard_settings(), MANY).items()
    }
    with stopped(servers["a"]), pytest.raises(Unavailable, match=r"^shard a: "):
        await sharded.status()


async def test_dead_letters_of_all_shards_are_paged_and_none_is_passed_over(
    sharded: Any, raws: Raws
) -> None:
    def die(name: str, when: int, entry_id: str) -> None:
        raws[name].xadd("journal.dead", {"entry_id": entry_id, "letter": "{}"}, id=f"{when}-0")

    die("a", 5, "a5")
    die("b", 3, "b3")
    die("b", 7, "b7")
    first = await sharded.failed(count=2)
    assert [letter.entry_id for letter in first] == ["b3", "a5"]
    die("c", 4, "c4")  # the clock of this shard is late
    second = await sharded.failed(first[-1].stream_id)
    assert [letter.entry_id for letter in second] == ["c4", "b7"]
    assert await sharded.failed(second[-1].stream_id) == []


async def test_a_shard_is_added_and_no_id_gets_in_twice(
    open_client: Callable[..., Any], shard_settings: Callable[..., Settings], raws: Raws
) -> None:
    """Three rollouts: it is looked at, then it gets entries, then the old place is forgotten."""
    first, announced, added = MANY[:100], MANY[100:200], MANY[200:300]
    async with (
        open_client(shard_settings(only="ab")) as before,
        open_client(shard_settings(c=";weight=0;also=1")) as during,
        open_client(shard_settings(c=";also=0")) as after,
    ):
        await before.submit_many(entries(*first), reply=True)
        told = await during.submit_many(entries(*first, *announced))
        assert Counter(one.status for one in told) == {"duplicate": 100, "queued": 100}
        assert raws["c"].llen("journal.entries") == 0
        told = await after.submit_many(entries(*first, *announced, *added))
        assert Counter(one.status for one in told) == {"duplicate": 200, "queued": 100}
        moved = raws["c"].llen("journal.entries")
        assert 15 < moved < 55
        # A client that has not heard of the last step yet looks there, too.
        told = await during.submit_many(entries(*added))
        assert {one.status for one in told} == {"duplicate"}
        for entry_id in first:
            assert await after.cancel(entry_id)
            with pytest.raises(EntryCancelled):
                await after.result(entry_id)


async def test_a_shard_is_retired_by_its_weight_and_drains(
    open_client: Callable[..., Any],
    shard_settings: Callable[..., Settings],
    workers: Any,
    raws: Raws,
) -> None:
    async with open_client(shard_settings()) as before:
        await before.submit_many(entries(*MANY[:90]))
    waiting = raws["b"].llen("journal.entries")
    settings = shard_settings(b=";weight=0;also=1")
    async with open_client(settings) as client:
        told = await client.submit_many(entries(*MANY[:180]))
        assert Counter(one.status for one in told) == {"duplicate": 90, "queued": 90}
        assert raws["b"].llen("journal.entries") == waiting
        with workers(settings):
            seen = [one.entry_id async for one in client.results(limit=180, timeout=20)]
        assert sorted(seen) == sorted(MANY[:180])
        assert (await client.status()).shards["b"].ready == 0
