"""Waiting for the reply to one entry, against a real server."""

from __future__ import annotations

import asyncio
import json
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from producer import (
    EntryFailed,
    JournalClient,
    NoReply,
    NotAnswered,
    ValidationError,
)
from producer.schemas import DeadReason
from tests.producer.answering import Worker
from tests.producer.support import QUEUE, publish_result

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

    from producer import KeySet, Settings

REPLY, SEEN = f"{QUEUE}.reply:", f"{QUEUE}.seen:"


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
