"""Lanes from the side of a producer: what goes where, what is full, and what the counts tell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from producer import JournalClient, QueueFull, ValidationError
from producer.dead_letters import DeadLetters
from producer.keys import ONE_LANE, Lane, parse_lanes
from producer.message import decode_message
from producer.schemas import DeadLetter, DeadReason
from producer.settings import Settings
from tests.producer.answering import Worker
from tests.producer.support import QUEUE, entries
from worker.broker.records import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import redis

    from producer import KeySet

BULK = f"{QUEUE}.lane:bulk"


@pytest.fixture
def lanes(settings: Settings) -> Settings:
    return settings.model_copy(update={"lanes": "interactive=8,bulk=1", "max_queue_entries": 10})


@pytest.fixture
def client(lanes: Settings, keys: KeySet) -> Iterator[JournalClient]:
    with JournalClient(lanes, keys) as opened:
        yield opened


def ids_in(raw: redis.Redis, name: str) -> list[str]:
    found = [json.loads(message)["headers"] for message in raw.lrange(name, 0, -1)]
    return [headers["id"] for headers in reversed(found)]


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("interactive=8,bulk=1", (0.5, 0.5)),
        (" interactive = 8 : 30% , bulk = 1 ", (0.3, 0.7)),
        ("a=1:10%,b=2,c=3:50%", (0.1, 0.4, 0.5)),
    ],
)
def test_lanes_have_a_weight_and_a_share_of_the_room(text: str, shares: tuple[float, ...]) -> None:
    lanes = parse_lanes(text)
    assert [lane.share for lane in lanes.all] == pytest.approx(shares)


def test_without_a_setting_there_is_one_lane() -> None:
    assert Settings.model_fields["lanes"].default == ""
    assert parse_lanes("") == ONE_LANE == (Lane("default", 1, 1.0), ())


@pytest.mark.parametrize(
    "text", ["bulk", "bulk=0", "Bulk=1", "a=1,a=2", "a=1:0%", "a=1:60%,b=1:50%", "a=1:100%,b=1"]
)
def test_lanes_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="lane"):
        parse_lanes(text)


async def test_both_clients_name_a_lane(
    open_client: Callable[..., Any], lanes: Settings, raw: redis.Redis
) -> None:
    async with open_client(lanes) as either:
        await either.submit_many(entries("a", "b"))
        await either.submit("Soup again.", entry_id="c", lane="bulk")
        await either.submit("Soup again.", entry_id="d", lane="interactive")
        with pytest.raises(ValidationError, match="interactive, bulk"):
            await either.submit("Soup again.", lane="no such lane")
        status = await either.status()
    assert (ids_in(raw, QUEUE), ids_in(raw, BULK)) == (["a", "b", "d"], ["c"])
    assert (status.ready, status.lanes) == (4, {"interactive": 3, "bulk": 1})


def test_the_first_of_an_empty_queue_wakes_a_worker_and_counts_in_its_lane(
    client: JournalClient, raw: redis.Redis
) -> None:
    client.submit_many(entries("a", "b"), lane="bulk")
    assert (ids_in(raw, QUEUE), ids_in(raw, BULK)) == (["a"], ["b"])
    assert client.status().lanes == {"interactive": 0, "bulk": 2}


def test_only_the_lane_that_is_full_refuses_entries(client: JournalClient) -> None:
    client.submit("Soup again.")
    with pytest.raises(QueueFull, match="the lane bulk holds 5 entries") as caught:
        client.submit_many(entries(*"abcdef"), lane="bulk")
    assert (caught.value.lane, len(caught.value.receipts)) == ("bulk", 5)
    client.submit("Soup again.")
    assert client.status().lanes == {"interactive": 2, "bulk": 5}


def test_a_lane_has_bytes_of_its_own(lanes: Settings, keys: KeySet) -> None:
    few = lanes.model_copy(update={"max_queue_bytes": 10_000, "max_queue_entries": 1000})
    with JournalClient(few, keys) as client:
        with pytest.raises(QueueFull, match="bulk takes 5000 bytes") as caught:
            client.submit_many(entries(*(f"b{i}" for i in range(50))), lane="bulk")
        assert caught.value.lane == "bulk"
        client.submit("Soup again.")


def test_an_entry_is_a_duplicate_in_whatever_lane_it_was(client: JournalClient) -> None:
    client.submit("Soup again.", entry_id="a", lane="bulk")
    assert client.submit("Soup again.", entry_id="a").status == "duplicate"


@pytest.mark.parametrize("claimed", [False, True])
def test_an_entry_is_cancelled_in_whatever_lane_it_is(
    client: JournalClient, lanes: Settings, keys: KeySet, raw: redis.Redis, claimed: bool
) -> None:
    client.submit_many(entries("a", "b"), lane="bulk")
    if claimed:
        Worker(lanes, keys).claims.claim(2)
    assert client.cancel("b")
    assert not client.cancel("b")
    assert client.status().ready + client.status().claimed == 1
    assert not raw.exists(BULK)


def test_a_dead_letter_is_replayed_into_its_lane(
    client: JournalClient, lanes: Settings, keys: KeySet, raw: redis.Redis
) -> None:
    worker = Worker(lanes, keys)
    client.submit("Soup again.", entry_id="urgent")
    client.submit_many(entries("a"), lane="bulk")
    reason = DeadReason.WORKER_LOST
    for claimed in worker.claims.claim(2) or []:
        entry_id, sealed = decode_message(claimed.message)
        letter = DeadLetter.of(entry_id, reason, sealed)
        answer = Answer(claimed.tag, "freed", letter.entry_id, "letter", letter.encode(), reason)
        assert worker.claims.settle([answer]) == [True]
    letters = DeadLetters(lanes)
    assert letters.replay(letters) == 2
    assert client.status().lanes == {"interactive": 1, "bulk": 1}


def test_parked_entries_of_a_lane_count_and_are_given_up(
    client: JournalClient, lanes: Settings, keys: KeySet, raw: redis.Redis
) -> None:
    from producer.jwe_form import encode_key_id

    client.submit("Soup again.", entry_id="a", lane="bulk")
    (message,) = (raw.rpop(QUEUE),)
    raw.lpush(f"{BULK}.parked", f"{encode_key_id('lost')} {message}")
    assert client.status().parked == 1
    letters = DeadLetters(lanes)
    assert letters.abandon("lost") == 1
    (stored,) = letters
    assert (stored.entry_id, stored.lane) == ("a", "bulk")
