"""When a worker renews the leases of its claims."""

from __future__ import annotations

import redis

from worker.broker.leases import LeaseRenewer

LEASE = 40.0


class Leases:
    """Remembers what was renewed; refuses while there is an error."""

    def __init__(self) -> None:
        self.renewed: list[list[str]] = []
        self.error: Exception | None = None
        self.lost: set[str] = set()

    def renew(self, tags: list[str]) -> list[str]:
        if self.error is not None:
            raise self.error
        self.renewed.append(tags)
        return [tag for tag in tags if tag in self.lost]


class World:
    """A renewer with a clock of its own, asked once a second for what is held."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.held = ["b", "a"]
        self.asked = 0
        self.leases = Leases()
        self.renewer = LeaseRenewer(self.leases, LEASE, clock=lambda: self.now)

    def tags(self) -> list[str]:
        self.asked += 1
        return self.held

    def live(self, seconds: int) -> None:
        for _ in range(seconds):
            self.renewer.renew(self.tags)
            self.now += 1.0


def test_leases_are_renewed_at_once_and_then_four_times_before_they_end() -> None:
    world = World()
    world.live(int(LEASE))
    assert world.leases.renewed == [["a", "b"]] * 4


def test_what_is_held_is_asked_for_only_when_it_is_time() -> None:
    world = World()
    world.live(int(LEASE))
    assert world.asked == 4


def test_a_claim_that_is_told_twice_is_renewed_once_and_what_is_new_is_renewed_too() -> None:
    world = World()
    world.live(1)
    world.held = ["c", "a", "c"]
    world.live(int(LEASE / 4))
    assert world.leases.renewed == [["a", "b"], ["a", "c"]]


def test_what_redis_refused_is_renewed_as_soon_as_it_answers() -> None:
    world = World()
    world.live(1)
    world.leases.error = redis.ConnectionError("gone")
    world.live(int(LEASE / 2))
    world.leases.error = None
    world.live(1)
    assert len(world.leases.renewed) == 2
    world.live(5)
    assert len(world.leases.renewed) == 2


def test_lost_claims_are_told() -> None:
    world = World()
    world.leases.lost = {"a"}
    assert world.renewer.renew(world.tags) == ["a"]
    assert world.renewer.renew(world.tags) == []  # not asked again so soon


def test_renewing_is_overdue_once_leases_may_have_ended() -> None:
    world = World()
    assert not world.renewer.overdue  # nothing was ever held
    world.live(1)
    world.now += LEASE
    assert world.renewer.overdue
    world.live(1)
    assert not world.renewer.overdue
