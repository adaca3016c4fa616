"""The spans of a batch's entries, each in the trace of its entry.

Not one span for a batch with links to its entries: what people ask is what became of one entry,
and a trace that ends in a link answers that in few tools. Whoever began a trace also decided
whether it is kept, so the entries of a batch differ in that, which one span for all could not tell.
The price is that spans of one batch repeat its times; `journal.batch.entries` says how many do.

Nothing is made of an entry but its id, how often it was delivered and what became of it: no text,
no context, no label.
"""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from producer.tracing.entries import described
from producer.tracing.spans import Kind
from worker.protocol import MissingKey, Outcome, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from producer.tracing.spans import Tracer
    from worker.child.stages import Item

log = logging.getLogger(__name__)

WAIT = "journal wait"
_KINDS = {Stage.SETTLE: (Kind.CLIENT, "settle")}
_NANOSECONDS = 1_000_000_000


class BatchTrace:
    """What a batch tells of its way; this one listens to nothing, as traces are off."""

    def stage(
        self,
        stage: Stage,  # noqa: ARG002 - for those that listen
        items: Sequence[Item],  # noqa: ARG002
    ) -> AbstractContextManager[None]:
        """Note how long a stage takes, and which items go through it."""
        return nullcontext()

    def end(self, outcomes: Sequence[Outcome]) -> None:
        """The batch is over.

        Args:
            outcomes: one for each item; none if the batch failed as a whole.
        """


class Traces:
    """Makes the traces of batches.

    Args:
        tracer: begins spans; None if traces are off.
        queue: where the entries come from.
    """

    def __init__(self, tracer: Tracer | None = None, queue: str = "") -> None:
        self._tracer = tracer
        self._queue = queue

    def begin(self, items: Sequence[Item]) -> BatchTrace:
        """A batch begins; an entry that belongs to no trace gets one, if it is to be kept."""
        if self._tracer is None:
            return BatchTrace()
        try:
            return _RecordedBatch(self._tracer, self._queue, items)
        except Exception as exc:  # noqa: BLE001 - no entry is to suffer by its trace
            log.warning("no trace of a batch was made (%s)", type(exc).__name__)
            return BatchTrace()


@dataclass(frozen=True, slots=True)
class _Passed:
    """That items went through a stage, by their positions, and which failed in it."""

    stage: Stage
    began: int
    ended: int
    positions: tuple[int, ...]
    failed: frozenset[int]


class _RecordedBatch(BatchTrace):
    def __init__(self, tracer: Tracer, queue: str, items: Sequence[Item]) -> None:
        self._tracer = tracer
        self._queue = queue
        self._items = items
        self._passed: list[_Passed] = []
        now = time.time_ns()
        self._kept = [self._wait(item, now) for item in items]

    def _wait(self, item: Item, now: int) -> bool:
        """Record its time since it was enqueued, by its producer's clock; whether that is kept."""
        claim = item.claim
        enqueued = int(min(now, claim.enqueued_at * _NANOSECONDS)) or now
        span = self._tracer.start(
            WAIT,
            Kind.CONSUMER,
            {
                **described(claim.entry_id, self._queue, "receive"),
                "journal.deliveries": claim.deliveries,
                "journal.batch.entries": len(self._items),
            },
            parent=item.traceparent,
            at=enqueued,
            alone=True,
        )
        kept = span.recorded
        if kept and item.traceparent is None:
            item.traceparent = span.traceparent
        span.end(at=now)
        return kept

    @contextmanager
    def stage(self, stage: Stage, items: Sequence[Item]) -> Iterator[None]:
        """Note how long a stage takes, and which items go through it."""
        settles = stage is Stage.SETTLE  # which failed items go through as well
        positions = tuple(i for i, item in enumerate(items) if settles or item.reason is None)
        began = time.time_ns()
        try:
            yield
        finally:
            failed = frozenset(i for i in positions if items[i].reason is not None and not settles)
            self._passed.append(_Passed(stage, began, time.time_ns(), positions, failed))

    def end(self, outcomes: Sequence[Outcome]) -> None:
        """Record all stages, now that nobody waits for the answers."""
        with suppress(Exception):  # no entry is to suffer by its trace
            for passed in self._passed:
                for position in passed.positions:
                    if self._kept[position]:
                        outcome = outcomes[position] if outcomes else None
                        self._record(passed, position, outcome)

    def _record(self, passed: _Passed, position: int, outcome: Outcome | None) -> None:
        item = self._items[position]
        kind, operation = _KINDS.get(passed.stage, (Kind.INTERNAL, "process"))
        span = self._tracer.start(
            passed.stage.value,
            kind,
            {
                **described(item.claim.entry_id, self._queue, operation),
                "journal.batch.entries": len(passed.positions),
            },
            parent=item.traceparent,
            at=passed.began,
        )
        if passed.stage is Stage.SETTLE:
            told = "unsettled" if outcome is None else outcome.value
            error = None if outcome is Outcome.ANSWERED else _why(item) or told
            span.end(at=passed.ended, error=error, attributes={"journal.outcome": told})
        else:
            error = _why(item) if position in passed.failed else None
            span.end(at=passed.ended, error=error)


def _why(item: Item) -> str | None:
    """The reason of a dead letter; not the id of a missing key, which may be any text."""
    if isinstance(item.reason, MissingKey):
        return "missing_key"
    return None if item.reason is None else item.reason.value
