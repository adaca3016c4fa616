"""Gathering requests into batches, and lost batches in parts, for the next child that is idle."""

from __future__ import annotations

import logging
from collections import Counter, deque
from itertools import chain
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError

from producer.keys import ONE_LANE
from producer.schemas import DeadReason
from worker.broker.lanes import Turns, lane_of_tag
from worker.broker.transport import mark_settled, mark_waiting
from worker.parent.batch import Batch, finish
from worker.parent.claim import as_claim, malformed
from worker.parent.isolation import is_hopeless, is_suspect, split
from worker.parent.limits import BatchCosts, tokens_of
from worker.protocol import Outcome

if TYPE_CHECKING:
    from collections.abc import Container

    from producer.keys import Lanes
    from worker.broker.claims import Claims
    from worker.monitoring.metrics import Metrics
    from worker.parent.dead_letters import DeadLetters
    from worker.parent.limits import BatchLimits
    from worker.parent.requeue import Requeuer
    from worker.protocol import Claim

log = logging.getLogger(__name__)


class _Load:
    """A batch in the making.

    Attributes:
        closed: whether nothing may be added, as it holds an entry that may be poison.
    """

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.claims: list[Claim] = []
        self.tokens = 0
        self.closed = False

    def add(self, request: Any, claim: Claim, tokens: int) -> None:
        """Add an entry."""
        self.requests.append(request)
        self.claims.append(claim)
        self.tokens += tokens


class Gatherer:
    """Holds the requests that wait for a child, and says which go to the next one together.

    Lanes take turns by weight. A batch is filled up from other lanes only where it takes little
    longer for it: so an entry of an urgent lane waits for none of another but those that a child
    has begun with.

    Args:
        limits: of a batch and its entries.
        claims: where a failed delivery is counted, so that the count outlives this worker.
        dead_letters: writes those of entries that no child is given.
        requeuer: requeues what Redis refuses.
        metrics: where redelivered entries are counted.
        lanes: that take turns.
    """

    def __init__(
        self,
        limits: BatchLimits,
        *,
        claims: Claims,
        dead_letters: DeadLetters,
        requeuer: Requeuer,
        metrics: Metrics,
        lanes: Lanes = ONE_LANE,
    ) -> None:
        self._limits = limits
        self._claims = claims
        self._dead_letters = dead_letters
        self._requeuer = requeuer
        self._metrics = metrics
        self._turns = Turns(lanes)
        self._costs = BatchCosts()
        #: By lane, called as in tags.
        self._waiting: dict[str, deque[Any]] = {lane: deque() for lane in self._turns.lanes}
        #: Parts of lost batches; each may hold a poison entry.
        self._suspects: deque[Batch] = deque()

    @property
    def waiting(self) -> int:
        """Entries claimed and not yet with a child."""
        waiting = sum(map(len, self._waiting.values()))
        return waiting + sum(len(batch.claims) for batch in self._suspects)

    def waiting_by_lane(self) -> Counter[str]:
        """The same for each lane, called as in tags."""
        waiting = Counter({lane: len(requests) for lane, requests in self._waiting.items()})
        for batch in self._suspects:
            waiting.update(self._lane_of(request) for request in batch.requests)
        return waiting

    @property
    def has_full_batch(self) -> bool:
        """Whether there is a batch to which no more entries would be added by waiting."""
        most = max(map(len, self._waiting.values()))
        return bool(self._suspects) or most >= self._limits.entries

    def tags(self) -> list[str]:
        """The tags of all claims that wait."""
        waiting = chain.from_iterable(self._waiting.values())
        tags = [str(request.message.delivery_tag) for request in waiting]
        return tags + [tag for batch in self._suspects for tag in batch.tags]

    def add(self, request: Any) -> None:
        """Take a request; it leaves with one of the next batches."""
        self._waiting[self._lane_of(request)].append(request)

    def forget(self) -> None:
        """Drop what waits: its connection is gone, and Redis will deliver it again."""
        for requests in self._waiting.values():
            requests.clear()
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
                for request in rest.requests:
                    self.add(request)
            elif rest.requests:
                self._suspects.append(rest)
        self._metrics.count(Outcome.LEASE_LOST, dropped)
        return dropped

    def take_all(self) -> list[Batch]:
        """Take out all that waits."""
        batches = list(self._suspects)
        batches += [Batch(requests) for requests in self._waiting.values() if requests]
        self.forget()
        return batches

    def next_batch(self) -> Batch | None:
        """The batch for the next idle child: parts of lost batches first; None if nothing waits."""
        if self._suspects:
            return self._suspects.popleft()
        while waiting := [lane for lane, requests in self._waiting.items() if requests]:
            lane = self._turns.next(waiting)
            if batch := self._gather(lane):
                return batch
        return None

    def observe(self, batch: Batch, seconds: float) -> None:
        """Note how long a child took for a batch."""
        self._costs.observe(sum(map(tokens_of, batch.claims)), seconds)

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

    def _lane_of(self, request: Any) -> str:
        lane = lane_of_tag(str(request.message.delivery_tag))
        return lane if lane in self._waiting else ""

    def _gather(self, lane: str) -> Batch | None:
        """A batch of what waits in a lane, filled up from others where that costs it little.

        None where nothing of the lane was to be worked on.
        """
        load = _Load()
        self._load(load, lane, self._limits.tokens)
        if not load.claims:
            return None
        most = min(self._limits.tokens, self._costs.filled(load.tokens))
        others = {other for other, requests in self._waiting.items() if requests} - {lane}
        while others and not load.closed:
            other = self._turns.hindmost(others)
            self._load(load, other, most)
            others.discard(other)
        return Batch(load.requests, load.claims)

    def _load(self, load: _Load, lane: str, most_tokens: float) -> None:
        """Add to a batch what waits in a lane and still fits."""
        waiting, before = self._waiting[lane], len(load.claims)
        while waiting and len(load.requests) < self._limits.entries and not load.closed:
            request = waiting[0]
            claim = as_claim(request)
            cost = tokens_of(claim) if claim else 0
            suspect = claim is not None and is_suspect(claim, self._limits)
            if load.requests and (suspect or load.tokens + cost > most_tokens):
                break
            waiting.popleft()
            if self._unwanted(request, claim):
                continue
            if claim is None:
                self._dead_letter(request, malformed(request.message), DeadReason.MALFORMED)
                continue
            if suspect and is_hopeless(claim, self._limits):
                self._dead_letter(request, claim, DeadReason.WORKER_LOST)
                continue
            load.add(request, claim, cost)
            load.closed = suspect
        self._turns.took(lane, len(load.claims) - before)

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
