"""Claiming, settling, requeueing."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import redis
from redis.exceptions import OutOfMemoryError

from deploy.local.server import Server
from producer.message import encode_message
from tests.worker.broker.claims_support import (
    CLAIMS,
    DEAD,
    LEASE_SECONDS,
    LEASES,
    QUEUE,
    RESULTS,
    Place,
    dead,
    debian_redis,
    expire,
    numbered,
    open_claims,
    push,
    result,
)
from worker.broker.claims import Claims


def test_messages_are_claimed_oldest_first_and_whole(client: redis.Redis, claims: Claims) -> None:
    push(client, *numbered(5))
    assert [one.message for one in claims.claim(3)] == numbered(5)[:3]
    assert [one.message for one in claims.claim(3)] == numbered(5)[3:]
    assert claims.claim(3) == []


def test_a_claim_asked_again_overwrites_nothing_when_its_first_message_was_cancelled(
    client: redis.Redis, claims: Claims, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(client, *numbered(5))
    ask = claims.client.execute_command

    def twice(*command: Any) -> Any:
        first = ask(*command)
        client.hdel(CLAIMS, first[0])  # what a cancel does before the command is repeated
        client.zrem(LEASES, first[0])
        return ask(*command)

    claims.claim(0)  # the server knows the script
    monkeypatch.setattr(claims.client, "execute_command", twice)
    assert [one.message for one in claims.claim(3)] == numbered(5)[1:3]
    place = Place(client)
    assert sorted([*place.queue, *place.claims.values()]) == numbered(5)[1:]


def test_claiming_none_takes_none(client: redis.Redis, claims: Claims) -> None:
    push(client, b"one")
    assert claims.claim(0) == []
    assert Place(client).queue == [b"one"]


def test_no_two_claims_share_a_tag(client: redis.Redis, claims: Claims, other: Claims) -> None:
    push(client, *numbered(6))
    first = claims.claim(2) + claims.claim(2) + other.claim(2)
    claims.requeue([one.tag for one in first])
    assert len({one.tag for one in first + claims.claim(6)}) == 12


def test_a_claim_asked_again_after_a_lost_reply_answers_the_same(
    client: redis.Redis, claims: Claims, monkeypatch: pytest.MonkeyPatch
) -> None:
    """redis-py sends a command again when a connection breaks before the answer is read."""
    push(client, *numbered(6))
    monkeypatch.setattr(claims, "_numbers", itertools.repeat(7))
    first = claims.claim(3)
    assert claims.claim(3) == first
    place = Place(client)
    assert place.queue == numbered(6)[3:]
    assert len(place.claims) == 3


def test_bytes_come_back_as_they_were(client: redis.Redis, claims: Claims) -> None:
    odd = [
        b"",
        b"\x00\xff\r\n",
        b'{"args": [], "empty": {}}',
        '"ünï" 😀'.encode(),
        b'","","x"]',
        b"x" * 500_000,
        encode_message("e1", "a.b.c.d.e"),
    ]
    push(client, *odd)
    claimed = claims.claim(10)
    assert [one.message for one in claimed] == odd
    claims.requeue([one.tag for one in claimed])
    assert Place(client).queue == odd
    expire(client, [one.tag for one in claims.claim(10)])
    claims.reap(LEASE_SECONDS)
    assert sorted(Place(client).queue) == sorted(odd)


def test_a_queue_of_any_name_keeps_its_bytes(client: redis.Redis, redis_url: str) -> None:
    name = 'Einträge "für" alle 😀'
    claims = open_claims(redis_url, queue=name)
    client.lpush(name, b"message")
    (one,) = claims.claim(1)
    claims.requeue([one.tag], failed=True)
    assert Place(client, name).queue == [b"message"]
    (again,) = claims.claim(1)
    assert again.deliveries == 2


def test_thousands_are_claimed_at_once_and_none_is_lost(
    client: redis.Redis, claims: Claims
) -> None:
    # Lua's unpack gives up at about 8,000 values, and a script has no rollback.
    count = 10_000
    for start in range(0, count, 1000):
        push(client, *(b"%d" % i for i in range(start, start + 1000)))
    assert len(claims.claim(count)) == count
    place = Place(client)
    assert (len(place.queue), len(place.claims), len(place.leases)) == (0, count, count)


def test_a_result_is_published_once_and_only_by_who_holds_the_claim(
    client: redis.Redis, claims: Claims, other: Claims
) -> None:
    push(client, b"one")
    (lost,) = claims.claim(1)
    expire(client, [lost.tag])
    assert other.reap(LEASE_SECONDS) == 1
    (held,) = other.claim(1)
    assert claims.settle([result(lost.tag, "late")]) == [False]
    assert other.settle([result(held.tag, "e1"), result(held.tag, "e1")]) == [True, False]
    assert other.settle([result(held.tag, "e1")]) == [False]
    place = Place(client)
    assert place.results == [b"e1"]
    assert (place.queue, place.claims, place.leases) == ([], {}, set())


def test_results_and_dead_letters_go_to_their_streams(client: redis.Redis, claims: Claims) -> None:
    push(client, b"good", b"bad")
    good, bad = claims.claim(2)
    assert claims.settle([result(good.tag, "good"), dead(bad.tag, "bad")]) == [True, True]
    ((_, published),) = client.xrange(RESULTS)
    assert published == {b"entry_id": b"good", b"sealed": b"answer to good"}
    ((_, letter),) = client.xrange(DEAD)
    assert letter == {b"entry_id": b"bad", b"letter": b"letter of bad"}


def test_settling_nothing_and_requeueing_nothing_ask_nothing(claims: Claims) -> None:
    assert (claims.settle([]), claims.requeue([]), claims.renew([])) == ([], 0, [])


def test_settling_unknown_tags_publishes_nothing(client: redis.Redis, claims: Claims) -> None:
    assert claims.settle([result("journal:nobody:1"), dead("")]) == [False, False]
    assert not client.exists(RESULTS, DEAD)


def test_requeued_messages_are_next_in_the_order_they_had(
    client: redis.Redis, claims: Claims
) -> None:
    push(client, *numbered(6))
    claimed = claims.claim(4)
    assert claims.requeue([one.tag for one in claimed]) == 4
    assert claims.requeue([one.tag for one in claimed]) == 0
    assert [one.message for one in claims.claim(6)] == numbered(6)


def test_unread_results_pause_claiming_until_they_are_read(
    redis_url: str, client: redis.Redis
) -> None:
    claims = open_claims(redis_url, max_results=2)
    push(client, *numbered(3))
    first, second = claims.claim(2)
    claims.settle([result(first.tag), result(second.tag)])
    assert claims.claim(1) is None
    assert Place(client).queue == [b"message 2"]
    client.xtrim(RESULTS, maxlen=1, approximate=False)
    assert [one.message for one in claims.claim(1) or []] == [b"message 2"]


@pytest.mark.parametrize("program", ["valkey", "redis 7.0"])
def test_out_of_memory_loses_nothing_and_work_goes_on(program: str, tmp_path: Any) -> None:
    server = Server(directory=tmp_path) if program == "valkey" else debian_redis(tmp_path)
    with server, redis.Redis.from_url(server.url) as client:
        claims = open_claims(server.url)
        push(client, *numbered(6))
        first, second, third, fourth = claims.claim(4)
        expire(client, [fourth.tag])
        client.config_set("maxmemory", "1")
        with pytest.raises(OutOfMemoryError):
            push(client, b"refused")
        assert claims.settle([result(first.tag, "first")]) == [True]
        assert claims.requeue([second.tag], failed=True) == 1
        assert claims.renew([third.tag]) == []  # or its lease would end while it is worked on
        assert claims.reap(LEASE_SECONDS) == 1
        (again,) = claims.claim(1)
        assert again.message == fourth.message
        client.config_set("maxmemory", "0")
        place = Place(client)
        assert place.results == [b"first"]
        assert sorted([*place.queue, third.message, again.message]) == numbered(6)[1:]
        assert set(place.claims) == place.leases == {third.tag, again.tag}


def test_a_refused_publication_leaves_the_claim(client: redis.Redis, claims: Claims) -> None:
    push(client, b"one")
    (one,) = claims.claim(1)
    client.set(DEAD, "not a stream")
    with pytest.raises(redis.ResponseError):
        claims.settle([dead(one.tag)])
    client.delete(DEAD)
    assert claims.settle([dead(one.tag)]) == [True]


def test_a_refused_claim_leaves_the_queue(client: redis.Redis, claims: Claims) -> None:
    push(client, b"one")
    client.set(CLAIMS, "not a hash")
    with pytest.raises(redis.ResponseError):
        claims.claim(1)
    assert client.lrange(QUEUE, 0, -1) == [b"one"]


def test_a_refused_requeue_leaves_the_claim(client: redis.Redis, claims: Claims) -> None:
    push(client, b"one")
    (one,) = claims.claim(1)
    client.set(QUEUE, "not a list")
    with pytest.raises(redis.ResponseError):
        claims.requeue([one.tag])
    client.delete(QUEUE)
    assert claims.requeue([one.tag]) == 1
