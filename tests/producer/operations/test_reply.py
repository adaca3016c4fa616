"""Waiting for the reply to one entry, and cancelling it, against a real server."""

from __future__ import annotations

import asyncio
import json
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from producer import (
    EntryCancelled,
    EntryFailed,
    JournalClient,
    JournalResult,
    NoReply,
    NotAnswered,
    StoreFull,
    ValidationError,
)
from producer.connection import connect
from producer.operations.cancel import cancel
from producer.schemas import DeadReason
from producer.sealing import RESULT
from tests.producer.support import QUEUE, entries, publish_result, queued_ids
from worker.broker.claims import Claims
from worker.broker.records import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

    from producer import KeySet, Settings
    from worker.broker.records import Claimed

REPLY, SEEN = f"{QUEUE}.reply:", f"{QUEUE}.seen:"


def left(raw: redis.Redis) -> list[str]:
    """The keys that are there, but for what concerns no single entry."""
    return [key for key in raw.keys("*") if not key.endswith((".reaper", ".measured"))]


def run_on(raw: redis.Redis, operation: Any, replies: list[Any]) -> Any:
    """Go on with an operation whose last commands had these replies."""
    try:
        while True:
            commands = operation.send(replies)
            replies = [raw.execute_command(*command) for command in commands]
    except StopIteration as stop:
        return stop.value


class Worker:
    """Claims entries and answers them by the worker's own script, without models."""

    def __init__(self, settings: Settings, keys: KeySet) -> None:
        self._keys = keys
        self.claims = Claims(
            connect(SecretStr(settings.redis_url.get_secret_value())),
            queue=settings.queue,
            results=settings.results,
            dead=settings.dead,
            max_results=1000,
            reply_seconds=settings.reply_seconds,
        )

    def claim(self) -> Claimed:
        (claimed,) = self.claims.claim(1) or []
        return claimed

    def answer(self, claimed: Claimed, entry_id: str) -> bool:
        now = datetime.now(UTC)
        result = JournalResult(entry_id=entry_id, submitted_at=now, completed_at=now, model="m")
        sealed = self._keys.seal(result.encode(), kind=RESULT, entry_id=entry_id)
        return self.claims.settle([Answer(claimed.tag, "result", entry_id, "sealed", sealed)])[0]

    def bury(self, claimed: Claimed, entry_id: str) -> bool:
        reason = DeadReason.CLASSIFIER_FAILED
        answer = Answer(claimed.tag, "freed", entry_id, "letter", "letter", reason)
        return self.claims.settle([answer])[0]


@pytest.fixture
def worker(settings: Settings, keys: KeySet) -> Worker:
    return Worker(settings, keys)


async def test_a_reply_is_there_for_everyone_and_readers_get_the_result_as_well(
    either: Any, worker: Worker, raw: redis.Redis
) -> None:
    await either.submit("Soup again.", entry_id="a", reply=True)
    assert worker.answer(worker.claim(), "a")
    first, second = await either.result("a", timeout=0), await either.result("a")
    assert first == second
    assert first.entry_id == "a"
    assert [one.result for one in await either.receive()] == [first]
    assert 590 <= raw.ttl(REPLY + "a") <= 600


async def test_many_wait_for_one_entry_and_all_get_its_result(
    settings: Settings, keys: KeySet, worker: Worker, raw: redis.Redis, wait_until: Any
) -> None:
    with JournalClient(settings, keys) as client:
        client.submit("Soup again.", entry_id="a", reply=True)
        claimed = worker.claim()
        waits = [asyncio.to_thread(client.result, "a", timeout=20) for _ in range(5)]
        tasks = [asyncio.create_task(wait) for wait in waits]
        await asyncio.to_thread(wait_until, lambda: raw.info("clients")["blocked_clients"] == 5)
        assert worker.answer(claimed, "a")
        found = await asyncio.gather(*tasks)
    assert [result.entry_id for result in found] == ["a"] * 5


async def test_submit_and_wait_returns_the_result(
    either: Any, worker: Worker, raw: redis.Redis, wait_until: Any
) -> None:
    def work() -> None:
        wait_until(lambda: raw.llen(QUEUE))
        worker.answer(worker.claim(), "a")

    thread = threading.Thread(target=work)
    thread.start()
    result = await either.submit_and_wait("Soup again.", entry_id="a", timeout=20)
    thread.join()
    assert result.entry_id == "a"
    again = await either.submit_and_wait("Soup again.", entry_id="a", timeout=20)
    assert again == result
    assert raw.xlen("journal.results") == 1


async def test_a_duplicate_can_ask_for_a_reply_while_the_entry_waits(
    either: Any, worker: Worker
) -> None:
    await either.submit("Soup again.", entry_id="a")
    claimed = worker.claim()
    assert (await either.submit("Soup again.", entry_id="a", reply=True)).status == "duplicate"
    worker.answer(claimed, "a")
    assert (await either.result("a")).entry_id == "a"


async def test_a_duplicate_of_an_answered_entry_is_told_that_no_reply_comes(
    either: Any, worker: Worker
) -> None:
    await either.submit("Soup again.", entry_id="a")
    worker.answer(worker.claim(), "a")
    with pytest.raises(NoReply, match="none is to come"):
        await either.submit_and_wait("Soup again.", entry_id="a", timeout=5)


async def test_who_waits_is_told_when_it_takes_too_long_and_may_ask_again(
    either: Any, worker: Worker
) -> None:
    with pytest.raises(NotAnswered, match="in time"):
        await either.submit_and_wait("Soup again.", entry_id="a", timeout=0.05)
    worker.answer(worker.claim(), "a")
    assert (await either.result("a", timeout=0)).entry_id == "a"


async def test_who_waits_is_told_why_the_entry_is_dead(either: Any, worker: Worker) -> None:
    await either.submit("Soup again.", entry_id="a", reply=True)
    worker.bury(worker.claim(), "a")
    with pytest.raises(EntryFailed, match="classifier_failed") as caught:
        await either.result("a")
    assert caught.value.reason == DeadReason.CLASSIFIER_FAILED


async def test_an_entry_without_a_reply_costs_no_key(
    either: Any, worker: Worker, raw: redis.Redis
) -> None:
    await either.submit("Soup again.", entry_id="a")
    worker.answer(worker.claim(), "a")
    assert not raw.exists(REPLY + "a")
    with pytest.raises(NoReply):
        await either.result("a")


async def test_a_key_of_another_type_never_keeps_a_result_from_its_readers(
    either: Any, worker: Worker, raw: redis.Redis
) -> None:
    await either.submit("Soup again.", entry_id="a")
    raw.set(REPLY + "a", "not ours")
    raw.delete(SEEN + "a")
    raw.lpush(SEEN + "a", "not ours either")
    assert worker.answer(worker.claim(), "a")
    assert [one.result.entry_id for one in await either.receive()] == ["a"]


@pytest.mark.parametrize("method", ["result", "cancel"])
@pytest.mark.parametrize("entry_id", ["", "a b", "a\n", "ä", "a" * 129])
async def test_what_is_no_entry_id_is_refused(either: Any, method: str, entry_id: str) -> None:
    with pytest.raises(ValidationError, match="entry_id"):
        await getattr(either, method)(entry_id)


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


async def test_an_entry_that_expires_carries_the_time_in_its_message(
    either: Any, worker: Worker
) -> None:
    await either.submit("Soup again.", entry_id="a", expires=60)
    message = worker.claim().message
    expires = datetime.fromisoformat(json.loads(message)["headers"]["expires"])
    assert 50 < (expires - datetime.now(UTC)).total_seconds() <= 60


def test_publishing_without_the_worker_does_not_reply(
    settings: Settings, keys: KeySet, raw: redis.Redis, publish: Callable[..., None]
) -> None:
    publish_result(raw, keys, "a")
    with JournalClient(settings, keys) as client, pytest.raises(NoReply):
        client.result("a", timeout=0)
