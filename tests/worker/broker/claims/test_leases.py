"""Leases run out, and what was claimed comes back, counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import redis

from producer.message import CLAIMS
from tests.worker.broker.claims_support import (
    LEASE_SECONDS,
    Place,
    expire,
    numbered,
    open_claims,
    push,
    result,
)
from worker.broker.claims import DELIVERIES, LEASES, REAP_LIMIT, Claims

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
    assert claims.renew([one.tag], failed=True) == 1
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

    def reaped() -> int:
        assert alive.renew([kept.tag]) == 1
        return alive.reap(1)

    assert wait_until(reaped, "the silent worker's lease to end") == 1
    assert Place(client).queue == [b"taken"]
    assert silent.settle([result(taken.tag)]) == [False]
    assert alive.settle([result(kept.tag)]) == [True]


def test_a_lease_lasts_as_long_as_it_says(client: redis.Redis, claims: Claims) -> None:
    push(client, b"one")
    (one,) = claims.claim(1)
    seconds = client.time()[0]
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
    assert claims.renew([one.tag], failed=True) == 0
    place = Place(client)
    assert (place.queue, place.leases) == ([b"one"], set())
    assert list(place.deliveries.values()) == [1]


def test_reaping_keeps_the_order_of_claiming(client: redis.Redis, claims: Claims) -> None:
    push(client, *numbered(3))
    tags = [claims.claim(1)[0].tag for _ in range(3)]
    for age, tag in enumerate(tags):
        client.zadd(LEASES, {tag: 1.0 + age})
    assert claims.reap(LEASE_SECONDS) == 3
    assert Place(client).queue == numbered(3)


def test_a_crowd_of_lost_claims_comes_back_in_several_calls(
    client: redis.Redis, claims: Claims
) -> None:
    push(client, *numbered(REAP_LIMIT + 5))
    claimed = claims.claim(REAP_LIMIT + 5)
    client.zadd(LEASES, {one.tag: 1.0 for one in claimed})
    assert [claims.reap(LEASE_SECONDS) for _ in range(3)] == [REAP_LIMIT, 5, 0]
    assert sorted(Place(client).queue) == sorted(numbered(REAP_LIMIT + 5))


def test_claims_of_other_applications_stay_as_they_are(client: redis.Redis, claims: Claims) -> None:
    foreign = {f"{i:08d}-uuid": 1.0 for i in range(3)}
    for tag in foreign:
        client.hset(CLAIMS, tag, '[{"body": ""}, "celery", "celery"]')
    client.zadd(LEASES, foreign)
    push(client, b"one")
    expire(client, [claims.claim(1)[0].tag])
    assert claims.reap(LEASE_SECONDS) == 1
    place = Place(client)
    assert set(place.claims) == place.leases == set(foreign)
    assert place.queue == [b"one"]


def test_many_old_claims_of_other_applications_hide_none_of_ours(
    client: redis.Redis, claims: Claims
) -> None:
    client.zadd(LEASES, {f"{i:08d}-uuid": 1.0 for i in range(REAP_LIMIT + 10)})
    push(client, b"one")
    client.zadd(LEASES, {claims.claim(1)[0].tag: 2.0})
    claims.reap(LEASE_SECONDS)
    assert Place(client).queue == [b"one"]


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
