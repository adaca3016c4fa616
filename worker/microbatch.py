"""Micro-batching in the parent: a Celery task whose messages travel to the children together.

Celery's own strategy still receives each message (events, `inspect`, revokes, expiry, ETA and
rate limits work as for any task); only its last step, handing a request to the pool, is ours.
The rule: if a child is idle, send what there is now; if all are busy, let entries gather.
"""

from __future__ import annotations

import logging
import uuid
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

from celery import Task
from celery.exceptions import TimeLimitExceeded
from celery.worker import state
from celery.worker.strategy import default as celery_strategy

from producer.message import ENQUEUED_AT
from producer.schemas import DeadReason
from worker.child import run_batch
from worker.report import BatchReport, Claim, Failure, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from celery import Celery

    from worker.metrics import Metrics
    from worker.settle import Settler

log = logging.getLogger(__name__)

#: A token of English is a little over four characters; a sealed character is 3/4 of a byte.
SEALED_CHARACTERS_PER_TOKEN = 6
#: How long a batch that Redis would not settle rests before it is handed back.
HAND_BACK_SECONDS = 1.0


class Batch:
    """Requests on their way through a child together."""

    __slots__ = ("claims", "done", "id", "requests")

    def __init__(self, requests: Sequence[Any], claims: Sequence[Claim]) -> None:
        self.id = uuid.uuid4().hex
        self.requests = list(requests)
        self.claims = list(claims)
        self.done = False


class Batcher:
    """Gathers requests and sends them to idle children.

    Args:
        pool: Celery's prefork pool.
        call_soon: runs a function once the event loop has read what has arrived.
        call_later: runs a function after so many seconds.
        settler: publishes dead letters of entries that killed their child.
        metrics: where batch reports are counted.
        max_entries, max_tokens: the size of a batch; one entry always fits.
        timeout: seconds after which a batch's child is killed.
        max_deliveries: how often an entry may lose its child before it is dead.
    """

    def __init__(
        self,
        pool: Any,
        *,
        call_soon: Callable[..., Any],
        call_later: Callable[..., Any],
        settler: Settler,
        metrics: Metrics,
        max_entries: int,
        max_tokens: int,
        timeout: float,
        max_deliveries: int,
    ) -> None:
        self._pool = pool
        self._call_soon = call_soon
        self._call_later = call_later
        self._settler = settler
        self._metrics = metrics
        self._max_entries = max_entries
        self._max_tokens = max_tokens
        self._timeout = timeout
        self._max_deliveries = max_deliveries
        self._waiting: deque[Any] = deque()
        self._suspects: deque[Batch] = deque()
        self._losses: Counter[str] = Counter()
        self._running: dict[str, Batch] = {}
        self._flush_scheduled = False
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

    def add(self, request: Any) -> None:
        """Take a request; it leaves with the next batch."""
        self._waiting.append(request)
        self._schedule()

    def forget_waiting(self) -> None:
        """Drop what waits: its connection is gone, and Redis will hand it out again."""
        self._waiting.clear()
        self._suspects.clear()

    def _schedule(self) -> None:
        if not self._flush_scheduled:
            self._flush_scheduled = True
            self._call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_scheduled = False
        while len(self._running) < self._pool.num_processes:
            batch = self._suspects.popleft() if self._suspects else self._gather()
            if batch is None:
                break
            self._dispatch(batch)
        self._metrics.in_flight(waiting=self.waiting, running=self.running)

    def _gather(self) -> Batch | None:
        requests: list[Any] = []
        claims: list[Claim] = []
        tokens = 0
        while self._waiting and len(requests) < self._max_entries:
            request = self._waiting[0]
            claim = as_claim(request)
            cost = len(claim.sealed) // SEALED_CHARACTERS_PER_TOKEN if claim else 0
            if requests and tokens + cost > self._max_tokens:
                break
            self._waiting.popleft()
            if request.revoked():  # revoked or expired while it waited; Celery settles it
                continue
            if claim is None:
                self._bury(request, Claim(request.id, str(request.args)), DeadReason.MALFORMED)
                continue
            tokens += cost
            requests.append(request)
            claims.append(claim)
        return Batch(requests, claims) if requests else None

    def _dispatch(self, batch: Batch) -> None:
        self._running[batch.id] = batch
        self._pool.apply_async(
            run_batch,
            args=(batch.claims,),
            accept_callback=lambda pid, accepted: self._accepted(batch, pid, accepted),
            callback=lambda report: self._returned(batch, report),
            error_callback=lambda info: self._lost(batch, info),
            timeout=self._timeout,
            correlation_id=batch.id,
        )

    def _accepted(self, batch: Batch, pid: int, accepted: float) -> None:
        for request in batch.requests:
            request.on_accepted(pid, accepted)

    def _returned(self, batch: Batch, report: BatchReport) -> None:
        if not self._close(batch):
            return
        if report.failure is Failure.UNSETTLED:
            self._call_later(HAND_BACK_SECONDS, self._hand_back, (batch,))
            return
        if report.failure is Failure.BROKEN:
            self._isolate(batch, DeadReason.CLASSIFIER_FAILED)
            return
        seconds = sum(report.stages.values())
        for request, claim, outcome in zip(
            batch.requests, batch.claims, report.outcomes, strict=True
        ):
            self._losses.pop(claim.entry_id, None)
            finish(request, outcome, seconds)
        self._metrics.observe(report)

    def _lost(self, batch: Batch, info: Any) -> None:
        """The child was killed, ran out of memory, or past the time limit."""
        if not self._close(batch):
            return
        late = isinstance(info.exception, TimeLimitExceeded)
        reason = DeadReason.TIMED_OUT if late else DeadReason.WORKER_LOST
        log.warning("lost a child with %d entries: %s", len(batch.claims), reason.value)
        self._isolate(batch, reason)

    def _isolate(self, batch: Batch, reason: DeadReason) -> None:
        """Try again in halves, so that only the guilty entry ends as a dead letter."""
        self._losses.update(claim.entry_id for claim in batch.claims)
        if len(batch.claims) > 1:
            middle = len(batch.claims) // 2
            for part in (slice(middle), slice(middle, None)):
                self._suspects.append(Batch(batch.requests[part], batch.claims[part]))
        elif self._losses[batch.claims[0].entry_id] < self._max_deliveries:
            self._suspects.append(Batch(batch.requests, batch.claims))
        else:
            self._losses.pop(batch.claims[0].entry_id)
            self._bury(batch.requests[0], batch.claims[0], reason)
        self._metrics.redelivered(len(batch.claims))
        self._schedule()

    def _bury(self, request: Any, claim: Claim, reason: DeadReason) -> None:
        try:
            self._settler.settle([], [(claim, reason)])
        except Exception as exc:  # noqa: BLE001 - whatever Redis says, the entry must not be lost
            log.error("a dead letter could not be written (%s)", type(exc).__name__)
            request.reject(requeue=True)
            return
        finish(request, Outcome.DEAD, 0.0)
        self._metrics.count(Outcome.DEAD, 1)

    def _hand_back(self, batch: Batch) -> None:
        for request in batch.requests:
            state.task_ready(request)
            request.reject(requeue=True)
        self._metrics.count(Outcome.REQUEUED, len(batch.requests))

    def _close(self, batch: Batch) -> bool:
        """Mark a batch as over; False if it already was (a timeout tells twice)."""
        if batch.done:
            return False
        batch.done = True
        self.finished += 1
        self._running.pop(batch.id, None)
        self._schedule()
        return True


def as_claim(request: Any) -> Claim | None:
    """The claim a request carries, or None if its arguments are not one sealed text."""
    args = request.args
    if not (isinstance(args, (list, tuple)) and len(args) == 1 and isinstance(args[0], str)):
        return None
    enqueued_at = request.request_dict.get(ENQUEUED_AT)
    known = isinstance(enqueued_at, (int, float)) and not isinstance(enqueued_at, bool)
    return Claim(str(request.id), args[0], float(enqueued_at) if known else 0.0)


def finish(request: Any, outcome: Outcome, seconds: float) -> None:
    """Tell Celery that a request is over, and let it acknowledge the message."""
    if outcome is Outcome.DEAD:
        state.task_ready(request)
        request.acknowledge()
        request.send_event("task-failed", exception="dead-lettered", traceback="")
    else:
        request.on_success((False, None, seconds))


class MicroBatchTask(Task):  # type: ignore[misc]
    """A task that runs in micro-batches; `batcher_for` is set by the composition root."""

    abstract = True
    Strategy = "worker.microbatch:strategy"
    acks_late = True
    acks_on_failure_or_timeout = False
    ignore_result = True
    typing = False
    batcher_for: Callable[[Any], Batcher] | None = None


def strategy(task: MicroBatchTask, app: Celery, consumer: Any) -> Any:
    """Celery's default strategy, with a batcher where it would call the pool.

    Called at every (re)connection, and then what waited for the old connection is forgotten.
    """
    if task.batcher_for is None:
        raise RuntimeError("no batcher: use worker.app.create_app")
    previous = getattr(consumer, "journal_batcher", None)
    if previous is not None:
        previous.forget_waiting()
        consumer.on_task_request = consumer.journal_to_pool
    batcher = task.batcher_for(consumer)
    consumer.journal_batcher = batcher
    to_pool = consumer.journal_to_pool = consumer.on_task_request

    def route(request: Any) -> None:
        (batcher.add if request.task.name == task.name else to_pool)(request)

    consumer.on_task_request = route
    return celery_strategy(task, app, consumer)
