"""Claims on real servers: Valkey, and Debian's Redis 7.0."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest
import redis
from redis.exceptions import OutOfMemoryError

from deploy.local.server import Server
from producer.message import encode_message
from tests.worker.claims_support import (
    DEAD,
    QUEUE,
    RESULTS,
    Place,
    dead,
    debian_redis,
    expire,
    open_claims,
    result,
)
from worker.claims import CLAIMS, DELIVERIES, LEASES, REAP_LIMIT, Claims

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="module", params=["valkey", "redis 7.0"])
def any_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    if request.param == "valkey":
        yield request.getfixturevalue("redis_server")
        return
    with debian_redis(tmp_path_factory.mktemp("debian-redis")) as server:
        yield server


@pytest.fixture
def url(any_server: Server) -> str:
    with redis.Redis.from_url(any_server.url) as client:
        client.flushall()
    return any_server.url


@pytest.fixture
def client(url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(url) as plain:
        yield plain


@pytest.fixture
def claims(url: str) -> Claims:
    return open_claims(url)


@pytest.fixture
def other(url: str) -> Claims:
    """Another worker."""
    return open_claims(url)


def push(client: redis.Redis, *messages: bytes) -> None:
    client.lpush(QUEUE, *messages)


def numbered(count: int) -> list[bytes]:
    return [b"message %d" % i for i in range(count)]


def test_messages_are_claimed_oldest_first_and_whole(client: redis.Redis, claims: Claims) -> None:
    push(client, *numbered(5))
    assert [one.message for one in claims.claim(3)] == numbered(5)[:3]
    assert [one.message for one in claims.claim(3)] == numbered(5)[3:]
    assert claims.claim(3) == []


def test_claiming_none_takes_none(client: redis.Redis, claims: Claims) -> None:
    push(client, b"one")
    assert claims.claim(0) == []
    assert Place(client).queue == [b"one"]


def test_no_two_claims_share_a_tag(client: redis.Redis, claims: Claims, other: Claims) -> None:
    push(client, *numbered(6))
    first = claims.claim(2) + claims.claim(2) + other.claim(2)
    claims.hand_back([one.tag for one in first])
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
        b"", b"\x00\xff\r\n", b'{"args": [], "empty": {}}', '"ünï" 😀'.encode(), b'","","x"]',
        b"x" * 500_000, encode_message("e1", "a.b.c.d.e"),
    ]  # fmt: skip
    push(client, *odd)
    claimed = claims.claim(10)
    assert [one.message for one in claimed] == odd
    claims.hand_back([one.tag for one in claimed])
    assert Place(client).queue == odd
    expire(client, [one.tag for one in claims.claim(10)])
    claims.reap()
    assert sorted(Place(client).queue) == sorted(odd)


def test_a_queue_of_any_name_keeps_its_bytes(client: redis.Redis, url: str) -> None:
    name = 'Einträge "für" alle 😀'
    claims = open_claims(url, queue=name)
    client.lpush(name, b"message")
    (one,) = claims.claim(1)
    claims.hand_back([one.tag], failed=True)
    assert Place(client, name).queue == [b"message"]
    (again,) = claims.claim(1)
    assert again.deliveries == 2


def test_claims_read_as_kombu_writes_them(client: redis.Redis, claims: Claims) -> None:
    message = encode_message("e1", "a.b.c.d.e")
    push(client, message)
    (one,) = claims.claim(1)
    payload, exchange, routing_key = json.loads(client.hget(CLAIMS, one.tag))
    assert payload == json.loads(message)
    assert (exchange, routing_key) == ("", QUEUE)


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
    assert other.reap() == 1
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


def test_settling_nothing_and_handing_back_nothing_ask_nothing(claims: Claims) -> None:
    assert (claims.settle([]), claims.hand_back([]), claims.renew([])) == ([], 0, 0)


def test_settling_unknown_tags_publishes_nothing(client: redis.Redis, claims: Claims) -> None:
    assert claims.settle([result("journal:nobody:1"), dead("")]) == [False, False]
    assert not client.exists(RESULTS, DEAD)


def test_handed_back_messages_are_next_in_the_order_they_had(
    client: redis.Redis, claims: Claims
) -> None:
    push(client, *numbered(6))
    claimed = claims.claim(4)
    assert claims.hand_back([one.tag for one in claimed]) == 4
    assert claims.hand_back([one.tag for one in claimed]) == 0
    assert [one.message for one in claims.claim(6)] == numbered(6)


def test_only_failed_deliveries_count_and_settling_clears_the_count(
    client: redis.Redis, claims: Claims
) -> None:
    push(client, b"one")
    for failed, deliveries in ((False, 1), (True, 1), (True, 2), (False, 3)):
        (one,) = claims.claim(1)
        assert one.deliveries == deliveries
        claims.hand_back([one.tag], failed=failed)
    (one,) = claims.claim(1)
    assert claims.renew([one.tag], failed=True) == 1
    assert list(Place(client).deliveries.values()) == [3]
    claims.settle([result(one.tag)])
    assert not client.exists(DELIVERIES)


def test_a_dead_worker_counts_as_a_failed_delivery(
    client: redis.Redis, claims: Claims, other: Claims
) -> None:
    push(client, b"one", b"two")
    expire(client, [one.tag for one in claims.claim(1)])
    assert other.reap() == 1
    assert [(one.message, one.deliveries) for one in other.claim(2)] == [(b"one", 2), (b"two", 1)]


def test_a_count_of_one_message_is_not_anothers(client: redis.Redis, claims: Claims) -> None:
    push(client, b"guilty", b"innocent")
    guilty, innocent = claims.claim(2)
    claims.renew([guilty.tag], failed=True)
    claims.settle([result(innocent.tag)])
    claims.hand_back([guilty.tag])
    assert [one.deliveries for one in claims.claim(2)] == [2]


def test_a_lease_that_is_renewed_is_not_reaped(
    url: str, client: redis.Redis, wait_until: Callable[..., Any]
) -> None:
    alive, silent = open_claims(url, lease_seconds=1), open_claims(url, lease_seconds=1)
    push(client, b"kept", b"taken")
    (kept,), (taken,) = alive.claim(1), silent.claim(1)

    def reaped() -> int:
        assert alive.renew([kept.tag]) == 1
        return alive.reap()

    assert wait_until(reaped, "the silent worker's lease to end") == 1
    assert Place(client).queue == [b"taken"]
    assert silent.settle([result(taken.tag)]) == [False]
    assert alive.settle([result(kept.tag)]) == [True]


def test_a_lease_lasts_as_long_as_it_says(client: redis.Redis, claims: Claims) -> None:
    push(client, b"one")
    (one,) = claims.claim(1)
    seconds = client.time()[0]
    client.zadd(LEASES, {one.tag: seconds - 27})
    assert claims.reap() == 0
    client.zadd(LEASES, {one.tag: seconds - 33})
    assert claims.reap() == 1


def test_renewing_does_not_bring_a_lost_claim_back(
    client: redis.Redis, claims: Claims, other: Claims
) -> None:
    push(client, b"one")
    (one,) = claims.claim(1)
    expire(client, [one.tag])
    other.reap()
    assert claims.renew([one.tag], failed=True) == 0
    place = Place(client)
    assert (place.queue, place.leases) == ([b"one"], set())
    assert list(place.deliveries.values()) == [1]


def test_reaping_keeps_the_order_of_claiming(client: redis.Redis, claims: Claims) -> None:
    push(client, *numbered(3))
    tags = [claims.claim(1)[0].tag for _ in range(3)]
    for age, tag in enumerate(tags):
        client.zadd(LEASES, {tag: 1.0 + age})
    assert claims.reap() == 3
    assert Place(client).queue == numbered(3)


def test_a_crowd_of_lost_claims_comes_back_in_several_calls(
    client: redis.Redis, claims: Claims
) -> None:
    push(client, *numbered(REAP_LIMIT + 5))
    claimed = claims.claim(REAP_LIMIT + 5)
    client.zadd(LEASES, {one.tag: 1.0 for one in claimed})
    assert [claims.reap() for _ in range(3)] == [REAP_LIMIT, 5, 0]
    assert sorted(Place(client).queue) == sorted(numbered(REAP_LIMIT + 5))


def test_claims_of_other_applications_stay_as_they_are(client: redis.Redis, claims: Claims) -> None:
    foreign = {f"{i:08d}-uuid": 1.0 for i in range(3)}
    for tag in foreign:
        client.hset(CLAIMS, tag, '[{"body": ""}, "celery", "celery"]')
    client.zadd(LEASES, foreign)
    push(client, b"one")
    expire(client, [claims.claim(1)[0].tag])
    assert claims.reap() == 1
    place = Place(client)
    assert set(place.claims) == place.leases == set(foreign)
    assert place.queue == [b"one"]


def test_many_old_claims_of_other_applications_hide_none_of_ours(
    client: redis.Redis, claims: Claims
) -> None:
    client.zadd(LEASES, {f"{i:08d}-uuid": 1.0 for i in range(REAP_LIMIT + 10)})
    push(client, b"one")
    client.zadd(LEASES, {claims.claim(1)[0].tag: 2.0})
    claims.reap()
    assert Place(client).queue == [b"one"]


def test_workers_of_another_queue_leave_our_claims_alone(
    url: str, client: redis.Redis, claims: Claims
) -> None:
    elsewhere = open_claims(url, queue="journal.entries.de")
    push(client, b"one")
    expire(client, [claims.claim(1)[0].tag])
    assert elsewhere.reap() == 0
    assert not client.exists("journal.entries.de")
    assert claims.reap() == 1
    assert Place(client).queue == [b"one"]


def test_unread_results_pause_claiming_until_they_are_read(url: str, client: redis.Redis) -> None:
    claims = open_claims(url, max_results=2)
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
        assert claims.hand_back([second.tag], failed=True) == 1
        assert claims.renew([third.tag]) == 1  # or its lease would end while it is worked on
        assert claims.reap() == 1
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


def test_a_refused_hand_back_leaves_the_claim(client: redis.Redis, claims: Claims) -> None:
    push(client, b"one")
    (one,) = claims.claim(1)
    client.set(QUEUE, "not a list")
    with pytest.raises(redis.ResponseError):
        claims.hand_back([one.tag])
    client.delete(QUEUE)
    assert claims.hand_back([one.tag]) == 1
