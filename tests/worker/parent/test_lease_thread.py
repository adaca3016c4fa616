"""The thread that renews and reaps: what it tells, and for how long it believes the event loop."""

from __future__ import annotations

import threading

import pytest
import redis
from prometheus_client import CollectorRegistry

from worker.broker.outages import Outages
from worker.monitoring.metrics import Metrics
from worker.parent.lease_thread import SILENT_LOOP_SECONDS, LeaseThread

LEASE = 40.0


class Store:
    """Remembers what was renewed and by which thread; fails as it is told to."""

    def __init__(self) -> None:
        self.renewed: list[list[str]] = []
        self.requeued: list[list[str]] = []
        self.asked = threading.Event()
        self.threads: set[str] = set()
        self.error: Exception | None = None

    def renew(self, tags: list[str]) -> int:
        self.renewed.append(tags)
        return self._answer(len(tags))

    def reap(self) -> int:
        return self._answer(0)

    def requeue(self, tags: tuple[str, ...]) -> int:
        self.requeued.append(list(tags))
        return self._answer(len(tags))

    def ping(self) -> None:
        self._answer(0)

    def _answer(self, answer: int) -> int:
        self.threads.add(threading.current_thread().name)
        self.asked.set()
        if self.error is not None:
            raise self.error
        return answer


class World:
    """A lease thread over a store, with a clock that does as it is told."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.store = Store()
        self.outages = Outages()
        self.leases = LeaseThread(
            self.store,
            LEASE,
            outages=self.outages,
            metrics=Metrics(CollectorRegistry()),
            clock=lambda: self.now,
        )

    def live(self, seconds: float) -> None:
        for _ in range(int(seconds)):
            self.now += 1.0
            self.leases.work()


@pytest.fixture
def world() -> World:
    return World()


def test_redis_is_asked_on_a_thread_of_its_own(world: World) -> None:
    world.leases.hold(["a"])
    world.leases.start()
    world.leases.start()
    assert world.store.asked.wait(10)
    assert world.store.threads == {"leases"}
    assert world.store.renewed == [["a"]]


def test_leases_are_renewed_while_the_event_loop_connects_again(world: World) -> None:
    world.leases.hold(["a"])
    world.live(SILENT_LOOP_SECONDS - 1)
    renewals = len(world.store.renewed)
    assert renewals > 3
    world.live(10 * LEASE)
    assert len(world.store.renewed) - renewals <= 1, "an event loop that hangs kept its entries"


def test_leases_are_renewed_until_a_drain_ends(world: World) -> None:
    world.leases.hold(["a"])
    world.leases.drain()
    world.live(10 * LEASE)
    assert len(world.store.renewed) == pytest.approx(40, abs=2)


def test_a_silent_redis_is_a_problem_until_it_answers(world: World) -> None:
    world.store.error = redis.TimeoutError("no answer")
    world.live(1)
    assert "Redis cannot be reached" in str(world.outages.problem())
    world.live(20)
    world.store.error = None
    world.live(1)
    assert world.outages.problem() is None


def test_a_redis_that_answers_and_refuses_is_a_problem_until_it_does_what_is_asked(
    world: World,
) -> None:
    world.leases.hold(["a"])
    world.store.error = redis.ResponseError("NOREPLICAS")
    world.live(5)
    assert "NOREPLICAS" in str(world.outages.problem())
    world.store.error = None
    world.live(1)
    assert world.outages.problem() is None


def test_what_the_event_loop_could_not_requeue_goes_back_when_redis_answers(world: World) -> None:
    world.store.error = redis.TimeoutError("no answer")
    world.live(1)
    world.leases.requeue_later(["a", "b"])
    world.leases.requeue_later([])
    world.live(10)
    assert world.store.requeued == []  # not before it answers something
    world.store.error = None
    world.live(10)
    # Twice, as Redis may execute a claim that was given up after the first.
    assert world.store.requeued == [["a", "b"]] * 2
