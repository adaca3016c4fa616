"""Lanes are claimed in turn by weight, none starves, and every message goes back to its own."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from producer.keys import keys_of, parse_lanes
from producer.message import encode_message
from tests.worker.broker.claims_support import (
    CLAIMS,
    KEYS,
    LEASE_SECONDS,
    QUEUE,
    expire,
    open_claims,
    push,
)
from worker.broker.records import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import redis

    from worker.broker.claims import Claims

LANES = parse_lanes("interactive=8,bulk=1")
BULK = keys_of(QUEUE, LANES).lane("bulk")


@pytest.fixture
def claims(redis_url: str) -> Claims:
    return open_claims(redis_url, lanes=LANES)


def bulk(*names: str) -> list[bytes]:
    return [encode_message(name, "a.b.c.d.e", lane="bulk") for name in names]


def fill(client: redis.Redis, interactive: int, of_bulk: int) -> None:
    """Put so many messages into each lane."""
    if interactive:
        push(client, *(b"message %d" % i for i in range(interactive)))
    if of_bulk:
        client.lpush(BULK.queue, *bulk(*(f"b{i}" for i in range(of_bulk))))


def taken(claims: Claims, count: int, most_bytes: float = 1e9) -> Counter[str]:
    """How many a claim takes of each lane; they are settled, so that they count for no share."""
    found = claims.claim(count, most_bytes=most_bytes) or []
    claims.client.delete(CLAIMS, KEYS.leases)
    return Counter(one.tag.partition("@")[2] for one in found)


@pytest.mark.parametrize("size", [1, 7, 64])
def test_full_lanes_are_claimed_in_proportion_to_their_weights(
    client: redis.Redis, claims: Claims, size: int
) -> None:
    fill(client, 1000, 1000)
    total: Counter[str] = Counter()
    while sum(total.values()) < 800:
        total += taken(claims, size)
    assert total[""] / total["bulk"] == pytest.approx(8, rel=0.1)


def test_what_a_claim_leaves_because_of_its_bytes_keeps_its_turn(
    client: redis.Redis, claims: Claims
) -> None:
    fill(client, 0, 300)
    push(client, *([b"m" * 600] * 900))
    total: Counter[str] = Counter()
    for _ in range(200):
        total += taken(claims, 64, most_bytes=2500)
    assert total[""] / total["bulk"] == pytest.approx(8, rel=0.1)


def test_a_flood_delays_no_entry_of_another_lane(client: redis.Redis, claims: Claims) -> None:
    fill(client, 0, 10_000)
    for _ in range(5):
        assert taken(claims, 64) == {"bulk": 64}
    push(client, b"urgent")
    first, *_ = claims.claim(64) or []
    assert first.message == b"urgent"


def test_an_empty_lane_leaves_its_turns_to_others_and_saves_none_up(
    client: redis.Redis, claims: Claims
) -> None:
    fill(client, 500, 0)
    assert taken(claims, 400) == {"": 400}
    fill(client, 0, 500)
    assert taken(claims, 90)["bulk"] == 10


def test_each_lane_has_room_of_its_own_in_messages_and_in_bytes(
    client: redis.Redis, claims: Claims
) -> None:
    fill(client, 20, 20)
    rooms = {"": (5, 1e6), "bulk": (0, 1e6)}
    tags = [one.tag for one in claims.claim(5, rooms=rooms) or []]
    assert Counter(tag.partition("@")[2] for tag in tags) == {"": 5}
    rooms = {"": (9, 25), "bulk": (3, 1e6)}  # of messages with nine bytes
    tags = [one.tag for one in claims.claim(12, rooms=rooms) or []]
    assert Counter(tag.partition("@")[2] for tag in tags) == {"": 2, "bulk": 3}


def test_what_woke_a_worker_goes_first_in_its_lane(client: redis.Redis, claims: Claims) -> None:
    fill(client, 2, 1)
    client.lmove(QUEUE, KEYS.woken, "RIGHT", "LEFT")
    client.lpush(KEYS.woken, *bulk("woke"))
    found = [one.message for one in claims.claim(4) or []]
    assert [one for one in found if one.startswith(b"message")] == [b"message 0", b"message 1"]
    assert [b"woke" in one for one in found if one.startswith(b"{")] == [True, False]


def test_within_a_lane_the_oldest_is_taken_first(client: redis.Redis, claims: Claims) -> None:
    fill(client, 5, 5)
    everything = [one.message for one in claims.claim(10) or []]
    assert [one for one in everything if one.startswith(b"message")] == [
        b"message %d" % i for i in range(5)
    ]
    ids = [one.split(b'"id":"')[1].split(b'"')[0] for one in everything if one.startswith(b"{")]
    assert ids == [b"b%d" % i for i in range(5)]


def _requeue(client: redis.Redis, claims: Claims, tags: Sequence[str]) -> None:
    del client
    claims.requeue(tags)


def _reap(client: redis.Redis, claims: Claims, tags: Sequence[str]) -> None:
    expire(client, tags)
    claims.reap(LEASE_SECONDS)


def _park(client: redis.Redis, claims: Claims, tags: Sequence[str]) -> None:
    claims.settle([Answer(tag, "parked", "e", "", "a2V5") for tag in tags])
    assert (client.llen(KEYS.parked), client.llen(BULK.parked)) == (2, 2)
    assert claims.unpark(["a2V5"]) == (4, [])


@pytest.mark.parametrize("give_back", [_requeue, _reap, _park])
def test_a_message_goes_back_to_the_end_of_its_own_lane_that_is_taken_next(
    client: redis.Redis,
    claims: Claims,
    give_back: Callable[[redis.Redis, Claims, Sequence[str]], None],
) -> None:
    fill(client, 2, 2)
    before = [client.lrange(name, 0, -1) for name in (QUEUE, BULK.queue)]
    found = claims.claim(4) or []
    assert [one.tag.partition("@")[2] for one in found].count("bulk") == 2
    give_back(client, claims, [one.tag for one in found])
    assert [client.lrange(name, 0, -1) for name in (QUEUE, BULK.queue)] == before


def test_a_dead_letter_tells_the_lane(client: redis.Redis, claims: Claims) -> None:
    fill(client, 0, 1)
    (one,) = claims.claim(1) or []
    claims.settle([Answer(one.tag, "freed", "b0", "letter", "{}", "malformed")])
    ((_, fields),) = client.xrange("journal.dead")
    assert fields[b"lane"] == b"bulk"


def test_one_message_of_another_lane_wakes_one_worker_that_waits(
    client: redis.Redis, claims: Claims, redis_url: str, wait_until: Callable[..., None]
) -> None:
    waiting = [open_claims(redis_url).client.connection_pool.get_connection() for _ in range(2)]
    try:
        for one in waiting:
            one.send_command("BLMOVE", QUEUE, KEYS.woken, "RIGHT", "LEFT", 0)
        wait_until(lambda: client.info("clients")["blocked_clients"] == 2, "both to wait")
        fill(client, 0, 1)
        claims.announce(1)
        wait_until(lambda: client.info("clients")["blocked_clients"] == 1, "one to be woken")
        (found,) = claims.claim(2) or []
        assert found.tag.endswith("@bulk")
        assert client.info("clients")["blocked_clients"] == 1
        assert not client.exists(KEYS.woken, QUEUE, BULK.queue)
    finally:
        for one in waiting:
            one.disconnect()


def test_each_message_of_another_lane_wakes_the_next_worker(
    client: redis.Redis, claims: Claims, redis_url: str, wait_until: Callable[..., None]
) -> None:
    fill(client, 0, 2)
    waiting = open_claims(redis_url).client.connection_pool.get_connection()
    try:
        waiting.send_command("BLMOVE", QUEUE, KEYS.woken, "RIGHT", "LEFT", 0)
        wait_until(lambda: client.info("clients")["blocked_clients"] == 1, "it to wait")
        claims.claim(1)
        assert b'"lane":"bulk"' in waiting.read_response()
    finally:
        waiting.disconnect()


def test_a_worker_of_one_lane_takes_what_woke_it_and_loses_nothing(
    client: redis.Redis, claims: Claims, redis_url: str
) -> None:
    old = open_claims(redis_url)
    fill(client, 1, 2)
    claims.claim(1)  # the first of the other lane joins the queue
    (one,) = old.claim(9) or []
    assert b'"lane":"bulk"' in one.message
    old.requeue([one.tag])
    assert [found.tag.partition("@")[2] for found in claims.claim(9) or []] == ["bulk", "bulk"]


def test_a_message_whose_claim_was_not_answered_is_found_by_its_tag_again(
    client: redis.Redis, claims: Claims
) -> None:
    fill(client, 2, 2)
    found = claims.claim(4) or []
    assert {one.tag for one in found} <= set(claims.last_tags(4))
    assert claims.requeue(claims.last_tags(4)) == 4


def test_a_worker_tells_once_of_a_lane_that_it_does_not_know(
    client: redis.Redis, claims: Claims, redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    old = open_claims(redis_url)
    fill(client, 1, 2)
    claims.claim(0)  # as a submit does, it notes which lanes there are
    for _ in range(2):
        claims.announce(1)
        old.announce(1)
    assert (old.unknown_lanes.count, claims.unknown_lanes.count) == (1, 0)
    assert [record.getMessage().rpartition(": ")[2] for record in caplog.records] == ["bulk"]
    client.delete(BULK.queue)
    old.announce(1)
    assert old.unknown_lanes.count == 0


def test_workers_with_and_without_lanes_share_a_queue_and_lose_nothing(
    client: redis.Redis, claims: Claims, redis_url: str
) -> None:
    old = open_claims(redis_url)
    fill(client, 4, 4)
    found = claims.claim(6) or []
    expire(client, [one.tag for one in found])
    assert old.reap(LEASE_SECONDS) == 6  # each into its own lane
    assert client.llen(QUEUE) + client.llen(BULK.queue) == 8
    theirs, ours = old.claim(9) or [], claims.claim(9) or []
    messages = {one.message for one in (*theirs, *ours)}
    assert len(messages) == len(theirs) + len(ours) == 8
