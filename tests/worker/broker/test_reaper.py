"""When a worker looks for what dead workers held; Redis judges what it may take."""

from __future__ import annotations

import redis

from worker.broker.leases import REAP_CALLS, REAP_SECONDS, Reaper

LEASE = 40.0


class Leases:
    """Has some claims of dead workers, and tells how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.batches: list[int] = []
        self.error: Exception | None = None

    def reap(self) -> int:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return self.batches.pop() if self.batches else 0


class World:
    """A reaper with a clock of its own, asked once a second."""

    def __init__(self, lease: float = LEASE) -> None:
        self.now = 1000.0
        self.leases = Leases()
        self.reaper = Reaper(self.leases, lease, clock=lambda: self.now)

    def live(self, seconds: float) -> int:
        """How often it asked in this time."""
        before = self.leases.asked
        for _ in range(int(seconds)):
            self.now += 1.0
            self.reaper.look()
        return self.leases.asked - before


def test_it_looks_at_once_and_then_every_few_seconds() -> None:
    world = World()
    world.leases.batches = [7]
    assert world.reaper.look() == 7
    assert world.live(60) == 60 / REAP_SECONDS


def test_it_looks_often_enough_within_a_short_lease() -> None:
    assert World(lease=8.0).live(60) == 60 / 2


def test_while_there_is_more_it_goes_on_but_leaves_others_time() -> None:
    world = World()
    world.leases.batches = [1000] * (REAP_CALLS + 2)
    assert world.reaper.look() == 1000 * REAP_CALLS
    assert world.live(1) == 3
    assert world.live(REAP_SECONDS - 1) == 0


def test_what_redis_refused_is_asked_for_again_at_the_next_look() -> None:
    world = World()
    world.leases.error = redis.ConnectionError("gone")
    assert world.live(3) == 3
    world.leases.error = None
    assert world.live(REAP_SECONDS) == 1
