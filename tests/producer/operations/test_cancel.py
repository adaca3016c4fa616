"""Cancelling an entry, against a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from producer import (
    EntryCancelled,
    JournalClient,
    StoreFull,
)
from producer.operations.cancel import cancel
from tests.producer.answering import Worker, left
from tests.producer.support import QUEUE, entries, queued_ids
from worker.broker.records import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

    from producer import KeySet, Settings

REPLY, SEEN = f"{QUEUE}.reply:", f"{QUEUE}.seen:"


def run_on(raw: redis.Redis, operation: Any, replies: list[Any]) -> Any:
    """Go on with an operation whose last commands had these replies."""
    try:
        while True:
            commands = operation.send(replies)
            replies = [raw.execute_command(*command) for command in commands]
    except StopIteration as stop:
        return stop.value


@pytest.fixture
def worker(settings: Settings, keys: KeySet) -> Worker:
    return Worker(settings, keys)


async def test_a_cancelled_entry_that_waited_is_gone_and_its_id_is_free(
    either: Any, worker: Worker, raw: redis.Redis
) -> None:
    await either.submit_many(entries("a", "b", "c"), reply=True)
    assert await either.cancel("b")
    assert queued_ids(raw) == ["a", "c"]
    assert not raw.exists(SEEN + "b")
    with pytest.raises(EntryCancelled):
        await either.result("b")
    assert (await either.submit("Soup again.", entry_id="b", reply=True)).status == "queued"
    for entry_id in "acb":
        worker.answer(worker.claim(), entry_id)
    assert (await either.result("b")).entry_id == "b"


@pytest.mark.parametrize("where", [f"{QUEUE}.woken", f"{QUEUE}\x06\x163"])
async def test_a_cancelled_entry_is_found_wherever_it_waits(
    either: Any, raw: redis.Redis, where: str
) -> None:
    await either.submit("Soup again.", entry_id="a")
    raw.lmove(QUEUE, where)
    assert await either.cancel("a")
    assert left(raw) == []


async def test_a_cancelled_entry_under_way_is_not_published_and_nothing_of_it_stays(
    either: Any, worker: Worker, raw: redis.Redis
) -> None:
    await either.submit("Soup again.", entry_id="a")
    claimed = worker.claim()
    worker.claims.renew([claimed.tag], failed=True)
    assert await either.cancel("a")
    assert not worker.answer(claimed, "a")
    assert left(raw) == []


async def test_a_cancelled_entry_that_waits_for_its_key_is_gone(
    either: Any, worker: Worker, raw: redis.Redis
) -> None:
    await either.submit("Soup again.", entry_id="a")
    assert worker.claims.settle([Answer(worker.claim().tag, "parked", "a", "", "key-1")])[0]
    assert await either.cancel("a")
    assert left(raw) == []


async def test_an_entry_that_no_search_finds_is_dropped_by_the_worker_that_settles_it(
    either: Any, worker: Worker, raw: redis.Redis
) -> None:
    await either.submit("Soup again.", entry_id="a")
    raw.rename(QUEUE, "elsewhere")
    assert await either.cancel("a")
    raw.rename("elsewhere", QUEUE)
    assert not worker.answer(worker.claim(), "a")
    assert left(raw) == []


async def test_a_cancel_that_goes_on_after_the_id_is_free_leaves_a_newer_entry_alone(
    raw: redis.Redis, worker: Worker, settings: Settings, keys: KeySet
) -> None:
    with JournalClient(settings, keys) as client:
        client.submit("Soup again.", entry_id="a")
        claimed = worker.claim()
        operation = cancel("a", settings, timeout_seconds=1)
        replies = [raw.execute_command(*command) for command in next(operation)]
        assert not worker.answer(claimed, "a")  # dropped: the id is free
        assert client.submit("Soup once more.", entry_id="a").status == "queued"
        assert run_on(raw, operation, replies)
        assert queued_ids(raw) == ["a"]


async def test_replies_do_not_let_entries_into_a_redis_that_is_full(
    either: Any, raw: redis.Redis, full_store: Callable[[], None]
) -> None:
    await either.submit("Soup again.", entry_id="a", reply=True)
    raw.delete(SEEN + "a")  # its reply is left from an earlier submit
    full_store()
    for entry_id in ("a", "b"):
        with pytest.raises(StoreFull):
            await either.submit("Soup again.", entry_id=entry_id, reply=True)
    assert await either.cancel("a")
    assert raw.llen(QUEUE) == 0


async def test_an_answered_or_unknown_entry_cannot_be_cancelled(
    either: Any, worker: Worker
) -> None:
    await either.submit("Soup again.", entry_id="a")
    worker.answer(worker.claim(), "a")
    assert not await either.cancel("a")
    assert not await either.cancel("nobody")
    assert len(await either.receive()) == 1


async def test_an_entry_whose_producer_marks_nothing_is_cancelled_as_well(
    either: Any, raw: redis.Redis
) -> None:
    await either.submit_many(entries("a", "aa"))
    raw.delete(SEEN + "a")
    assert await either.cancel("a")
    assert queued_ids(raw) == ["aa"]


async def test_garbage_in_the_queue_does_not_keep_an_entry_from_being_cancelled(
    either: Any, raw: redis.Redis
) -> None:
    await either.submit("Soup again.", entry_id="a")
    for garbage in ('"a"', '{"headers": "a"}', '{"headers": {"id": ["a"]}}', '["a"', '{"x":"a"}'):
        raw.rpush(QUEUE, garbage)
    assert await either.cancel("a")
    assert raw.llen(QUEUE) == 5


async def test_a_long_queue_is_looked_through_page_by_page(either: Any, raw: redis.Redis) -> None:
    await either.submit_many(entries(*(f"e{number}" for number in range(3000))))
    assert await either.cancel("e2999")
    assert raw.llen(QUEUE) == 2999
