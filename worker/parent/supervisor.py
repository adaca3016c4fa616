"""Watching over a worker from its event loop: children, batches, leases, and when to leave."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError

from worker import celery_internals
from worker.broker.outages import Use
from worker.child.process import EXIT_CHILD_FAILED
from worker.parent.services import Services

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.broker.claims import Claims
    from worker.broker.outages import Outages
    from worker.monitoring.health import Health
    from worker.monitoring.metrics import Metrics
    from worker.parent.dead_letters import DeadLetters
    from worker.parent.dispatcher import Dispatcher
    from worker.parent.lease_thread import LeaseThread

log = logging.getLogger(__name__)
TICK_SECONDS = 1.0
#: How often to look for dead children. Celery does when a child's pipe closes, which is a moment
#: before the kernel tells that the child is gone, and then every 5 s; until it knows, the child's
#: batch stands still.
LOOK_SECONDS = 0.1
#: Without a ready child for so long, what a worker holds is better off with others.
NO_CHILD_SECONDS = 30.0
#: So many children in a row that end before they are ready are no accident.
MOST_FAILED_STARTS = 5
#: EX_TEMPFAIL of sysexits.h: try again.
EXIT_TRY_AGAIN = 75
#: A ready child accepts a batch within milliseconds.
ACCEPT_SECONDS = 20.0


class Supervisor:
    """Watches over a worker; every method is called by Celery's event loop or by a child's report.

    Args:
        claims: what is requeued when the worker has to leave.
        leases: told every second what is held, so that it is renewed off the event loop.
        outages: told that the connection works.
        health: what the probes answer from.
        metrics: the worker's gauges.
        dispatcher_for: makes the dispatcher of a consumer that is connected.
    """

    def __init__(
        self,
        claims: Claims,
        *,
        leases: LeaseThread,
        outages: Outages,
        health: Health,
        metrics: Metrics,
        dispatcher_for: Callable[[Any], Dispatcher],
    ) -> None:
        self._claims = claims
        self._leases = leases
        self._outages = outages
        self._health = health
        self._metrics = metrics
        self._dispatcher_for = dispatcher_for
        self._dispatcher: Dispatcher | None = None
        self._connected_at = 0.0
        self._finished_seen = 0
        self._timers: list[Any] = []
        self._no_child_since: float | None = None

    def connected(self, consumer: Any) -> None:
        """The consumer is connected to Redis; what an earlier connection delivered is forgotten."""
        if self._dispatcher is None:
            self._dispatcher = self._dispatcher_for(consumer)
            self._dispatcher.before_dispatch = lambda: self._before_dispatch(consumer)
        self._dispatcher.forget_waiting()
        self._connected_at = time.monotonic()

    def receive(self, request: Any) -> None:
        """An entry arrived."""
        assert self._dispatcher is not None
        self._dispatcher.add(request)

    def disconnected(self) -> None:
        """The connection to Redis is lost."""
        self._health.disconnected()
        if self._dispatcher is not None:
            self._dispatcher.requeue_unaccepted()

    def started(self, consumer: Any) -> None:
        """The consumer is connected and its event loop about to run; at every connection."""
        self._leases.start()
        if self._dispatcher is not None:
            self._dispatcher.restart_time_limits()
        for timer in self._timers:
            timer.cancel()
        every = consumer.timer.call_repeatedly
        self._timers = [
            every(TICK_SECONDS, self.tick, (consumer,)),
            every(LOOK_SECONDS, self.look, (consumer,)),
        ]

    def drain(self) -> None:
        """Begin nothing new: the worker was told to stop."""
        self._health.stopping()
        self._leases.drain()
        if self._dispatcher is not None:
            self._dispatcher.drain()

    def stopping(self, consumer: Any) -> None:
        """The event loop has ended, and batches under way may take minutes: the rest goes back."""
        if consumer.task_consumer is None or self._dispatcher is None:
            return
        self._dispatcher.forget_waiting()
        consumer.task_consumer.channel.qos.hand_back()
        self._leases.hold(_held(self._dispatcher, consumer), 0)

    def child_ready(self, pid: int, model: dict[str, str]) -> None:
        """A child loaded its models."""
        self._health.child_ready(pid)
        self._metrics.children(self._health.children)
        self._metrics.model(**model)

    def child_failed(self, why: str) -> None:
        """A child cannot start, and no other would."""
        log.critical("a child cannot start: %s", why)
        celery_internals.stop_worker(EXIT_CHILD_FAILED)

    def look(self, consumer: Any) -> None:
        """Replace dead children, and end those that are late."""
        celery_internals.replace_dead_children(consumer.pool)
        pids = celery_internals.child_pids(consumer.pool)
        self._health.children_alive(pids)
        if self._dispatcher is None:
            return
        if self._settled_down:
            self._dispatcher.kill_overdue(pids)
        failed_starts = self._health.failed_starts
        stopping = self._dispatcher.draining or celery_internals.worker_stops()
        if failed_starts >= MOST_FAILED_STARTS and not stopping:
            log.critical(
                "%d children in a row ended before their models were loaded (too little memory?); "
                "leaving, to be started again",
                failed_starts,
            )
            celery_internals.stop_worker(EXIT_TRY_AGAIN)

    def tick(self, consumer: Any) -> None:
        """Once a second: figures, what is held, and whether this worker still gets anywhere."""
        dispatcher = self._dispatcher
        if dispatcher is None:
            return
        finished = dispatcher.finished != self._finished_seen
        self._finished_seen = dispatcher.finished
        self._health.tick(running=dispatcher.running, finished=finished)
        self._metrics.children(self._health.children)
        self._metrics.in_flight(waiting=dispatcher.waiting, running=dispatcher.running)
        self._metrics.lanes.waiting(dispatcher.waiting_by_lane())
        if self._settled_down:
            self._outages.works(Use.CONNECTION)  # else Celery would connect again by now
        consuming = _consumes(consumer, self._claims.queue)
        self._health.consuming(queue=consuming)
        working = consuming and not dispatcher.draining
        self._leases.hold(_held(dispatcher, consumer), self._health.children if working else 0)
        self._drop_lost(dispatcher)
        self._check_pool(dispatcher)
        self._check_children(dispatcher)

    @property
    def _settled_down(self) -> bool:
        """Whether the event loop has run for a moment since it connected to Redis.

        It stands while there is no connection, so that at first it has not read yet which batches
        came back meanwhile.
        """
        return time.monotonic() - self._connected_at > TICK_SECONDS

    def _before_dispatch(self, consumer: Any) -> None:
        """Let no child compute what others have, should this process have stood still."""
        if dispatcher := self._dispatcher:
            self._leases.catch_up(lambda: _held(dispatcher, consumer))
            self._drop_lost(dispatcher)

    def _drop_lost(self, dispatcher: Dispatcher) -> None:
        """Drop what waits and turned out to be lost when leases were renewed."""
        lost = self._leases.take_lost()
        if dropped := dispatcher.drop(lost) if lost else 0:
            log.warning("dropped %d entries that other workers have taken over", dropped)

    def _check_pool(self, dispatcher: Dispatcher) -> None:
        """Leave if Celery's pool has stopped passing batches on while a child is free.

        After a lost connection it can forget that a child waits for work. Whatever runs this
        worker starts it again; what it holds is requeued at once.
        """
        idle = self._health.children - dispatcher.busy_children
        # While draining the pool forgets what no child had accepted; the drain ends by itself.
        if dispatcher.draining or idle <= 0 or not dispatcher.unaccepted(ACCEPT_SECONDS):
            return
        log.critical("the pool has stopped passing batches on; leaving, to be started again")
        with contextlib.suppress(RedisError):
            self._claims.requeue(dispatcher.tags())
        os._exit(EXIT_TRY_AGAIN)  # the children go with us

    def _check_children(self, dispatcher: Dispatcher) -> None:
        """Requeue what is held where no child is ready, nor has been for a while."""
        now = time.monotonic()
        if self._health.children or dispatcher.draining:
            self._no_child_since = None
        elif self._no_child_since is None:
            self._no_child_since = now
        elif now - self._no_child_since > NO_CHILD_SECONDS:
            self._no_child_since = now
            if requeued := dispatcher.requeue_all():
                log.warning("no child is ready; requeueing %d entries", requeued)


def services(supervisor: Supervisor, dead_letters: DeadLetters, outages: Outages) -> Services:
    """What Celery's own objects need of a worker."""
    return Services(
        dead_letters,
        connected=supervisor.connected,
        receive=supervisor.receive,
        disconnected=supervisor.disconnected,
        stopping=supervisor.stopping,
        outages=outages,
    )


def _held(dispatcher: Dispatcher, consumer: Any) -> list[str]:
    """The tags of all claims, also of those that a child has settled and not yet reported."""
    return dispatcher.tags() + _delivered(consumer)


def _delivered(consumer: Any) -> list[str]:
    """The tags of all claims that kombu delivered to a consumer and that are not acknowledged."""
    if consumer.task_consumer is None:
        return []
    tags: list[str] = consumer.task_consumer.channel.qos.tags()
    return tags


def _consumes(consumer: Any, queue: str) -> bool:
    """Whether a consumer reads the queue; while it connects, it is about to."""
    return consumer.task_consumer is None or bool(consumer.task_consumer.consuming_from(queue))
