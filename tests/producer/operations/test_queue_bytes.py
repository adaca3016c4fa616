"""The queue is bounded in bytes, and no call holds Redis for long, whatever an entry's length."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from producer import JournalClient, JournalEntry, KeySet, QueueFull, Settings
from producer.keys import keys_of
from producer.operations import submit
from producer.operations.dead_letters import REPLAY_BYTES, StoredLetter, replay
from producer.schemas import DeadLetter, DeadReason
from tests.producer.support import QUEUE, commands_of, entries, queued_ids

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

#: Room for a handful of short entries, and for none of 10,000 characters.
FEW_BYTES = 4000


def long_entries(count: int, text: str = "😢" * 50_000) -> list[JournalEntry]:
    return [JournalEntry(entry_id=f"long{i}", text=text) for i in range(count)]


@pytest.fixture
def small(redis_url: str) -> Settings:
    return Settings.load(redis_url=redis_url, max_queue_bytes=FEW_BYTES)


async def test_a_queue_that_is_full_by_bytes_says_so_with_receipts_of_what_went_in(
    open_client: Callable[..., Any], small: Settings, raw: redis.Redis
) -> None:
    ids = [f"e{i}" for i in range(10)]
    async with open_client(small) as client:
        with pytest.raises(QueueFull, match="the queue takes 4000 bytes") as caught:
            await client.submit_many(entries(*ids))
        assert [receipt.entry_id for receipt in caught.value.receipts] == queued_ids(raw)
        assert 1 < raw.llen(QUEUE) < 10
        assert raw.memory_usage(QUEUE, samples=0) <= FEW_BYTES
        # What did not go in may go in later.
        raw.delete(QUEUE)
        assert (await client.submit_many(entries("e9")))[0].status == "queued"


def test_an_empty_queue_has_room_for_one_entry_of_any_size(
    small: Settings, keys: KeySet, raw: redis.Redis
) -> None:
    with JournalClient(small, keys) as client:
        assert client.submit("x" * 10_000).status == "queued"
        with pytest.raises(QueueFull):
            client.submit("x")
        assert raw.llen(QUEUE) == 1


def test_no_limit_measures_nothing(redis_url: str, keys: KeySet, raw: redis.Redis) -> None:
    with JournalClient(Settings.load(redis_url=redis_url, max_queue_bytes=0), keys) as client:
        client.submit_many(entries("a", "b"))
    assert not raw.exists(keys_of(QUEUE).measured)


def test_what_other_producers_push_and_workers_take_is_seen_and_never_drifts(
    small: Settings, keys: KeySet, raw: redis.Redis
) -> None:
    """Neither of them tells anybody how many bytes came or went."""
    with JournalClient(small, keys) as client:
        client.submit("x", entry_id="first")
        raw.lpush(QUEUE, "y" * FEW_BYTES)
        forget_when_measured(raw)
        with pytest.raises(QueueFull):
            client.submit("x", entry_id="second")
        raw.rpop(QUEUE, 2)
        assert client.submit("x", entry_id="second").status == "queued"
        for i in range(20):
            raw.rpop(QUEUE)
            client.submit("x", entry_id=f"e{i}")
            told = int(raw.hget(keys_of(QUEUE).measured, "bytes") or 0)
            assert raw.memory_usage(QUEUE, samples=0) - 200 < told <= FEW_BYTES


def forget_when_measured(raw: redis.Redis) -> None:
    """Let the last measurement lie two seconds back."""
    name = keys_of(QUEUE).measured
    raw.hset(name, "at", float(raw.hget(name, "at") or 0) - 2.0)


def test_a_clock_that_went_back_measures_anew(
    small: Settings, keys: KeySet, raw: redis.Redis
) -> None:
    with JournalClient(small, keys) as client:
        raw.hset(keys_of(QUEUE).measured, mapping={"bytes": 10**9, "at": time.time() + 3600})
        assert client.submit("x").status == "queued"


def test_replaying_dead_letters_keeps_to_the_limit(
    small: Settings, keys: KeySet, raw: redis.Redis
) -> None:
    with JournalClient(small, keys) as client:
        client.submit("x")
    letters = []
    for i in range(5):
        letter = DeadLetter(entry_id=f"d{i}", reason=DeadReason.TIMED_OUT, sealed="s" * 1000)
        stream_id = raw.xadd("journal.dead", {"entry_id": f"d{i}", "letter": letter.encode()})
        letters.append(StoredLetter(str(stream_id), f"d{i}", letter))
    with pytest.raises(QueueFull, match="no room for 4 of 5"):
        execute_plain(raw, replay(small, letters))
    assert (raw.xlen("journal.dead"), raw.llen(QUEUE)) == (4, 2)


def execute_plain(raw: redis.Redis, operation: Any) -> Any:
    step = next(operation)
    try:
        while True:
            step = operation.send([raw.execute_command(*command) for command in step])  # type: ignore[no-untyped-call]
    except StopIteration as stop:
        return stop.value


def calls_of(operation: Any, answer: Callable[[int], Any], others: int) -> tuple[list[int], Any]:
    """How many arguments each call of an operation has but keys and `others`, and what it returns."""
    sizes: list[int] = []
    replies = None
    while True:
        try:
            (command,) = commands_of(operation, replies)
        except StopIteration as stop:
            return sizes, stop.value
        sizes.append(len(command) - 3 - int(command[2]) - others)
        replies = [answer(sizes[-1])]


def test_a_call_is_cut_by_bytes_as_well_as_by_entries(settings: Settings, keys: KeySet) -> None:
    operation = submit.submit(long_entries(5), keys, settings)
    sizes, receipts = calls_of(operation, lambda size: [0] * size, others=6)
    assert sizes == [2, 2, 1]
    assert [receipt.entry_id for receipt in receipts] == [f"long{i}" for i in range(5)]


def test_letters_that_are_replayed_are_cut_by_bytes(settings: Settings) -> None:
    letter = DeadLetter(entry_id="d", reason=DeadReason.TIMED_OUT, sealed="s" * (REPLAY_BYTES // 3))
    stored = [StoredLetter(f"{i}-0", "d", letter) for i in range(5)]
    sizes, replayed = calls_of(replay(settings, stored), lambda size: [size // 4, 0], others=4)
    assert (sizes, replayed) == ([8, 8, 4], 5)


def test_long_entries_hold_up_no_other_client(
    settings: Settings, keys: KeySet, raw: redis.Redis
) -> None:
    waits = []
    stopping = threading.Event()

    def ask() -> None:
        while not stopping.is_set():
            began = time.perf_counter()
            raw.ping()
            waits.append(time.perf_counter() - began)
            stopping.wait(0.002)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        with JournalClient(settings, keys) as client:
            client.submit_many(long_entries(64))
    finally:
        stopping.set()
        thread.join()
    assert len(waits) > 10
    assert max(waits) < 0.25  # about 0.02; in one call 0.4
