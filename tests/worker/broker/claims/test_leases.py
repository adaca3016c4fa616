"""Leases run out, and what was claimed comes back, counted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import redis

from tests.worker.broker.claims_support import (
    DELIVERIES,
    KEYS,
    LEASE_SECONDS,
    LEASES,
    QUEUE,
    Place,
    expire,
    leases_are_judged,
    numbered,
    open_claims,
    push,
    result,
)
from worker.broker.claims import MOST_BYTES, REAP_LIMIT, Claims

if TYPE_CHECKING:
    from collections.abc import Callable


def test_only_failed_deliveries_count_and_settling_clears_the_count(
    client: redis.Redis, claims: Claims
) -> None:
    push(client, b"one")
    for failed, deliveries in ((False, 1), (True, 1), (True, 2), (False, 3)):
        (one,) = claims.claim(1)
        assert one.deliveries == deliveries
        claims.requeue([one.tag], failed=failed)
    (one,) = claims.claim(1)
    assert claims.renew([one.tag], failed=True) == []
    assert list(Place(client).deliveries.values()) == [3]
    claims.settle([result(one.tag)])
    assert not client.exists(DELIVERIES)


def test_a_dead_worker_counts_as_a_failed_delivery(
    client: redis.Redis, claims: Claims, other: Claims
) -> None:
    push(client, b"one", b"two")
    expire(client, [one.tag for one in claims.claim(1)])
    assert other.reap(LEASE_SECONDS) == 1
    assert [(one.message, one.deliveries) for one in other.claim(2)] == [(b"one", 2), (b"two", 1)]


def test_a_count_of_one_message_is_not_anothers(client: redis.Redis, claims: Claims) -> None:
    push(client, b"failed", b"other")
    failed, other = claims.claim(2)
    claims.renew([failed.tag], failed=True)
    claims.settle([result(other.tag)])
    claims.requeue([failed.tag])
    assert [one.deliveries for one in claims.claim(2)] == [2]


def test_a_lease_that_is_renewed_is_not_reaped(
    redis_url: str, client: redis.Redis, wait_until: Callable[..., Any]
) -> None:
    alive, silent = open_claims(redis_url), open_claims(redis_url)
    push(client, b"kept", b"taken")
    (kept,), (taken,) = alive.claim(1), silent.claim(1)
    leases_are_judged(client)
    almost_over = client.time()[0] - LEASE_SECONDS + 2.0
    client.zadd(LEASES, dict.fromkeys((kept.tag, taken.tag), almost_over))

    def reaped() -> int:
        assert alive.renew([kept.tag]) == []
        return alive.reap(2.0)

    assert wait_until(reaped, "the silent worker's lease to end") == 1
    assert Place(client).queue == [b"taken"]
    assert silent.settle([result(taken.tag)]) == [False]
    assert alive.settle([result(kept.tag)]) == [True]


def test_a_lease_lasts_as_long_as_it_says(client: redis.Redis, claims: Claims) -> None:
    push(client, b"one")
    (one,) = claims.claim(1)
    seconds = client.time()[0]
    leases_are_judged(client)
    client.zadd(LEASES, {one.tag: seconds - 27})
    assert claims.reap(LEASE_SECONDS) == 0
    client.zadd(LEASES, {one.tag: seconds - 33})
    assert claims.reap(LEASE_SECONDS) == 1


def test_renewing_does_not_bring_a_lost_claim_back(
    client: redis.Redis, claims: Claims, other: Claims
) -> None:
    push(client, b"one")
    (one,) = claims.claim(1)
    expire(client, [one.tag])
    other.reap(LEASE_SECONDS)
    assert claims.renew([one.tag], failed=True) == [one.tag]
    place = Place(client)
    assert (place.queue, place.leases) == ([b"one"], set())
    assert list(place.deliveries.values()) == [1]


def test_reaping_keeps_the_order_of_claiming(client: redis.Redis, claims: Claims) -> None:
    push(client, *numbered(3))
    tags = [claims.claim(1)[0].tag for _ in range(3)]
    leases_are_judged(client)
    for age, tag in enumerate(tags):
        client.zadd(LEASES, {tag: 1.0 + age})
    assert claims.reap(LEASE_SECONDS) == 3
    assert Place(client).queue == numbered(3)


def test_a_crowd_of_lost_claims_comes_back_in_several_calls(
    client: redis.Redis, claims: Claims
) -> None:
    push(client, *numbered(REAP_LIMIT + 5))
    claimed = claims.claim(REAP_LIMIT + 5)
    expire(client, [one.tag for one in claimed])
    assert [claims.reap(LEASE_SECONDS) for _ in range(3)] == [REAP_LIMIT, 5, 0]
    assert sorted(Place(client).queue) == sorted(numbered(REAP_LIMIT + 5))


def test_workers_of_another_queue_leave_our_claims_alone(
    redis_url: str, client: redis.Redis, claims: Claims
) -> None:
    elsewhere = open_claims(redis_url, queue="journal.entries.de")
    push(client, b"one")
    expire(client, [claims.claim(1)[0].tag])
    assert elsewhere.reap(LEASE_SECONDS) == 0
    assert not client.exists("journal.entries.de")
    assert claims.reap(LEASE_SECONDS) == 1
    assert Place(client).queue == [b"one"]


def hold(client: redis.Redis, claims: Claims, count: int) -> list[str]:
    """The tags of this many claims that a worker has just made, while others look for dead ones."""
    push(client, *numbered(count))
    leases_are_judged(client)
    return [one.tag for one in claims.claim(count) or []]


def clock_jumps(client: redis.Redis, seconds: float) -> None:
    """Let the server's clock jump by so much: every time that was noted lies so much further off."""
    for tag, noted in client.zrange(LEASES, 0, -1, withscores=True):
        client.zadd(LEASES, {tag: noted - seconds})
    for field, noted in client.hgetall(KEYS.reaper).items():
        client.hset(KEYS.reaper, field, f"{float(noted) - seconds:.6f}")


@pytest.mark.parametrize("seconds", [20.0, 40.0, 3600.0, -20.0, -40.0, -3600.0])
def test_when_the_clock_jumps_no_live_claim_is_taken(
    client: redis.Redis, redis_url: str, claims: Claims, other: Claims, seconds: float
) -> None:
    tags = hold(client, claims, 100)
    clock_jumps(client, seconds)
    assert [one.reap(LEASE_SECONDS) for one in (other, claims, open_claims(redis_url))] == [0, 0, 0]
    assert claims.renew(tags) == []
    assert all(claims.settle([result(tag) for tag in tags]))


@pytest.mark.parametrize("seconds", [-3600.0, 3600.0])
def test_when_the_clock_has_jumped_the_dead_are_found_one_lease_later(
    client: redis.Redis, claims: Claims, other: Claims, seconds: float
) -> None:
    hold(client, claims, 3)
    clock_jumps(client, seconds)
    assert other.reap(LEASE_SECONDS) == 0
    clock_jumps(client, LEASE_SECONDS - 1)
    client.hset(KEYS.reaper, "ran", client.time()[0])  # others looked all the time
    assert other.reap(LEASE_SECONDS) == 0
    clock_jumps(client, 2)
    client.hset(KEYS.reaper, "ran", client.time()[0])
    assert other.reap(LEASE_SECONDS) == 3


def test_after_an_outage_a_fresh_worker_takes_no_live_claim(
    client: redis.Redis, redis_url: str, claims: Claims
) -> None:
    tags = hold(client, claims, 64)
    client.zadd(LEASES, dict.fromkeys(tags, client.time()[0] - 40.0))  # nobody could renew
    client.hset(KEYS.reaper, "ran", client.time()[0] - 40.0)  # nor look
    assert open_claims(redis_url).reap(LEASE_SECONDS) == 0
    assert claims.renew(tags) == []


def test_the_first_look_of_all_takes_nothing(client: redis.Redis, claims: Claims) -> None:
    push(client, b"one")
    (one,) = claims.claim(1) or []
    client.zadd(LEASES, {one.tag: 1.0})
    assert claims.reap(LEASE_SECONDS) == 0
    assert Place(client).claims


def test_renewing_tells_which_claims_are_lost(
    client: redis.Redis, claims: Claims, other: Claims
) -> None:
    first, second, third = hold(client, claims, 3)
    expire(client, [second])
    other.reap(LEASE_SECONDS)
    claims.settle([result(third)])
    assert claims.renew([first, second, third]) == [second, third]


def test_long_messages_come_back_in_several_calls(client: redis.Redis, claims: Claims) -> None:
    push(client, *([b"x" * (MOST_BYTES // 3)] * 5), b"y" * (2 * MOST_BYTES))
    tags = [claims.claim(1)[0].tag for _ in range(6)]
    leases_are_judged(client)
    for age, tag in enumerate(tags):
        client.zadd(LEASES, {tag: 1.0 + age})
    assert [claims.reap(LEASE_SECONDS) for _ in range(4)] == [3, 2, 1, 0]
    assert len(Place(client).queue) == 6


def test_a_hundred_thousand_orphans_hold_redis_for_moments_only(
    client: redis.Redis, claims: Claims, other: Claims
) -> None:
    message = b"x" * 1500
    for start in range(0, 20_000, 1000):
        push(client, *(message + b"%d" % i for i in range(start, start + 1000)))
    tags: list[str] = []
    while claimed := claims.claim(20_000, held=0):
        tags += [one.tag for one in claimed]
    expire(client, tags)
    slowest = 0.0
    while True:
        started = time.perf_counter()
        if not other.reap(LEASE_SECONDS):
            break
        slowest = max(slowest, time.perf_counter() - started)
    assert client.llen(QUEUE) == 20_000
    assert slowest < 0.5  # about 0.02 on an idle machine
