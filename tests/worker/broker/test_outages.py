"""What is told of an outage of Redis, and how often."""

from __future__ import annotations

import logging

import pytest
import redis
from celery.worker import state

from worker.broker.outages import CALM_SECONDS, EXIT_REFUSED, Outages, Use

GONE = redis.ConnectionError("gone")
OUT_OF_MEMORY = redis.exceptions.OutOfMemoryError("secretpassword")


class World:
    """Outages with a clock of their own."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.outages = Outages(clock=lambda: self.now)

    def calm(self) -> None:
        self.now += CALM_SECONDS
        self.outages.look()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> World:
    monkeypatch.setattr(state, "should_stop", None)
    caplog.set_level(logging.INFO)
    return World()


def test_an_outage_is_one_line_at_its_start_and_one_at_its_end(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    for use in (Use.LEASES, Use.CONNECTION, Use.LEASES):
        world.now += 10
        world.outages.failed(use, GONE)
    assert len(caplog.messages) == 1
    for use in Use:
        world.outages.works(use)
    world.outages.look()
    assert len(caplog.messages) == 1
    world.calm()
    world.calm()
    first, last = caplog.messages
    assert "Redis cannot be reached" in first
    assert last == "Redis works again after 20.0 s"


def test_what_works_for_a_moment_and_fails_again_is_the_same_outage(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.outages.failed(Use.LEASES, GONE)
    world.outages.works(Use.LEASES)
    world.now += CALM_SECONDS / 2
    world.outages.failed(Use.CONNECTION, GONE)
    world.calm()
    assert len(caplog.messages) == 1


def test_the_problem_is_told_until_all_works(world: World) -> None:
    assert world.outages.problem() is None
    world.outages.failed(Use.CONNECTION, redis.exceptions.ReadOnlyError("READONLY"))
    world.outages.failed(Use.CONNECTION, GONE)  # what came of it
    assert "READONLY" in str(world.outages.problem())
    world.outages.works(Use.CONNECTION)
    assert world.outages.problem() is None


def test_a_redis_without_memory_can_be_drained(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.outages.failed(Use.WAITING, OUT_OF_MEMORY)
    assert world.outages.problem() is None
    assert "out of memory" in caplog.text
    assert "secretpassword" not in caplog.text


@pytest.mark.parametrize(
    "error",
    [
        redis.exceptions.AuthenticationError("secretpassword"),
        redis.ResponseError("WRONGPASS secretpassword"),
        redis.exceptions.NoPermissionError("secretpassword"),
    ],
)
def test_a_refused_login_or_permission_stops_the_worker_and_is_told_once(
    world: World, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    world.outages.failed(Use.CONNECTION, error)
    world.outages.failed(Use.LEASES, error)
    assert state.should_stop == EXIT_REFUSED
    (line,) = caplog.messages
    assert line.endswith("leaving")
    assert "secretpassword" not in line
