"""The supervisor: leases of everything held, children that do not come up, a pool that stands."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from celery.worker import state

import worker.parent.supervisor as module
from tests.worker.parent.batch_support import Desk, names
from worker.celery_internals import worker_stops
from worker.monitoring.health import Health
from worker.parent.lease_thread import LeaseThread
from worker.parent.supervisor import (
    ACCEPT_SECONDS,
    EXIT_TRY_AGAIN,
    MOST_FAILED_STARTS,
    NO_CHILD_SECONDS,
    Supervisor,
)

LEASE = 40.0
MODEL = {"name": "m", "version": "1", "precision": "fp32", "device": "cpu"}


class Claims:
    """Remembers what was renewed and requeued; another worker's entries come back once."""

    queue = "journal.entries"

    def __init__(self) -> None:
        self.renewed: list[list[str]] = []
        self.requeued: list[str] = []
        self.reaped = [7]
        self.announced: list[int] = []
        self.lost: set[str] = set()

    def renew(self, tags: list[str]) -> list[str]:
        self.renewed.append(tags)
        return [tag for tag in tags if tag in self.lost]

    def announce(self, children: int) -> int:
        self.announced.append(children)
        return 1

    def requeue(self, tags: list[str]) -> int:
        self.requeued += tags
        return len(tags)

    def reap(self, lease_seconds: float) -> int:
        assert lease_seconds == LEASE
        return self.reaped.pop() if self.reaped else 0

    def ping(self) -> None:
        pass


class World:
    """A supervisor over a desk, with a consumer, children and a clock that do as they are told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, desk: Desk) -> None:
        self.desk = desk
        self.now = 1000.0
        self.children: list[int] = []
        self.left: list[int] = []
        self.claims = Claims()
        self.consumed = [self.claims.queue]
        self.health = Health(120.0, clock=lambda: self.now)
        self.made: list[Any] = []
        self.consumer = SimpleNamespace(
            pool=SimpleNamespace(
                maintain_pool=lambda: None,
                _pool=SimpleNamespace(_pool=[]),
            ),
            timer=SimpleNamespace(call_repeatedly=self.call_repeatedly),
            task_consumer=SimpleNamespace(channel=desk.channel, consuming_from=self.consumed.count),
        )
        self.timers: list[tuple[float, Any]] = []
        self.leases = LeaseThread(
            self.claims,
            LEASE,
            outages=desk.outages,
            metrics=desk.metrics,
            clock=lambda: self.now,
        )
        self.supervisor = Supervisor(
            self.claims,
            leases=self.leases,
            outages=desk.outages,
            health=self.health,
            metrics=desk.metrics,
            dispatcher_for=self.dispatcher_for,
        )
        clock = SimpleNamespace(monotonic=lambda: self.now)
        monkeypatch.setattr(module, "time", clock)
        monkeypatch.setattr("worker.parent.dispatcher.time", clock)
        monkeypatch.setattr(module.os, "_exit", self.left.append)
        monkeypatch.setattr(state, "should_stop", None)
        self.supervisor.connected(self.consumer)

    def dispatcher_for(self, consumer: Any) -> Any:
        self.made.append(consumer)
        return self.desk.dispatcher

    def call_repeatedly(self, seconds: float, function: Any, arguments: tuple[Any, ...]) -> Any:
        timer = (seconds, function)
        self.timers.append(timer)
        return SimpleNamespace(cancel=lambda: self.timers.remove(timer))

    def fork(self, *pids: int, ready: bool = True) -> None:
        """From now on the pool has these children."""
        self.consumer.pool._pool._pool[:] = [SimpleNamespace(pid=pid) for pid in pids]
        self.supervisor.look(self.consumer)
        for pid in pids if ready else ():
            self.supervisor.child_ready(pid, MODEL)

    def live(self, seconds: float) -> None:
        for _ in range(int(seconds)):
            self.now += 1.0
            self.supervisor.tick(self.consumer)
            self.supervisor.look(self.consumer)
            self.leases.work()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, desk: Desk) -> World:
    return World(monkeypatch, desk)


def test_the_leases_of_all_that_is_held_are_renewed(world: World) -> None:
    """What waits, what is with a child, and what kombu delivered and nobody took yet."""
    world.fork(11)
    world.desk.add(*names(6))
    world.desk.turn()
    qos = world.desk.channel.qos
    for tag in ("delivered", "acknowledged"):
        qos.add("a message", tag)
    qos.remove("acknowledged")
    world.live(1)
    assert world.claims.renewed == [sorted([*(f"tag-{name}" for name in names(6)), "delivered"])]
    qos.clear()


def test_every_worker_announces_its_ready_children_from_its_start(world: World) -> None:
    world.live(1)
    world.fork(11, 12)
    world.live(1)
    world.supervisor.drain()
    world.live(1)
    assert world.claims.announced == [0, 2, 0]


def test_what_waits_and_was_lost_is_dropped_before_a_child_computes_it(world: World) -> None:
    world.fork(11)
    world.desk.add(*names(6))
    job = world.desk.take()
    world.claims.lost = {f"tag-{name}" for name in ("e0", "e4")}
    world.live(2)  # the thread finds out, and the next tick drops it
    assert world.desk.outcome("lease_lost") == 1  # the child that has e0 will find out itself
    job.answer()
    assert world.desk.jobs() == [["e5"]]


def test_after_a_standstill_leases_are_renewed_before_anything_is_dispatched(world: World) -> None:
    """The reports of children are read before timers fire."""
    world.fork(11)
    world.desk.add(*names(6))
    job = world.desk.take()
    world.live(1)
    world.now += LEASE + 1  # SIGSTOP, and the child went on
    world.claims.lost = {"tag-e4", "tag-e5"}
    world.leases.start()
    job.answer()
    assert world.desk.jobs() == []
    assert world.desk.outcome("lease_lost") == 2


def test_without_a_consumer_the_leases_of_batches_are_renewed_still(world: World) -> None:
    """It has none while it reconnects."""
    world.fork(11)
    world.desk.add("e0")
    world.consumer.task_consumer = None
    world.live(1)
    assert world.claims.renewed == [["tag-e0"]]


def test_entries_of_dead_workers_are_requeued_and_counted(world: World) -> None:
    world.live(1)
    assert world.desk.sample("journal_redeliveries_total") == 7


def test_a_reconnection_keeps_the_dispatcher_and_forgets_what_waited(world: World) -> None:
    world.supervisor.receive(world.desk.entry("e0"))
    world.supervisor.connected(world.consumer)
    assert world.made == [world.consumer]
    assert world.desk.jobs() == []


def test_a_lost_connection_requeues_what_no_child_accepted(world: World) -> None:
    world.fork(11)
    world.supervisor.receive(world.desk.entry("e0"))
    world.desk.turn()
    world.live(1)
    assert world.health.ready() is None
    world.supervisor.disconnected()
    world.desk.time_passes()
    assert world.desk.claims.requeued == ["tag-e0"]
    assert world.health.ready() == "not connected to Redis"


def test_each_connection_has_its_timers_and_not_those_of_the_last(world: World) -> None:
    world.supervisor.started(world.consumer)
    first = list(world.timers)
    world.supervisor.started(world.consumer)
    assert len(world.timers) == len(first) == 2
    assert not set(map(id, first)) & set(map(id, world.timers))


def test_a_draining_worker_begins_nothing_and_says_so(world: World) -> None:
    world.fork(11)
    world.supervisor.drain()
    world.supervisor.receive(world.desk.entry("e0"))
    assert world.desk.jobs() == []
    assert world.health.ready() == "draining"


def fail_starts(world: World, count: int) -> None:
    for pid in range(100, 100 + count):
        world.fork(pid, ready=False)
    world.fork(ready=False)


def test_a_worker_leaves_after_too_many_failed_starts_in_a_row(world: World) -> None:
    fail_starts(world, MOST_FAILED_STARTS - 1)
    assert not worker_stops()
    fail_starts(world, 1)
    assert state.should_stop == EXIT_TRY_AGAIN


def test_a_child_that_comes_up_ends_the_row(world: World) -> None:
    fail_starts(world, MOST_FAILED_STARTS - 1)
    world.fork(11)
    fail_starts(world, MOST_FAILED_STARTS - 1)
    assert not worker_stops()


def test_failed_starts_of_a_draining_worker_are_of_no_account(world: World) -> None:
    world.supervisor.drain()
    fail_starts(world, MOST_FAILED_STARTS)
    assert not worker_stops()


def test_a_child_that_cannot_start_stops_the_worker(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.supervisor.child_failed("no model")
    assert state.should_stop == 2
    assert "a child cannot start: no model" in caplog.text


def test_without_a_ready_child_for_a_while_what_is_held_is_requeued(world: World) -> None:
    world.supervisor.receive(world.desk.entry("e0"))
    world.live(NO_CHILD_SECONDS)
    assert world.desk.dispatcher.waiting == 1
    world.live(2)
    assert world.desk.dispatcher.waiting == 0
    world.desk.time_passes()
    assert world.desk.claims.requeued == ["tag-e0"]


def test_a_pool_that_passes_batches_on_no_more_ends_the_worker_and_requeues_all(
    world: World,
) -> None:
    world.fork(11)
    world.desk.add(*names(6))
    world.desk.turn()  # nobody accepts
    world.live(ACCEPT_SECONDS)
    assert world.left == []
    world.live(1)
    assert world.left == [EXIT_TRY_AGAIN]
    assert sorted(world.claims.requeued) == sorted(f"tag-{name}" for name in names(6))


def test_a_busy_pool_is_left_alone(world: World) -> None:
    world.fork(11)
    world.desk.add("e0")
    world.desk.turn()
    world.desk.pool.jobs[0].accept()
    world.live(100)
    assert (world.left, world.claims.requeued) == ([], [])


def test_a_worker_told_to_consume_no_more_is_not_ready_and_has_no_share(world: World) -> None:
    world.fork(1, 2)
    world.consumed.clear()
    world.live(1)
    assert "cancel_consumer" in (world.health.ready() or "")
    assert world.claims.announced == [0]
