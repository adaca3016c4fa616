"""When a worker looks for what dead workers held, and when it does not trust what it sees."""

from __future__ import annotations

import redis

from worker.broker.leases import REAP_SECONDS, Reaper

LEASE = 40.0


class Leases:
    """Tells how often it was asked; nobody answers while there is an error."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: Exception | None = None

    def reap(self, lease_seconds: float) -> int:
        assert lease_seconds == LEASE
        self.asked += 1
        if self.error is not None:
            raise self.error
        return 7


class World:
    """A reaper with a clock of its own, asked once a second."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.leases = Leases()
        self.reaper = Reaper(self.leases, LEASE, clock=lambda: self.now)

    def live(self, seconds: float) -> int:
        """How often it looked in this time."""
        before = self.leases.asked
        for _ in range(int(seconds)):
            self.now += 1.0
            self.reaper.look()
        return self.leases.asked - before


def test_it_looks_at_once_and_then_every_few_seconds() -> None:
    world = World()
    assert world.reaper.look() == 7
    assert world.live(60) == 60 / REAP_SECONDS


def test_after_an_outage_the_living_have_a_lease_to_give_signs_of_life() -> None:
    world = World()
    world.reaper.look()
    world.now += LEASE  # not asked at all: the event loop waits for the connection
    assert world.live(LEASE) == 0
    assert world.live(2 * REAP_SECONDS) > 0


def test_so_they_have_when_redis_answers_nothing() -> None:
    world = World()
    world.reaper.look()
    world.leases.error = redis.ConnectionError("gone")
    assert world.live(LEASE / 2) > 0
    world.leases.error = None
    assert world.live(LEASE) <= 1
    assert world.live(3 * REAP_SECONDS) > 0


def test_a_short_interruption_changes_nothing() -> None:
    world = World()
    world.reaper.look()
    world.now += LEASE / 4
    assert world.reaper.look() == 7
