"""Fair among workers: what a claim takes at most, and who wakes for what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import redis
from pydantic import SecretStr

from producer.connection import connect
from tests.worker.broker.claims_support import (
    KEYS,
    LEASE_SECONDS,
    QUEUE,
    Place,
    numbered,
    open_claims,
    push,
)
from worker.broker.claims import MOST_BYTES, Claims

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def four(redis_url: str) -> list[Claims]:
    """Four workers with one ready child each."""
    found = [open_claims(redis_url) for _ in range(4)]
    for one in found:
        one.announce(1)
    return found


def sizes(workers: list[Claims], count: int = 128) -> list[int]:
    """How many messages each worker gets that claims once."""
    return [len(one.claim(count) or []) for one in workers]


def test_a_burst_is_shared_evenly(client: redis.Redis, four: list[Claims]) -> None:
    push(client, *numbered(128))
    assert sizes(four) == [32, 32, 32, 32]


def test_a_worker_with_more_children_takes_more(client: redis.Redis, four: list[Claims]) -> None:
    four[0].announce(5)
    push(client, *numbered(80))
    assert sizes(four) == [50, 10, 10, 10]


def test_a_long_queue_fills_every_worker(client: redis.Redis, four: list[Claims]) -> None:
    push(client, *numbered(1000))
    assert sizes(four, 64) == [64, 64, 64, 64]


def test_one_that_holds_its_share_leaves_the_rest_to_others(
    client: redis.Redis, four: list[Claims]
) -> None:
    push(client, *numbered(40))
    held = len(four[0].claim(40) or [])
    assert held == 10
    assert four[0].claim(40, held=held) == []
    assert len(Place(client).queue) == 30


def test_one_that_holds_nothing_always_gets_something(
    client: redis.Redis, four: list[Claims]
) -> None:
    push(client, b"one")
    assert sizes(four[3:]) == [1]


def test_a_worker_without_a_ready_child_has_no_share(
    client: redis.Redis, four: list[Claims]
) -> None:
    for one in four[1:]:
        one.announce(0)
    push(client, *numbered(100))
    assert sizes(four[:1]) == [100]


def test_a_silent_worker_is_forgotten(client: redis.Redis, four: list[Claims]) -> None:
    for worker in client.zrange(KEYS.workers, 0, -1)[:2]:
        client.zadd(KEYS.workers, {worker: client.time()[0] - 10.0})
    assert four[0].announce(1) in {2, 3}  # it may itself have been one of the silent
    assert client.zcard(KEYS.workers) == int(client.hget(KEYS.weights, ""))


def test_after_a_jump_of_the_clock_back_workers_are_counted_as_they_tell_again(
    client: redis.Redis, four: list[Claims]
) -> None:
    for worker in client.zrange(KEYS.workers, 0, -1):
        client.zadd(KEYS.workers, {worker: client.time()[0] + 3600.0})
    assert [one.announce(1) for one in four] == [1, 2, 3, 4]
    assert client.hget(KEYS.weights, "") == b"4"


def test_a_lone_worker_takes_all_whatever_it_holds(client: redis.Redis, claims: Claims) -> None:
    """A message that a child has settled is held until the parent has heard of it."""
    claims.announce(1)
    push(client, *numbered(5))
    assert len(claims.claim(10, held=64) or []) == 5


def test_a_claim_is_bounded_in_bytes_but_takes_one_of_any_size(
    client: redis.Redis, claims: Claims
) -> None:
    push(client, b"y" * (2 * MOST_BYTES), *([b"x" * (MOST_BYTES // 3)] * 5))
    assert sizes([claims] * 4) == [1, 3, 2, 0]


class Waiting:
    """Connections that wait as workers do, each until it has a message."""

    def __init__(self, url: str, count: int) -> None:
        pool = redis.ConnectionPool.from_url(url)
        self._connections = [pool.get_connection() for _ in range(count)]
        for one in self._connections:
            one.send_command("BLMOVE", QUEUE, KEYS.woken, "RIGHT", "LEFT", 0)

    def woken(self) -> int:
        """How many have a message."""
        return sum(one.can_read(timeout=0) for one in self._connections)

    def close(self) -> None:
        for one in self._connections:
            one.disconnect()


@pytest.fixture
def fifty(
    redis_url: str, client: redis.Redis, wait_until: Callable[..., None]
) -> Iterator[Waiting]:
    waiting = Waiting(redis_url, 50)
    wait_until(lambda: client.info("clients")["blocked_clients"] == 50, "all to wait")
    yield waiting
    waiting.close()


def test_each_message_wakes_one_worker_and_is_taken_in_order(
    client: redis.Redis, claims: Claims, fifty: Waiting, wait_until: Callable[..., None]
) -> None:
    for count in (1, 2, 3):
        push(client, b"message %d" % (count - 1))
        wait_until(lambda count=count: fifty.woken() == count, "one more to wake")
        assert client.info("clients")["blocked_clients"] == 50 - count
    assert client.llen(QUEUE) == 0
    assert [one.message for one in claims.claim(3) or []] == numbered(3)


def test_what_a_woken_worker_leaves_wakes_others(
    client: redis.Redis, four: list[Claims], fifty: Waiting, wait_until: Callable[..., None]
) -> None:
    push(client, *numbered(20))
    wait_until(lambda: fifty.woken() == 20, "as many to wake as messages came")
    assert sizes(four[:1]) == [5]
    # The other 15 are back, and each wakes one more.
    wait_until(lambda: fifty.woken() == 35, "others to wake")


def test_what_woke_a_worker_that_died_comes_back(
    client: redis.Redis, claims: Claims, fifty: Waiting, wait_until: Callable[..., None]
) -> None:
    push(client, *numbered(50))
    wait_until(lambda: fifty.woken() == 50, "all to wake")
    fifty.close()
    claims.reap(LEASE_SECONDS)
    assert Place(client).queue == numbered(50)


def test_a_workers_share_is_that_which_another_of_its_threads_announced(
    client: redis.Redis, redis_url: str, four: list[Claims]
) -> None:
    four[0].through(connect(SecretStr(redis_url))).announce(5)
    push(client, *numbered(80))
    assert sizes(four) == [50, 10, 10, 10]
