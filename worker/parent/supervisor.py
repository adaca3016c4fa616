"""The parent of a worker: its metrics, its probes, and what it knows of its children."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from redis.exceptions import RedisError

from producer.errors import JournalError
from worker import celery_internals
from worker.broker import transport
from worker.broker.claims import claims_for
from worker.broker.leases import Reaper
from worker.broker.settlement import settler_for
from worker.child import process as child
from worker.child.readiness import ChildGate
from worker.errors import WorkerError
from worker.monitoring.health import Health
from worker.monitoring.metrics import Metrics
from worker.monitoring.probes import Probes
from worker.parent.batcher import Batcher
from worker.parent.dead_letters import DeadLetters
from worker.parent.limits import BatchLimits
from worker.parent.services import Services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.child.process import Build
    from worker.settings import WorkerSettings

log = logging.getLogger(__name__)
TICK_SECONDS = 1.0
#: How often to look for dead children. Celery does when a child's pipe closes, which is a moment
#: before the kernel tells that the child is gone, and then every 5 s; until it knows, the child's
#: batch stands still.
LOOK_SECONDS = 0.1
#: Without a ready child for so long, what a worker holds is better off with others.
CHILDLESS_SECONDS = 30.0
#: So many children in a row that end before they are ready are no accident.
MOST_STILLBORN = 5
EXIT_CHILD_FAILED = 2
#: EX_TEMPFAIL of sysexits.h: try again.
EXIT_TRY_AGAIN = 75
#: A ready child takes up a batch within milliseconds.
ACCEPT_SECONDS = 20.0


class Supervisor:
    """Everything a worker's parent holds besides Celery itself.

    Args:
        settings: the worker's settings.
        build: loads the stages, in each child.

    Raises:
        StartupError, ConfigurationError: the keys or the port are not usable.
    """

    def __init__(self, settings: WorkerSettings, build: Build) -> None:
        self._settings = settings
        self._build = build
        settings.key_set()
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self.metrics = Metrics(registry)
        self.progress = Health(settings.batch_timeout_seconds)
        self.claims = claims_for(settings)
        self._size = BatchLimits(
            settings.max_batch_entries, settings.max_batch_tokens, settings.batch_timeout_seconds
        )
        transport.bind(self.claims, self._most_claims)
        self._reaper = Reaper(self.claims, settings.lease_seconds)
        self.dead_letters = DeadLetters(settler_for(settings), self.metrics)
        self._gate = ChildGate()
        self._probes = Probes(
            registry,
            alive=self.progress.alive,
            ready=self.progress.ready,
            host=settings.metrics_host,
            port=settings.metrics_port,
        )
        self._pid = os.getpid()
        self._batches_seen = 0
        self._batcher: Batcher | None = None
        self._timers: list[Any] = []
        self._renewed_at = 0.0
        self._childless_since: float | None = None
        self._probes.start()
        self._gate.listen(on_ready=self._child_ready, on_failed=self._child_failed)

    @property
    def services(self) -> Services:
        """What Celery's objects call."""
        return Services(self.dead_letters, self.connected, self.receive, self.disconnected)

    def connected(self, consumer: Any) -> None:
        """The consumer is connected to Redis; entries of an earlier connection are forgotten."""
        if self._batcher is None:
            settings = self._settings
            self._batcher = Batcher(
                consumer.pool,
                call_soon=consumer.hub.call_soon,
                call_later=consumer.timer.call_after,
                dead_letters=self.dead_letters,
                blame=self._blame,
                give_back=self.claims.hand_back,
                metrics=self.metrics,
                size=self._size,
                max_deliveries=settings.max_deliveries,
            )
        self._batcher.forget_waiting()

    def receive(self, request: Any) -> None:
        """An entry arrived."""
        assert self._batcher is not None
        self._batcher.add(request)

    def started(self, consumer: Any) -> None:
        """The consumer is connected and its event loop about to run; at every connection."""
        for timer in self._timers:
            timer.cancel()
        every = consumer.timer.call_repeatedly
        self._timers = [
            every(TICK_SECONDS, self._tick, (consumer,)),
            every(LOOK_SECONDS, self._look, (consumer,)),
        ]

    def disconnected(self) -> None:
        """The connection to Redis is lost."""
        self.progress.disconnected()
        if self._batcher is not None:
            self._batcher.forget_unaccepted()

    def drain(self) -> None:
        """Begin nothing new: the worker was told to stop."""
        self.progress.stopping()
        if self._batcher is not None:
            self._batcher.drain()

    def start_child(self) -> None:
        """In a child, after the fork: load the models and tell the parent."""
        self._probes.close_inherited()
        try:
            model = child.start(self._settings, self._build)
        except Exception as exc:  # noqa: BLE001 - it must reach the parent, whatever it is
            known = isinstance(exc, (WorkerError, JournalError))
            self._gate.tell_failed(str(exc) if known else f"models: {type(exc).__name__}")
            os._exit(EXIT_CHILD_FAILED)
        self._gate.tell_ready(model)

    def close(self) -> None:
        """Free the port."""
        self._probes.stop()

    def _look(self, consumer: Any) -> None:
        """Replace dead children, and end those that are late."""
        celery_internals.replace_dead_children(consumer.pool)
        pids = celery_internals.child_pids(consumer.pool)
        self.progress.children_alive(pids)
        if self._batcher is None:
            return
        self._batcher.kill_overdue(pids)
        stillborn = self.progress.stillborn
        if stillborn >= MOST_STILLBORN and not (
            self._batcher.draining or celery_internals.worker_stops()
        ):
            log.critical(
                "%d children in a row ended before their models were loaded (too little memory?); "
                "leaving, to be started again",
                stillborn,
            )
            celery_internals.stop_worker(EXIT_TRY_AGAIN)

    def _tick(self, consumer: Any) -> None:
        batcher = self._batcher
        if batcher is None:
            return
        finished, self._batches_seen = batcher.finished != self._batches_seen, batcher.finished
        self.progress.tick(running=batcher.running, finished=finished)
        self.metrics.children(self.progress.children)
        self.metrics.in_flight(waiting=batcher.waiting, running=batcher.running)
        self._renew(batcher, consumer)
        if back := self._reaper.look():
            self.metrics.redelivered(back)
        self._check_pool(batcher)
        self._check_children(batcher)

    def _check_pool(self, batcher: Batcher) -> None:
        """Leave if Celery's pool has stopped passing batches on while a child is free.

        After a lost connection it can forget that a child waits for work. A supervisor starts us
        again; what we hold is handed back at once.
        """
        idle = self.progress.children - batcher.busy_children()
        # While draining the pool forgets what it had not seen taken up; the drain ends by itself.
        if batcher.draining or idle <= 0 or not batcher.unaccepted(ACCEPT_SECONDS):
            return
        log.critical("the pool has stopped passing batches on; leaving, to be started again")
        with contextlib.suppress(RedisError):
            self.claims.hand_back(batcher.tags())
        os._exit(EXIT_TRY_AGAIN)  # the children go with us

    def _check_children(self, batcher: Batcher) -> None:
        """Hand back what is held where no child is ready, nor has been for a while."""
        now = time.monotonic()
        if self.progress.children or batcher.draining:
            self._childless_since = None
        elif self._childless_since is None:
            self._childless_since = now
        elif now - self._childless_since > CHILDLESS_SECONDS:
            self._childless_since = now
            if held := batcher.hand_back():
                log.warning("no child is ready; handing back %d entries", held)

    def _most_claims(self) -> int:
        """A worker holds no more than its ready children can work on."""
        return self.progress.children * self._size.prefetched

    def _renew(self, batcher: Batcher, consumer: Any) -> None:
        """Give a sign of life for every claim in our hands, well before its lease ends."""
        now = time.monotonic()
        if now - self._renewed_at < self._settings.lease_seconds / 4:
            return
        tags = set(batcher.tags())
        if consumer.task_consumer is not None:
            tags.update(consumer.task_consumer.channel.qos.tags())
        try:
            self.claims.renew(sorted(tags))
        except RedisError as exc:  # the next tick tries again; the consumer reconnects
            log.warning("leases could not be renewed (%s)", type(exc).__name__)
        else:
            self._renewed_at = now

    def _blame(self, tags: Sequence[str]) -> None:
        self.claims.renew(tags, failed=True)

    def _child_ready(self, pid: int, model: dict[str, str]) -> None:
        self.progress.child_ready(pid)
        self.metrics.children(self.progress.children)
        self.metrics.model(**model)

    def _child_failed(self, why: str) -> None:
        log.critical("a child cannot start: %s", why)
        celery_internals.stop_worker(EXIT_CHILD_FAILED)
