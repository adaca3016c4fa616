"""kombu's own keys: other applications use them, and earlier versions kept claims there."""

from __future__ import annotations

import time

import redis

from tests.worker.broker.claims_support import (
    KEYS,
    LEASE_SECONDS,
    QUEUE,
    Place,
    leases_are_judged,
    open_claims,
    push,
)
from worker.broker.claims import ADOPT_LIMIT, KOMBU_CLAIMS, KOMBU_LEASES, Claims


def claimed_before(client: redis.Redis, *tags: str, queue: str = QUEUE, ago: float = 1e9) -> None:
    """Claims as an earlier version left them, with leases that were renewed so long ago."""
    for tag in tags:
        client.hset(KOMBU_CLAIMS, tag, f'[message of {tag},"","{queue}"]')
        client.zadd(KOMBU_LEASES, {tag: client.time()[0] - ago})


def test_what_dead_workers_of_an_earlier_version_held_comes_back(
    client: redis.Redis, claims: Claims
) -> None:
    claimed_before(client, "journal:a:0:1", "journal:a:0:2")
    claimed_before(client, "journal:b:0:1", ago=10.0)  # its worker lives
    leases_are_judged(client)
    assert claims.reap(LEASE_SECONDS) == 2
    assert client.hkeys(KOMBU_CLAIMS) == client.zrange(KOMBU_LEASES, 0, -1) == [b"journal:b:0:1"]
    found = sorted((one.message, one.deliveries) for one in claims.claim(10) or [])
    assert found == [(b"message of journal:a:0:1", 2), (b"message of journal:a:0:2", 2)]


def test_after_an_outage_live_workers_of_an_earlier_version_keep_what_they_hold(
    client: redis.Redis, claims: Claims
) -> None:
    claimed_before(client, "journal:a:0:1")
    assert claims.reap(LEASE_SECONDS) == 0
    assert client.hlen(KOMBU_CLAIMS) == 1


def test_claims_of_other_applications_and_queues_stay_and_count_nothing(
    client: redis.Redis, claims: Claims
) -> None:
    claimed_before(client, "00000001-uuid", "00000002-uuid", queue="celery")
    claimed_before(client, "journal:a:0:1", queue="journal.entries.de")
    push(client, b"one")
    claims.claim(1)
    leases_are_judged(client)
    assert claims.reap(LEASE_SECONDS) == 0
    assert client.hlen(KOMBU_CLAIMS) == client.zcard(KOMBU_LEASES) == 3
    place = Place(client)
    assert (place.queue, len(place.claims)) == ([], 1)


def test_many_claims_of_other_applications_cost_little_and_hide_none_of_ours(
    client: redis.Redis, claims: Claims
) -> None:
    foreign = {f"{i:08d}-uuid": 1.0 for i in range(20 * ADOPT_LIMIT)}
    client.zadd(KOMBU_LEASES, foreign)
    claimed_before(client, "journal:a:0:1")
    leases_are_judged(client)
    back, slowest = 0, 0.0
    for _ in range(40):
        started = time.perf_counter()
        back += claims.reap(LEASE_SECONDS)
        slowest = max(slowest, time.perf_counter() - started)
    assert back == 1
    assert slowest < 0.25  # about 0.001 on an idle machine


def test_two_queues_on_one_database_share_nothing(
    client: redis.Redis, redis_url: str, claims: Claims
) -> None:
    elsewhere = open_claims(redis_url, queue="journal.entries.de")
    assert not {*claims.keys.names} & {*elsewhere.keys.names}
    push(client, b"one", b"two")
    claims.claim(1)
    elsewhere.announce(4)
    assert [one.message for one in claims.claim(1) or []] == [b"two"]
    assert elsewhere.reap(LEASE_SECONDS) == 0
    assert client.exists(KEYS.claims)
    assert not client.exists("journal.entries.de")
