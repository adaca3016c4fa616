"""What parent and child tell one another: claims one way, a batch report the other."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Outcome(StrEnum):
    """What became of one entry of a batch."""

    ANSWERED = "answered"
    DEAD = "dead"
    REQUEUED = "requeued"
    LEASE_LOST = "lease_lost"
    REVOKED = "revoked"
    EXPIRED = "expired"


class Failure(StrEnum):
    """Why a whole batch failed."""

    #: Nothing was published because Redis did not take it; no entry is the cause.
    UNSETTLED = "unsettled"
    #: All is published, but fewer replicas have it than the operator asks for.
    UNCONFIRMED = "unconfirmed"
    #: Nothing was published because the child's device is lost or full; the child is to be ended.
    DEVICE = "device"
    #: Something broke that one of the entries may have caused.
    BROKEN = "broken"


class Stage(StrEnum):
    """The stages whose time is measured."""

    QUEUE = "queue"
    ANONYMIZE = "anonymize"
    CLASSIFY = "classify"
    SETTLE = "settle"
    END_TO_END = "end_to_end"


@dataclass(frozen=True, slots=True)
class MissingKey:
    """Why an entry is left to another worker: it was sealed with a key that this one lacks.

    Attributes:
        key_id: of the key, as the entry's header tells; it may be any text.
    """

    key_id: str


@dataclass(frozen=True, slots=True)
class Claim:
    """One entry that this worker has claimed, still sealed.

    Attributes:
        entry_id: the id outside; the sealed message must hold the same.
        sealed: the compact JWE.
        enqueued_at: seconds since 1970 of submission, 0 if the producer did not say.
        deliveries: how often it was handed to a child, this time included.
        tag: the claim's own tag, by which it is settled.
        traceparent: the trace that it belongs to, as W3C Trace Context writes it, if it does.
    """

    entry_id: str
    #: Not shown: at level DEBUG Celery logs what it gives to its pool.
    sealed: str = field(repr=False)
    tag: str = ""
    enqueued_at: float = 0.0
    deliveries: int = 1
    traceparent: str | None = None

    def __reduce__(self) -> tuple[type[Claim], tuple[object, ...]]:
        """How it is pickled: a dataclass of this kind takes four times as long by itself."""
        values = (self.entry_id, self.sealed, self.tag, self.enqueued_at, self.deliveries)
        return Claim, (*values, self.traceparent)


@dataclass(slots=True)
class BatchReport:
    """What a child tells of a batch: counts and times, never text.

    Attributes:
        outcomes: one for each claim, in the order given.
        stages: seconds the batch spent in each stage.
        waits: for each entry with a known time of submission, seconds from then to the child.
        end_to_end: for each answered entry, seconds from submission to its result.
        missing_keys: ids of the keys that entries of the batch need and this worker lacks.
        failure: set if the batch as a whole failed; then there are no outcomes, except where it
            was published and not confirmed.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    stages: dict[Stage, float] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)
    end_to_end: list[float] = field(default_factory=list)
    labels: Counter[str] = field(default_factory=Counter)
    redactions: Counter[str] = field(default_factory=Counter)
    tokens: int = 0
    padded_tokens: int = 0
    missing_keys: set[str] = field(default_factory=set)
    failure: Failure | None = None

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[None]:
        """Add the time spent inside to a stage."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.stages[stage] = self.stages.get(stage, 0.0) + time.perf_counter() - started
