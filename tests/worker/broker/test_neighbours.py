"""What a worker held that has certainly ended on this host is requeued at once; all else waits."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import redis

from tests.worker.broker.claims_support import KEYS, numbered, open_claims, push
from tests.worker.broker.claims_support import Place as Stored
from worker.broker import neighbours
from worker.broker.claims import Claims
from worker.broker.neighbours import LOOK_SECONDS, SOON_SECONDS, Neighbours, Place

if TYPE_CHECKING:
    from collections.abc import Iterator


def here() -> Place:
    place = Place.of_this_process()
    assert place is not None
    return place


@pytest.fixture(scope="module")
def ended() -> Place:
    """The place of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return Place(here().host, process.pid, "1")


@pytest.fixture
def alive() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def claims(redis_url: str) -> Claims:
    return open_claims(redis_url)


@pytest.fixture
def successor(redis_url: str) -> Neighbours:
    return Neighbours(open_claims(redis_url), here())


def test_what_a_worker_held_that_has_ended_is_back_at_once_in_order_and_counted(
    client: redis.Redis, claims: Claims, ended: Place, successor: Neighbours
) -> None:
    push(client, *numbered(200))
    Neighbours(claims, ended).look()
    for count in (3, 100, 90):
        claims.claim(count)
    assert successor.look() == 193
    place = Stored(client)
    assert place.queue == numbered(200)
    assert not place.claims
    assert len(place.deliveries) == 193
    # Who held it is forgotten.
    assert client.hlen(f"{KEYS.host}{ended.host}") == 1


def test_a_worker_that_ended_before_it_ever_looked_has_noted_where_it_was(
    client: redis.Redis, claims: Claims, ended: Place, successor: Neighbours
) -> None:
    push(client, b"one")
    Neighbours(claims, ended).note()
    claims.claim(1)
    assert successor.look() == 1


def test_a_worker_that_is_alive_keeps_what_it_holds(
    client: redis.Redis, claims: Claims, alive: subprocess.Popen[bytes], successor: Neighbours
) -> None:
    started = neighbours._started(alive.pid)
    assert started is not None
    push(client, b"one")
    Neighbours(claims, Place(here().host, alive.pid, started)).look()
    claims.claim(1)
    assert successor.look() == 0
    assert len(Stored(client).claims) == 1


def test_another_process_with_the_same_id_is_another_worker(
    client: redis.Redis, claims: Claims, alive: subprocess.Popen[bytes], successor: Neighbours
) -> None:
    push(client, b"one")
    Neighbours(claims, Place(here().host, alive.pid, "1")).look()
    claims.claim(1)
    assert successor.look() == 1


def test_workers_of_another_host_or_container_are_left_to_their_leases(
    client: redis.Redis, claims: Claims, ended: Place, successor: Neighbours
) -> None:
    """A host of the same name with other namespaces, and with the same ids: containers."""
    push(client, b"one")
    Neighbours(claims, ended._replace(host="another")).look()
    claims.claim(1)
    assert successor.look() == 0
    assert len(Stored(client).claims) == 1


def test_one_that_was_heard_a_moment_ago_is_not_taken_for_dead(
    client: redis.Redis, redis_url: str, claims: Claims, ended: Place
) -> None:
    """Two machines that were copied from one share all by which a host is known."""
    now = 1000.0
    successor = Neighbours(open_claims(redis_url), here(), clock=lambda: now)
    push(client, b"one")
    Neighbours(claims, ended).look()
    claims.claim(1)
    claims.announce(1)
    assert successor.look() == 0
    now += SOON_SECONDS
    assert successor.look() == 0
    client.zincrby(KEYS.workers, -neighbours.QUIET_SECONDS, claims.worker)
    now += SOON_SECONDS
    assert successor.look() == 1
    now += LOOK_SECONDS / 2
    Neighbours(claims, ended).look()
    assert successor.look() == 0  # not its time
    assert client.hlen(f"{KEYS.host}{ended.host}") == 2


@pytest.mark.parametrize("told", ["", "x y", "-1 5", "0 5", "12", "²3 5", f"{'9' * 30} 5"])
def test_what_cannot_be_read_is_left_to_the_lease(
    client: redis.Redis, claims: Claims, successor: Neighbours, told: str
) -> None:
    push(client, b"one")
    claims.claim(1)
    client.hset(f"{KEYS.host}{here().host}", claims.worker, told)
    assert successor.look() == 0
    assert len(Stored(client).claims) == 1


def test_where_the_system_does_not_tell_who_we_are_nothing_is_noted(
    client: redis.Redis, claims: Claims, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getpid", lambda: 1)  # a /proc of another namespace
    assert Place.of_this_process() is None
    assert Neighbours(claims, None).look() == 0
    assert not client.keys("*host*")


def test_redis_that_does_not_answer_is_asked_again_later(claims: Claims) -> None:
    nowhere = open_claims("redis://127.0.0.1:1?socket_connect_timeout=0.1")
    assert Neighbours(nowhere, here()).look() == 0


def test_what_is_noted_of_a_host_does_not_stay_for_ever(
    client: redis.Redis, successor: Neighbours
) -> None:
    successor.look()
    assert 3000 < client.ttl(f"{KEYS.host}{here().host}") <= 3600
