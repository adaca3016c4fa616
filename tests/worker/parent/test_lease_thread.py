"""The thread that renews and reaps: what it tells, and for how long it believes the event loop."""

from __future__ import annotations

import threading
import time

import pytest
import redis
from prometheus_client import CollectorRegistry

from worker.broker.claims import SILENT_SECONDS
from worker.broker.outages import Outages
from worker.monitoring.metrics import Metrics
from worker.parent.lease_thread import CATCH_UP_SECONDS, SILENT_LOOP_SECONDS, LeaseThread

LEASE = 40.0


class Store:
    """Remembers what was renewed and by which thread; fails as it is told to."""

    def __init__(self) -> None:
        self.renewed: list[list[str]] = []
        self.announced: list[int] = []
        self.lost: set[str] = set()
        #: Redis answers once it is set.
        self.answers = threading.Event()
        self.answers.set()
        self.requeued: list[list[str]] = []
        self.asked = threading.Event()
        self.threads: set[str] = set()
        self.error: Exception | None = None

    def renew(self, tags: list[str]) -> list[str]:
        self.renewed.append(tags)
        self._answer()
        return [tag for tag in tags if tag in self.lost]

    def announce(self, children: int) -> int:
        self.announced.append(children)
        self._answer()
        return 1

    def reap(self, lease_seconds: float) -> int:
        assert lease_seconds == LEASE
        self._answer()
        return 0

    def requeue(self, tags: tuple[str, ...]) -> int:
        self.requeued.append(list(tags))
        self._answer()
        return len(tags)

    def ping(self) -> None:
        self._answer()

    def _answer(self) -> None:
        self.threads.add(threading.current_thread().name)
        self.asked.set()
        self.answers.wait()
        if self.error is not None:
            raise self.error


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
    world.leases.hold(["a"], 1)
    world.leases.start()
    world.leases.start()
    assert world.store.asked.wait(10)
    assert world.store.threads == {"leases"}
    assert world.store.renewed == [["a"]]


def test_leases_are_renewed_while_the_event_loop_connects_again(world: World) -> None:
    world.leases.hold(["a"], 1)
    world.live(SILENT_LOOP_SECONDS - 1)
    renewals = len(world.store.renewed)
    assert renewals > 3
    world.live(10 * LEASE)
    assert len(world.store.renewed) - renewals <= 1, "an event loop that hangs kept its entries"


def test_leases_are_renewed_until_a_drain_ends(world: World) -> None:
    world.leases.hold(["a"], 1)
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
    world.leases.hold(["a"], 1)
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


def test_ready_children_are_announced_every_second_while_the_event_loop_runs(
    world: World,
) -> None:
    world.leases.hold([], 2)
    world.live(3)
    assert world.store.announced == [2] * 3
    world.live(10)
    assert len(world.store.announced) < SILENT_SECONDS, "others left a share to one that hangs"


def test_a_draining_worker_asks_for_no_share(world: World) -> None:
    world.leases.hold(["a"], 2)
    world.leases.drain()
    world.live(10)
    assert world.store.announced == [0] * 10


def test_lost_claims_are_told_to_the_event_loop_once(world: World) -> None:
    world.store.lost = {"a"}
    world.leases.hold(["a", "b"], 1)
    world.live(1)
    assert world.leases.take_lost() == {"a"}
    assert world.leases.take_lost() == set()


def test_after_a_standstill_all_that_is_held_is_renewed_before_a_dispatch(world: World) -> None:
    world.leases.hold(["a"], 1)
    world.live(1)
    world.now += LEASE + 1
    world.store.lost = {"b"}
    world.leases.start()
    world.leases.catch_up(lambda: ["a", "b"])  # b was claimed after the last tick
    assert world.store.renewed[-1] == ["a", "b"]
    assert world.leases.take_lost() == {"b"}


def test_a_dispatch_waits_for_no_renewal_that_is_not_needed_or_gets_no_answer(
    world: World,
) -> None:
    world.leases.hold(["a"], 1)
    world.live(1)
    begun = time.monotonic()
    world.leases.catch_up(lambda: pytest.fail("asked for nothing"))
    world.store.answers.clear()
    world.now += LEASE + 1
    world.leases.start()
    world.leases.catch_up(lambda: ["a"])
    assert time.monotonic() - begun < 2 * CATCH_UP_SECONDS
    world.store.error = redis.TimeoutError("no answer")
    world.store.answers.set()


def test_where_the_worker_is_has_been_noted_once_the_thread_is_started(world: World) -> None:
    class Neighbours:
        noted = 0

        def note(self) -> None:
            self.noted += 1

        def look(self) -> int:
            return 0

    world.leases.neighbours = watch = Neighbours()
    world.leases.start()
    world.leases.start()
    assert watch.noted == 1
