"""Messages that a Celery producer sent with a priority are taken in Celery's order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import celery
import redis

from tests.worker.broker.claims_support import KEYS, LEASE_SECONDS, QUEUE, open_claims
from worker.broker.claims import Claims

if TYPE_CHECKING:
    from collections.abc import Callable

LISTS = (QUEUE, *KEYS.of_priorities)


def fill(client: redis.Redis, counts: tuple[int, int, int, int]) -> list[bytes]:
    """Put so many messages on each list, lowest priority first; returns them in Celery's order."""
    expected = []
    for name, count in reversed(list(zip(LISTS, counts, strict=True))):
        messages = [b"%s %d" % (name.encode(), i) for i in range(count)]
        if messages:
            client.lpush(name, *messages)
        expected[:0] = messages
    return expected


def test_a_claim_takes_the_highest_priority_first_and_the_oldest_of_each(
    client: redis.Redis, claims: Claims
) -> None:
    expected = fill(client, (3, 40, 2, 2))
    taken: list[bytes] = []
    while len(taken) < len(expected):
        taken += [one.message for one in claims.claim(5) or []]
    assert taken == expected
    assert not client.exists(*LISTS)


def test_what_celery_itself_sends_is_taken_in_its_order(
    client: redis.Redis, redis_url: str, claims: Claims
) -> None:
    app = celery.Celery(broker=redis_url, set_as_current=False)
    for priority in (9, 7, 5, 0, 3):
        app.send_task("journal.classify", ["x"], queue=QUEUE, priority=priority)
    sent = [one.message for one in claims.claim(10) or []]
    numbers = [
        int(message.split(b'"priority": ')[1].split(b",")[0].strip(b"}")) for message in sent
    ]
    assert numbers[:1] == [0]
    assert [number // 3 for number in numbers] == [0, 1, 1, 2, 3]


def test_the_share_counts_what_has_a_priority(client: redis.Redis, redis_url: str) -> None:
    workers = [open_claims(redis_url) for _ in range(2)]
    for one in workers:
        one.announce(1)
    fill(client, (0, 5, 5, 10))
    assert [len(one.claim(20) or []) for one in workers] == [10, 10]


def test_a_worker_that_waits_is_woken_for_a_lower_priority_within_a_heartbeat(
    client: redis.Redis, redis_url: str, claims: Claims, wait_until: Callable[..., None]
) -> None:
    waiting = redis.Redis.from_url(redis_url).connection_pool.get_connection()
    try:
        waiting.send_command("BLMOVE", QUEUE, KEYS.woken, "RIGHT", "LEFT", 0)
        wait_until(lambda: client.info("clients")["blocked_clients"] == 1, "it to wait")
        (message,) = fill(client, (0, 0, 1, 0))
        claims.announce(1)
        assert waiting.read_response() == message
        (one,) = claims.claim(1) or []
        assert one.message == message
    finally:
        waiting.disconnect()


def test_the_next_of_a_lower_priority_wakes_the_next_worker(
    client: redis.Redis, claims: Claims
) -> None:
    first, second, third = fill(client, (1, 0, 0, 2))
    assert [one.message for one in claims.claim(1) or []] == [first]
    assert client.lrange(QUEUE, 0, -1) == [second]
    claims.reap(LEASE_SECONDS)
    assert client.lrange(KEYS.of_priorities[2], 0, -1) == [third]


def test_where_results_are_not_read_no_priority_is_taken(
    client: redis.Redis, redis_url: str
) -> None:
    paused = open_claims(redis_url, max_results=0)
    fill(client, (0, 1, 0, 0))
    assert paused.claim(5) is None
    assert client.llen(KEYS.of_priorities[0]) + client.llen(QUEUE) == 1
