"""Gathering requests into batches, and lost batches in parts, for the next child that is idle."""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError

from producer.schemas import DeadReason
from worker.broker.transport import mark_settled, mark_waiting
from worker.parent.batch import Batch, finish
from worker.parent.claim import as_claim, malformed
from worker.parent.isolation import is_hopeless, is_suspect, split
from worker.parent.limits import tokens_of
from worker.protocol import Outcome

if TYPE_CHECKING:
    from collections.abc import Container

    from worker.broker.claims import Claims
    from worker.monitoring.metrics import Metrics
    from worker.parent.dead_letters import DeadLetters
    from worker.parent.limits import BatchLimits
    from worker.parent.requeue import Requeuer
    from worker.protocol import Claim

log = logging.getLogger(__name__)


class Gatherer:
    """Holds the requests that wait for a child, and says which go to the next one together.

    Args:
        limits: of a batch and its entries.
        claims: where a failed delivery is counted, so that the count outlives this worker.
        dead_letters: writes those of entries that no child is given.
        requeuer: requeues what Redis refuses.
        metrics: where redelivered entries are counted.
    """

    def __init__(
        self,
        limits: BatchLimits,
        *,
        claims: Claims,
        dead_letters: DeadLetters,
        requeuer: Requeuer,
        metrics: Metrics,
    ) -> None:
        self._limits = limits
        self._claims = claims
        self._dead_letters = dead_letters
        self._requeuer = requeuer
        self._metrics = metrics
        self._waiting: deque[Any] = deque()
        #: Parts of lost batches; each may hold a poison entry.
        self._suspects: deque[Batch] = deque()

    @property
    def waiting(self) -> int:
        """Entries claimed and not yet with a child."""
        return len(self._waiting) + sum(len(batch.claims) for batch in self._suspects)

    @property
    def has_full_batch(self) -> bool:
        """Whether there is a batch to which no more entries would be added by waiting."""
        return bool(self._suspects) or len(self._waiting) >= self._limits.entries

    def tags(self) -> list[str]:
        """The tags of all claims that wait."""
        tags = [str(request.message.delivery_tag) for request in self._waiting]
        return tags + [tag for batch in self._suspects for tag in batch.tags]

    def add(self, request: Any) -> None:
        """Take a request; it leaves with one of the next batches."""
        self._waiting.append(request)

    def forget(self) -> None:
        """Drop what waits: its connection is gone, and Redis will deliver it again."""
        self._waiting.clear()
        self._suspects.clear()

    def drop(self, lost: Container[str]) -> int:
        """Drop what waits and is another worker's by now, before a child computes it for nothing.

        Args:
            lost: the tags of claims that are lost.

        Returns:
            How many entries were dropped.
        """
        dropped = 0
        for batch in self.take_all():
            gone = [i for i, tag in enumerate(batch.tags) if tag in lost]
            for request in (batch.requests[i] for i in gone):
                mark_settled([request.message])
                finish(request, Outcome.LEASE_LOST, 0.0)
            dropped += len(gone)
            rest = batch.without(gone)
            if not rest.claims:
                self._waiting.extend(rest.requests)
            elif rest.requests:
                self._suspects.append(rest)
        self._metrics.count(Outcome.LEASE_LOST, dropped)
        return dropped

    def take_all(self) -> list[Batch]:
        """Take out all that waits."""
        batches = list(self._suspects)
        if self._waiting:
            batches.append(Batch(self._waiting))
        self.forget()
        return batches

    def next_batch(self) -> Batch | None:
        """The batch for the next idle child: parts of lost batches first; None if nothing waits."""
        return self._suspects.popleft() if self._suspects else self._gather()

    def isolate(self, batch: Batch, reason: DeadReason) -> None:
        """Try a lost batch again in parts, so that only a poison entry becomes a dead letter.

        Args:
            batch: what was lost with its child, or failed as a whole.
            reason: why, should it be a poison entry.
        """
        found = split(batch.claims, self._limits)
        if found.poison is not None:
            self._dead_letter(batch.requests[0], found.poison, reason)
            return
        try:
            self._claims.renew(batch.tags, failed=True)
        except Exception as exc:  # noqa: BLE001 - the count in the claims below still holds
            log.warning("a failed delivery could not be counted (%s)", type(exc).__name__)
        self._suspects.extend(batch.retry(part) for part in found.parts)
        mark_waiting(batch.messages)
        self._metrics.redelivered(len(batch.claims))

    def _gather(self) -> Batch | None:
        requests: list[Any] = []
        claims: list[Claim] = []
        tokens = 0
        while self._waiting and len(requests) < self._limits.entries:
            request = self._waiting[0]
            claim = as_claim(request)
            cost = tokens_of(claim) if claim else 0
            suspect = claim is not None and is_suspect(claim, self._limits)
            if requests and (suspect or tokens + cost > self._limits.tokens):
                break
            self._waiting.popleft()
            if self._unwanted(request, claim):
                continue
            if claim is None:
                self._dead_letter(request, malformed(request.message), DeadReason.MALFORMED)
                continue
            if suspect and is_hopeless(claim, self._limits):
                self._dead_letter(request, claim, DeadReason.WORKER_LOST)
                continue
            tokens += cost
            requests.append(request)
            claims.append(claim)
            if suspect:
                break
        return Batch(requests, claims) if requests else None

    def _unwanted(self, request: Any, claim: Claim | None) -> bool:
        """Whether a request was revoked or expired while it waited; then it settles itself."""
        try:
            return bool(request.revoked())
        except RedisError as exc:
            log.warning("a revoked entry could not be settled (%s)", type(exc).__name__)
            self._requeuer.later(Batch([request]))
        except Exception:  # noqa: BLE001 - headers may hold anything; none may stop the worker
            self._dead_letter(request, claim or malformed(request.message), DeadReason.MALFORMED)
        return True

    def _dead_letter(self, request: Any, claim: Claim, reason: DeadReason) -> None:
        self._dead_letters.write(
            claim,
            reason,
            request.message,
            acknowledge=lambda outcome: finish(request, outcome, 0.0),
            requeue=lambda: self._requeuer.later(Batch([request], [claim])),
        )
