"""Batches on their way back to the queue: held, and tried again, until Redis takes them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError

from worker.broker.transport import mark_settled, mark_waiting
from worker.celery_internals import request_ended
from worker.protocol import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from worker.monitoring.metrics import Metrics
    from worker.parent.batch import Batch

log = logging.getLogger(__name__)

#: How long a batch that Redis would not settle rests before it is handed back.
HAND_BACK_SECONDS = 1.0


class Requeuer:
    """Hands batches back.

    Args:
        give_back: hands claims back.
        call_later: runs a function after so many seconds.
        metrics: where what went back is counted.
    """

    def __init__(
        self,
        give_back: Callable[[Sequence[str]], Any],
        *,
        call_later: Callable[..., Any],
        metrics: Metrics,
    ) -> None:
        self._give_back = give_back
        self._call_later = call_later
        self._metrics = metrics
        self._held: dict[str, Batch] = {}

    @property
    def batches(self) -> tuple[Batch, ...]:
        """What is still in our hands, and needs its leases renewed."""
        return tuple(self._held.values())

    def forget(self) -> None:
        """The connection is lost: its channel handed back what it held."""
        self._held.clear()

    def later(self, batch: Batch) -> None:
        """Hand a batch back after a rest: whatever Redis refused, it may take then."""
        self._held[batch.id] = batch
        mark_waiting(batch.messages)
        self._call_later(HAND_BACK_SECONDS, self._now, (batch,))

    def _now(self, batch: Batch) -> None:
        try:
            self._give_back([str(message.delivery_tag) for message in batch.messages])
        except RedisError as exc:
            log.warning("a batch could not be handed back (%s)", type(exc).__name__)
            self.later(batch)
            return
        mark_settled(batch.messages)
        self._held.pop(batch.id, None)
        for request in batch.requests:
            request_ended(request)
            request.acknowledge()  # the claim is gone in Redis: this closes kombu's account only
        self._metrics.count(Outcome.REQUEUED, len(batch.requests))
