"""Whether a worker is alive and ready, from its event loop, its batches and its children."""

from __future__ import annotations

from typing import Any

import pytest

from worker.monitoring.health import LOOP_SECONDS, Health


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def health(clock: Clock) -> Health:
    """Batches may take 100 s, so that one of 180 s is stuck."""
    return Health(100.0, clock)


def test_a_worker_is_ready_with_a_child_and_a_connection(health: Health) -> None:
    assert health.ready() == "no child has loaded its models yet"
    health.child_ready(17)
    assert health.ready() == "not connected to Redis"
    health.tick(running=0, finished=False)
    assert health.ready() is None
    health.children_alive({18})
    assert health.ready() == "no child has loaded its models yet"


def test_a_draining_worker_is_alive_and_not_ready(health: Health) -> None:
    health.child_ready(17)
    health.tick(running=3, finished=False)
    health.stopping()
    assert (health.alive(), health.ready()) == (None, "draining")


def test_a_worker_that_loads_models_is_alive(health: Health, clock: Clock) -> None:
    clock.now += 10_000
    assert health.alive() is None


def test_an_event_loop_that_hangs_is_noticed(health: Health, clock: Clock) -> None:
    health.child_ready(17)
    health.tick(running=0, finished=False)
    clock.now += LOOP_SECONDS - 1
    assert health.alive() is None
    clock.now += 2
    assert "31 s" in str(health.alive())
    assert health.ready() == health.alive()
    health.tick(running=0, finished=False)
    assert health.alive() is None


def ticks(health: Health, clock: Clock, seconds: int, **state: Any) -> None:
    for _ in range(seconds):
        clock.now += 1
        health.tick(**state)


def test_batches_that_never_come_back_are_noticed(health: Health, clock: Clock) -> None:
    health.tick(running=5, finished=False)
    ticks(health, clock, 180, running=5, finished=False)
    assert health.alive() is None
    ticks(health, clock, 1, running=5, finished=False)
    assert health.alive() == "no batch has come back for 181 s"


def test_a_worker_with_slow_batches_is_alive(health: Health, clock: Clock) -> None:
    for _ in range(10):
        ticks(health, clock, 150, running=5, finished=False)
        ticks(health, clock, 1, running=5, finished=True)
    assert health.alive() is None


def test_an_idle_worker_is_alive(health: Health, clock: Clock) -> None:
    ticks(health, clock, 150, running=5, finished=False)
    ticks(health, clock, 1000, running=0, finished=False)
    assert health.alive() is None


def test_a_worker_without_redis_is_alive_and_not_ready(health: Health, clock: Clock) -> None:
    health.child_ready(17)
    health.tick(running=5, finished=False)
    health.disconnected()
    clock.now += 10_000
    assert (health.alive(), health.ready()) == (None, "not connected to Redis")
    health.tick(running=5, finished=False)
    assert (health.alive(), health.ready()) == (None, None)
