"""Gathering requests into batches for idle children, and finding the guilty when one is lost.

The rule: if a child is idle, send what there is now; if all are busy, let entries gather.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import time
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from celery.exceptions import TimeLimitExceeded
from redis.exceptions import RedisError

from producer.schemas import DeadReason
from worker.broker.transport import mark_running, mark_settled, mark_waiting
from worker.child.process import run_batch
from worker.parent.batch import Batch, finish
from worker.parent.claim import as_claim, malformed
from worker.parent.limits import part_size, tokens_of
from worker.parent.requeue import Requeuer
from worker.protocol import BatchReport, Claim, Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from worker.monitoring.metrics import Metrics
    from worker.parent.dead_letters import DeadLetters
    from worker.parent.limits import BatchLimits

log = logging.getLogger(__name__)

#: An entry handed out this many times `max_deliveries` in vain has lost worker after worker.
WORKERS_LOST = 3
#: How much later than we billiard would end a batch: it watches while a worker drains, when the
#: event loop stands. Its way stops the loop for a tenth of a second, as it asks the child first.
BACKSTOP_SECONDS = 5.0


class Batcher:
    """Gathers requests and sends them to idle children.

    Args:
        pool: Celery's prefork pool.
        call_soon: runs a function once the event loop has read what has arrived.
        call_later: runs a function after so many seconds.
        dead_letters: writes those of entries that killed their child.
        blame: counts a failed delivery against the claims with these tags.
        give_back: hands claims back.
        metrics: where batch reports are counted.
        size: of a full batch.
        max_deliveries: how often an entry may lose its child before it is dead.
    """

    def __init__(
        self,
        pool: Any,
        *,
        call_soon: Callable[..., Any],
        call_later: Callable[..., Any],
        dead_letters: DeadLetters,
        blame: Callable[[Sequence[str]], Any],
        give_back: Callable[[Sequence[str]], Any],
        metrics: Metrics,
        size: BatchLimits,
        max_deliveries: int,
    ) -> None:
        self._pool = pool
        self._call_soon = call_soon
        self._dead_letters = dead_letters
        self._blame = blame
        self._metrics = metrics
        self._size = size
        self._max_deliveries = max_deliveries
        # The search for a guilty entry counts a delivery for each splitting of a batch.
        self._most_deliveries = WORKERS_LOST * max_deliveries + size.splits
        self._waiting: deque[Any] = deque()
        self._suspects: deque[Batch] = deque()
        self._running: dict[str, Batch] = {}
        self._hand_back = Requeuer(give_back, call_later=call_later, metrics=metrics)
        self._flush_scheduled = False
        self.draining = False
        #: Batches that came back, one way or another.
        self.finished = 0

    @property
    def waiting(self) -> int:
        """Entries claimed and not yet with a child."""
        return len(self._waiting) + sum(len(batch.claims) for batch in self._suspects)

    @property
    def running(self) -> int:
        """Entries with a child."""
        return sum(len(batch.claims) for batch in self._running.values())

    def tags(self) -> list[str]:
        """The tags of all claims in our hands."""
        tags = [str(request.message.delivery_tag) for request in self._waiting]
        for batch in (*self._suspects, *self._running.values(), *self._hand_back.batches):
            tags += [claim.tag for claim in batch.claims]
        return tags

    def add(self, request: Any) -> None:
        """Take a request; it leaves with the next batch."""
        self._waiting.append(request)
        self._schedule()

    def forget_waiting(self) -> None:
        """Drop what waits: its connection is gone, and Redis will hand it out again."""
        self._waiting.clear()
        self._suspects.clear()
        self._hand_back.forget()

    def forget_unaccepted(self) -> None:
        """Take back what no child has taken up: with the connection Celery's pool drops it.

        Should a child have it after all, whoever settles first answers.
        """
        for batch in [batch for batch in self._running.values() if not batch.accepted]:
            self._close(batch)
            self._hand_back.later(batch)

    def hand_back(self) -> int:
        """Hand back all that no child has taken up; returns how many entries."""
        held = [batch for batch in self._running.values() if not batch.accepted]
        for batch in held:
            self._close(batch)
        held += self._suspects
        if self._waiting:
            held.append(Batch(list(self._waiting), []))
        self._suspects.clear()
        self._waiting.clear()
        for batch in held:
            self._hand_back.later(batch)
        return sum(len(batch.requests) for batch in held)

    def drain(self) -> None:
        """Begin no more batches; what waits goes back when the channel closes."""
        self.draining = True

    def unaccepted(self, seconds: float) -> int:
        """Batches that no child has taken up for so long after they were sent."""
        now = time.monotonic()
        return sum(1 for b in self._running.values() if not b.accepted and now - b.sent > seconds)

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

    def busy_children(self) -> int:
        """Children that took up a batch and have not answered."""
        return sum(1 for batch in self._running.values() if batch.accepted)

    def _children(self) -> int:
        return int(self._pool.num_processes)

    def _schedule(self) -> None:
        if not self._flush_scheduled:
            self._flush_scheduled = True
            self._call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_scheduled = False
        while not self.draining and self._pool.active and len(self._running) < self._children():
            batch = self._suspects.popleft() if self._suspects else self._gather()
            if batch is None:
                break
            self._dispatch(batch)
        self._metrics.in_flight(waiting=self.waiting, running=self.running)

    def _gather(self) -> Batch | None:
        requests: list[Any] = []
        claims: list[Claim] = []
        tokens = 0
        while self._waiting and len(requests) < self._size.entries:
            request = self._waiting[0]
            claim = as_claim(request)
            cost = tokens_of(claim) if claim else 0
            # What lost whole workers before travels alone, so that it can take nobody with it.
            suspect = claim is not None and claim.deliveries > self._max_deliveries
            if requests and (suspect or tokens + cost > self._size.tokens):
                break
            self._waiting.popleft()
            if self._discarded(request, claim):
                continue
            if claim is None:
                self._dead_letter(request, malformed(request.message), DeadReason.MALFORMED)
                continue
            if claim.deliveries > self._most_deliveries:
                self._dead_letter(request, claim, DeadReason.WORKER_LOST)
                continue
            tokens += cost
            requests.append(request)
            claims.append(claim)
            if suspect:
                break
        return Batch(requests, claims) if requests else None

    def _discarded(self, request: Any, claim: Claim | None) -> bool:
        """Whether a request was revoked or expired while it waited; then it settles itself."""
        try:
            return bool(request.revoked())
        except RedisError as exc:
            log.warning("a revoked entry could not be settled (%s)", type(exc).__name__)
            self._hand_back.later(Batch([request], []))
        except Exception:  # noqa: BLE001 - headers may hold anything; none may stop the worker
            self._dead_letter(request, claim or malformed(request.message), DeadReason.MALFORMED)
        return True

    def _dispatch(self, batch: Batch) -> None:
        self._running[batch.id] = batch
        batch.sent = time.monotonic()
        mark_running(batch.messages)
        self._pool.apply_async(
            run_batch,
            args=(batch.claims,),
            accept_callback=lambda pid, accepted: self._accepted(batch, pid, accepted),
            callback=lambda report: self._returned(batch, report),
            error_callback=lambda info: self._lost(batch, info),
            timeout=self._size.time_limit(batch.claims) + BACKSTOP_SECONDS,
            correlation_id=batch.id,
        )

    def _accepted(self, batch: Batch, pid: int, accepted: float) -> None:
        batch.accepted = True
        batch.pid, batch.deadline = pid, time.monotonic() + self._size.time_limit(batch.claims)
        for request in batch.requests:
            request.on_accepted(pid, accepted)

    def _returned(self, batch: Batch, report: BatchReport) -> None:
        if not self._close(batch):
            return
        if report.failure is Failure.UNSETTLED:
            self._hand_back.later(batch)
            return
        if report.failure is Failure.BROKEN:
            self._isolate(batch, DeadReason.CLASSIFIER_FAILED)
            return
        mark_settled(batch.messages)
        seconds = sum(report.stages.values())
        for request, outcome in zip(batch.requests, report.outcomes, strict=True):
            finish(request, outcome, seconds)
        self._metrics.observe(report)

    def _lost(self, batch: Batch, info: Any) -> None:
        """The child was killed, ran out of memory, or past the time limit."""
        if not self._close(batch):
            return
        late = batch.late or issubclass(info.type, TimeLimitExceeded)
        reason = DeadReason.TIMED_OUT if late else DeadReason.WORKER_LOST
        log.warning("lost a child with %d entries: %s", len(batch.claims), reason.value)
        self._isolate(batch, reason)

    def _isolate(self, batch: Batch, reason: DeadReason) -> None:
        """Try again in parts, so that only the guilty entry ends as a dead letter."""
        alone = len(batch.claims) == 1
        if alone and batch.claims[0].deliveries >= self._max_deliveries:
            self._dead_letter(batch.requests[0], batch.claims[0], reason)
            return
        try:
            self._blame([claim.tag for claim in batch.claims])
        except Exception as exc:  # noqa: BLE001 - the count in the claims below still holds
            log.warning("a failed delivery could not be counted (%s)", type(exc).__name__)
        claims = [replace(claim, deliveries=claim.deliveries + 1) for claim in batch.claims]
        size = part_size(len(claims))
        for start in range(0, len(claims), size):
            part = slice(start, start + size)
            self._suspects.append(Batch(batch.requests[part], claims[part]))
        mark_waiting(batch.messages)
        self._metrics.redelivered(len(claims))
        self._schedule()

    def _dead_letter(self, request: Any, claim: Claim, reason: DeadReason) -> None:
        self._dead_letters.write(
            claim,
            reason,
            request.message,
            acknowledge=lambda outcome: finish(request, outcome, 0.0),
            requeue=lambda: self._hand_back.later(Batch([request], [claim])),
        )

    def _close(self, batch: Batch) -> bool:
        """Mark a batch as over; False if it already was (a timeout tells twice)."""
        if batch.done:
            return False
        batch.done = True
        self.finished += 1
        self._running.pop(batch.id, None)
        self._schedule()
        return True
