"""Sending batches to idle children, and what becomes of each: returned, failed or lost.

The rule: if a child is idle, send what there is now; if all are busy, let entries gather. Where an
operator allows for it, entries gather for a moment even so: larger batches cost less CPU an entry.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import time
from typing import TYPE_CHECKING, Any

from celery.exceptions import TimeLimitExceeded

from producer.schemas import DeadReason
from worker.broker.lanes import lane_of_tag
from worker.broker.transport import mark_running, mark_settled
from worker.celery_internals import restart_time_limit, send_batches
from worker.child.process import run_batch
from worker.parent.batch import Batch, finish
from worker.protocol import BatchReport, Failure, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

    from worker.broker.parked import MissingKeys
    from worker.monitoring.metrics import Metrics
    from worker.parent.gatherer import Gatherer
    from worker.parent.limits import BatchLimits
    from worker.parent.requeue import Requeuer

log = logging.getLogger(__name__)

#: How much later than we billiard would end a batch: it watches while a worker drains, when the
#: event loop stands. Its way stops the loop for a tenth of a second, as it asks the child first.
BACKSTOP_SECONDS = 5.0


class Dispatcher:
    """Sends batches to idle children and receives what becomes of them.

    Args:
        pool: Celery's prefork pool.
        gatherer: holds what waits, and takes back what was lost.
        requeuer: requeues what this worker does not work on.
        limits: the time limit of a batch.
        metrics: where batch reports are counted.
        missing: told which keys the entries of a batch need and this worker lacks.
        call_soon: runs a function once the event loop has read what has arrived.
        call_later: runs a function with its arguments after so many seconds.
    """

    def __init__(
        self,
        pool: Any,
        gatherer: Gatherer,
        requeuer: Requeuer,
        *,
        limits: BatchLimits,
        metrics: Metrics,
        missing: MissingKeys,
        call_soon: Callable[..., Any],
        call_later: Callable[[float, Callable[..., None], tuple[Any, ...]], object],
    ) -> None:
        self._pool = pool
        self._gatherer = gatherer
        self._requeuer = requeuer
        self._limits = limits
        self._metrics = metrics
        self._missing = missing
        self._call_soon = call_soon
        self._call_later = call_later
        #: Whether entries gather until a timer ends, and whether it has ended for those that wait.
        self._gathering = False
        self._gathered = False
        self._running: dict[str, Batch] = {}
        #: Children whose device failed, and which were killed for it.
        self._ended: set[int] = set()
        self._flush_scheduled = False
        self._child_is_free = False
        self.draining = False
        #: Called before batches are dispatched: drops what was lost while this process stood still.
        self.before_dispatch: Callable[[], object] = lambda: None
        #: Called when a child is free and entries wait here: claims what came and is more urgent.
        self.claim_first: Callable[[], object] = lambda: None
        #: Batches that came back, one way or another.
        self.finished = 0

    @property
    def waiting(self) -> int:
        """Entries claimed and not yet with a child."""
        return self._gatherer.waiting

    @property
    def running(self) -> int:
        """Entries with a child."""
        return sum(len(batch.claims) for batch in self._running.values())

    @property
    def busy_children(self) -> int:
        """Children that accepted a batch and have not answered."""
        return sum(1 for batch in self._running.values() if batch.accepted)

    def waiting_by_lane(self) -> Mapping[str, int]:
        """Those that wait in each lane, called as in tags."""
        return self._gatherer.waiting_by_lane()

    def tags(self) -> list[str]:
        """The tags of all claims that this worker holds."""
        running = [tag for batch in self._running.values() for tag in batch.tags]
        return self._gatherer.tags() + running + self._requeuer.tags()

    def add(self, request: Any) -> None:
        """Take a request; it leaves with one of the next batches."""
        self._gatherer.add(request)
        self._begin_gathering()
        self._schedule()

    def drain(self) -> None:
        """Begin no more batches; what waits is requeued when the channel closes."""
        self.draining = True

    def drop(self, lost: Container[str]) -> int:
        """Drop what waits of these tags, whose claims are lost; returns how many entries."""
        return self._gatherer.drop(lost)

    def forget_waiting(self) -> None:
        """Drop what waits: its connection is gone, and Redis will deliver it again."""
        self._gatherer.forget()
        self._gathered = False
        self._requeuer.forget()

    def requeue_unaccepted(self) -> int:
        """Requeue what no child has accepted; returns how many entries.

        With a lost connection Celery's pool drops these. Should a child have one after all,
        whoever settles first answers.
        """
        return self._requeue(self._take_unaccepted())

    def requeue_all(self) -> int:
        """Requeue all that no child has accepted and all that waits; returns how many entries."""
        return self._requeue(self._take_unaccepted() + self._gatherer.take_all())

    def unaccepted(self, seconds: float) -> int:
        """Batches that no child has accepted for so long after they were sent."""
        now = time.monotonic()
        return sum(1 for b in self._running.values() if not b.accepted and now - b.sent > seconds)

    def restart_time_limits(self) -> None:
        """Called when the event loop has stood: what is late may be done, its report unread."""
        for batch in self._running.values():
            if batch.accepted:
                seconds = self._limits.time_limit(batch.claims) + BACKSTOP_SECONDS
                restart_time_limit(self._pool, batch.job, seconds)

    def kill_overdue(self, children: Container[int]) -> None:
        """Kill children that are past the time limit of their batch.

        Args:
            children: the process ids of the pool: no other process may be killed by mistake.
        """
        now = time.monotonic()
        for batch in self._running.values():
            if now > batch.deadline and not batch.late and batch.pid in children:
                batch.late = True
                with contextlib.suppress(ProcessLookupError):
                    os.kill(batch.pid, signal.SIGKILL)

    def _take_unaccepted(self) -> list[Batch]:
        batches = [batch for batch in self._running.values() if not batch.accepted]
        for batch in batches:
            self._close(batch)
        return batches

    def _requeue(self, batches: list[Batch]) -> int:
        for batch in batches:
            self._requeuer.later(batch)
        return sum(len(batch.requests) for batch in batches)

    def _begin_gathering(self) -> None:
        if self._limits.gather_seconds and not self._gathering and not self._gathered:
            self._gathering = True
            self._call_later(self._limits.gather_seconds, self._end_gathering, ())

    def _end_gathering(self) -> None:
        self._gathering = False
        if self._gatherer.waiting:
            self._gathered = True
            self._schedule()

    @property
    def _may_send(self) -> bool:
        """Whether what waits has gathered for long enough, or is enough."""
        return not self._gathering or self._gathered or self._gatherer.has_full_batch

    def _schedule(self) -> None:
        if not self._flush_scheduled:
            self._flush_scheduled = True
            self._call_soon(self._flush)

    def _flush(self) -> None:
        self.before_dispatch()
        if self._child_is_free and self.waiting and not self.draining:
            self.claim_first()
        self._child_is_free = self._flush_scheduled = False
        while self._may_send and not self.draining and self._pool.active and self._has_idle_child():
            batch = self._gatherer.next_batch()
            if batch is None:
                break
            self._dispatch(batch)
            send_batches(self._pool)
        if not self._gatherer.waiting:
            self._gathered = False
        self._metrics.in_flight(waiting=self.waiting, running=self.running)

    def _has_idle_child(self) -> bool:
        return len(self._running) < int(self._pool.num_processes)

    def _dispatch(self, batch: Batch) -> None:
        self._running[batch.id] = batch
        batch.sent = time.monotonic()
        mark_running(batch.messages)
        batch.job = self._pool.apply_async(
            run_batch,
            args=(batch.claims,),
            accept_callback=lambda pid, accepted: self._accepted(batch, pid, accepted),
            callback=lambda report: self._returned(batch, report),
            error_callback=lambda info: self._lost(batch, info),
            timeout=self._limits.time_limit(batch.claims) + BACKSTOP_SECONDS,
            correlation_id=batch.id,
        )

    def _accepted(self, batch: Batch, pid: int, accepted: float) -> None:
        batch.accepted = True
        batch.pid, batch.deadline = pid, time.monotonic() + self._limits.time_limit(batch.claims)
        for request in batch.requests:
            request.on_accepted(pid, accepted)

    def _returned(self, batch: Batch, report: BatchReport) -> None:
        if not self._close(batch):
            return
        if report.failure in {Failure.UNSETTLED, Failure.DEVICE}:
            if report.failure is Failure.DEVICE:
                self._end_child(batch.pid)
            self._requeuer.later(batch)
            return
        if report.failure is Failure.BROKEN:
            self._gatherer.isolate(batch, DeadReason.CLASSIFIER_FAILED)
            return
        if report.failure is Failure.UNCONFIRMED:
            self._requeuer.after_failover(batch)
        mark_settled(batch.messages)
        seconds = sum(report.stages.values())
        for request, outcome in zip(batch.requests, report.outcomes, strict=True):
            finish(request, outcome, seconds)
        self._gatherer.observe(batch, time.monotonic() - batch.sent)
        lanes = [lane_of_tag(claim.tag) for claim in batch.claims if claim.enqueued_at]
        self._metrics.observe(report, lanes)
        self._missing.report(
            report.missing_keys, opened=any(one is not Outcome.REQUEUED for one in report.outcomes)
        )

    def _lost(self, batch: Batch, info: Any) -> None:
        """The child was killed, ran out of memory, or past the time limit."""
        if not self._close(batch):
            return
        if batch.pid in self._ended:  # accepted just before: its child was at fault
            self._requeuer.later(batch)
            return
        late = batch.late or issubclass(info.type, TimeLimitExceeded)
        reason = DeadReason.TIMED_OUT if late else DeadReason.WORKER_LOST
        log.warning("lost a child with %d entries: %s", len(batch.claims), reason.value)
        self._gatherer.isolate(batch, reason)

    def _end_child(self, pid: int) -> None:
        """Kill a child whose device failed: the pool starts another, on a context of its own."""
        if pid and pid not in self._ended:
            self._ended.add(pid)
            log.error("a child's device failed; ending child %d, requeueing its batch", pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _close(self, batch: Batch) -> bool:
        """Mark a batch as over; False if it already was (a timeout tells twice)."""
        if batch.done:
            return False
        batch.done = True
        # What the pool returned holds our callbacks, and they the batch: without this only the
        # garbage collector would free a batch, which took a tenth of this process's time.
        batch.job = None
        self.finished += 1
        self._running.pop(batch.id, None)
        self._child_is_free = True
        self._schedule()
        return True
