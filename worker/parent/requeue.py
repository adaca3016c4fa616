"""Batches on their way back to the queue: held, and tried again, until Redis takes them."""

from __future__ import annotations

import logging
import math
import time
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError

from worker.broker.transport import mark_settled, mark_waiting
from worker.celery_internals import request_ended
from worker.protocol import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.broker.claims import Claims
    from worker.monitoring.metrics import Metrics
    from worker.parent.batch import Batch

log = logging.getLogger(__name__)

#: How long a batch waits before it is requeued: what Redis refused, it may take then.
REQUEUE_SECONDS = 1.0
#: When to look whether a failover lost a batch's answers; it takes some seconds.
FAILOVER_SECONDS = (1.0, 4.0, 10.0)


class Requeuer:
    """Requeues batches.

    Args:
        claims: what gives claims up to the queue.
        metrics: where requeued entries are counted.
        call_later: runs a function with arguments after so many seconds.
    """

    def __init__(self, claims: Claims, metrics: Metrics, call_later: Callable[..., Any]) -> None:
        self._claims = claims
        self._metrics = metrics
        self._call_later = call_later
        self._held: dict[str, Batch] = {}
        #: The batch that was refused last, and when.
        self._refused: tuple[str, float] = ("", -math.inf)

    def tags(self) -> list[str]:
        """The tags of all claims that are not back yet, so that their leases are renewed."""
        return [tag for batch in self._held.values() for tag in batch.tags]

    def forget(self) -> None:
        """The connection is lost: its channel requeued what it held."""
        self._held.clear()

    def later(self, batch: Batch) -> None:
        """Requeue a batch after `REQUEUE_SECONDS`."""
        self._held[batch.id] = batch
        mark_waiting(batch.messages)
        self._call_later(REQUEUE_SECONDS, self._now, (batch,))

    def after_failover(self, batch: Batch) -> None:
        """Requeue what is still claimed at the next primary, should the last one be lost.

        Its answers are published there, and fewer replicas have them than the operator asks for.
        Where there was no failover, nothing is claimed any more by these tags.
        """
        for seconds in FAILOVER_SECONDS:
            self._call_later(seconds, self._elsewhere, (batch.tags,))

    def _elsewhere(self, tags: list[str]) -> None:
        try:
            self._claims.look_for_primary()
            requeued = self._claims.requeue(tags)
        except RedisError as exc:  # else they come back when their leases end
            log.debug("%d claims could not be looked for (%s)", len(tags), type(exc).__name__)
            return
        if requeued:
            log.warning("requeued %d entries whose answers a failover lost", requeued)
            self._metrics.count(Outcome.REQUEUED, requeued)

    def _now(self, batch: Batch) -> None:
        refused, at = self._refused
        if refused != batch.id and time.monotonic() - at < REQUEUE_SECONDS:
            self.later(batch)  # the event loop waits for Redis once, not for every batch
            return
        try:
            self._claims.requeue(batch.tags)
        except RedisError as exc:
            log.debug("a batch could not be requeued (%s)", type(exc).__name__)
            self._refused = (batch.id, time.monotonic())
            self.later(batch)
            return
        mark_settled(batch.messages)
        self._held.pop(batch.id, None)
        for request in batch.requests:
            request_ended(request)
            request.acknowledge()  # the claim is gone in Redis: this closes kombu's account only
        self._metrics.count(Outcome.REQUEUED, len(batch.requests))
