"""The stages that a batch of entries goes through in a child: open, anonymize, classify, settle.

Plain text exists only here, in memory, for the time of one batch. An entry that fails a stage is
dead-lettered with a reason from a closed list; the other entries of its batch go on.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import pydantic

from producer.errors import (
    NotSealedError,
    SealError,
    UnknownKeyError,
    ValidationError,
    WrongIdError,
)
from producer.schemas import (
    MAX_TEXT_CHARACTERS,
    DeadReason,
    Evidence,
    JournalEntry,
    JournalResult,
    Label,
)
from producer.sealing import ENTRY, RESULT
from worker.child.stages import Item, run_stage, without_failure
from worker.child.traces import Traces
from worker.errors import AnonymizationError, ClassificationError, UnconfirmedError
from worker.protocol import BatchReport, Failure, MissingKey, Outcome, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from worker.broker.settlement import Settler
    from worker.child.stages import AnonymizerLike, ClassifierLike
    from worker.child.traces import BatchTrace
    from worker.protocol import Claim

#: A JWE of the longest entry, base64: anything longer was not made by a client.
MAX_SEALED_CHARACTERS = 8 * MAX_TEXT_CHARACTERS + 4096


_REASONS = {NotSealedError: DeadReason.NOT_SEALED, WrongIdError: DeadReason.WRONG_ID}


class OpensAndSeals(Protocol):
    """The interface that the pipeline needs of a key set."""

    def open(self, sealed: str, *, kind: str, entry_id: str) -> bytes:
        """Decrypt a message; see `KeySet.open`."""

    def seal(self, plaintext: bytes, *, kind: str, entry_id: str) -> str:
        """Encrypt a message; see `KeySet.seal`."""


class Pipeline:
    """Takes the batches of one child through the stages.

    Args:
        keys: opens entries and seals results.
        anonymizer: replaces personal data in texts.
        classifier: finds labels in anonymized texts.
        settler: publishes results and dead letters.
        traces: record the way of each entry; off by default.
        begin: told that a batch begins.
        forget: forgets what the stages share of a batch; called behind each.
    """

    def __init__(
        self,
        *,
        keys: OpensAndSeals,
        anonymizer: AnonymizerLike,
        classifier: ClassifierLike,
        settler: Settler,
        traces: Traces | None = None,
        begin: Callable[[], None] = lambda: None,
        forget: Callable[[], None] = lambda: None,
    ) -> None:
        self._keys = keys
        self._anonymizer = anonymizer
        self._classifier = classifier
        self._settler = settler
        self._traces = traces or Traces()
        self._begin, self._forget = begin, forget

    def run(self, claims: Sequence[Claim]) -> BatchReport:
        """Process a batch of entries until each is answered or dead-lettered.

        Args:
            claims: the sealed entries of the batch.

        Returns:
            Counts and times of the batch, with one outcome for each claim in the order given:
            `REQUEUED` for an entry that waits for a worker with its key.

        Raises:
            redis.exceptions.RedisError: the answers could not be published.
            DeviceError: the device is lost or full.
            StageBrokenError: a stage fails whatever text it is given.
        """
        self._begin()
        now = time.time()
        report = BatchReport(waits=[max(0.0, now - c.enqueued_at) for c in claims if c.enqueued_at])
        items = [Item(claim, claim.traceparent) for claim in claims]
        trace = self._traces.begin(items)
        try:
            self._run_stages(items, report, trace)
        finally:
            trace.end(report.outcomes)
        return report

    def _run_stages(self, items: Sequence[Item], report: BatchReport, trace: BatchTrace) -> None:
        for item in items:
            self._open(item)
        try:
            with report.stage(Stage.ANONYMIZE), trace.stage(Stage.ANONYMIZE, items):
                self._anonymize(items)
            with report.stage(Stage.CLASSIFY), trace.stage(Stage.CLASSIFY, items):
                self._classify(items, report)
        finally:
            self._forget()
        for item in without_failure(items):
            item.result = self._result(item)
        with report.stage(Stage.SETTLE), trace.stage(Stage.SETTLE, items):
            try:
                held = self._settle(items)
            except UnconfirmedError as exc:
                held, report.failure = exc.held, Failure.UNCONFIRMED
        _count(report, items, held)

    def _open(self, item: Item) -> None:
        """Open an entry and check that it is what its claim says."""
        claim = item.claim
        if len(claim.sealed) > MAX_SEALED_CHARACTERS:
            item.reason = DeadReason.OVERSIZED
            return
        try:
            plaintext = self._keys.open(claim.sealed, kind=ENTRY, entry_id=claim.entry_id)
            entry = JournalEntry.model_validate_json(plaintext)
        except UnknownKeyError as exc:
            item.reason = MissingKey(exc.key_id)
        except SealError as exc:
            item.reason = _REASONS.get(type(exc), DeadReason.DAMAGED)
        except (pydantic.ValidationError, ValidationError):
            item.reason = DeadReason.MALFORMED
        else:
            if entry.entry_id == claim.entry_id:
                item.entry = entry
            else:
                item.reason = DeadReason.WRONG_ID

    def _anonymize(self, items: Sequence[Item]) -> None:
        for item, anonymized in run_stage(
            self._anonymizer.anonymize,
            [(item, item.entry.text) for item in without_failure(items)],
            AnonymizationError,
            DeadReason.ANONYMIZER_FAILED,
        ):
            item.anonymized = anonymized

    def _classify(self, items: Sequence[Item], usage: BatchReport) -> None:
        for item, classification in run_stage(
            lambda texts: self._classifier.classify(texts, usage),
            [(item, item.anonymized.text) for item in without_failure(items)],
            ClassificationError,
            DeadReason.CLASSIFIER_FAILED,
        ):
            item.classification = classification

    def _result(self, item: Item) -> JournalResult:
        """The answer to an entry that went through all stages."""
        entry, anonymized, found = item.entry, item.anonymized, item.classification
        names = self._classifier.label_names
        scores = {name: round(score, 6) for name, score in zip(names, found.scores, strict=True)}
        labels = tuple(
            Label(
                label=name,
                score=scores[name],
                evidence=tuple(
                    Evidence(start=start, end=end)
                    for start, end in (anonymized.offsets.to_submitted(*r) for r in ranges)
                ),
            )
            for name, ranges in zip(found.labels, found.evidence, strict=True)
        )
        return JournalResult(
            entry_id=entry.entry_id,
            context=entry.context,
            labels=labels,
            scores=scores,
            redactions=dict(Counter(span.type for span in anonymized.spans)),
            model=self._classifier.model_version,
            submitted_at=entry.submitted_at,
            completed_at=datetime.now(UTC),
            deliveries=item.claim.deliveries,
            traceparent=item.traceparent,
        )

    def _settle(self, items: Sequence[Item]) -> list[bool]:
        """Publish the results and dead letters; tell for each whether its claim was still held."""
        return self._settler.settle(
            [
                (item.claim, self._seal(item.result) if item.reason is None else item.reason)
                for item in items
            ]
        )

    def _seal(self, result: JournalResult) -> str:
        return self._keys.seal(result.encode(), kind=RESULT, entry_id=result.entry_id)


def _count(report: BatchReport, items: Sequence[Item], held: Sequence[bool]) -> None:
    """Enter the outcome of each item in the report, and the figures of those answered."""
    now = time.time()
    report.outcomes = [_outcome(*pair) for pair in zip(items, held, strict=True)]
    answered = [
        item
        for item, outcome in zip(items, report.outcomes, strict=True)
        if outcome is Outcome.ANSWERED
    ]
    report.missing_keys = {
        item.reason.key_id for item in items if isinstance(item.reason, MissingKey)
    }
    report.labels.update(label for item in answered for label in item.classification.labels)
    report.redactions.update(span.type for item in answered for span in item.anonymized.spans)
    report.end_to_end = [
        max(0.0, now - item.claim.enqueued_at) for item in answered if item.claim.enqueued_at
    ]


def _outcome(item: Item, still_held: bool) -> Outcome:
    if not still_held:
        return Outcome.LEASE_LOST
    if isinstance(item.reason, MissingKey):
        return Outcome.REQUEUED
    return Outcome.ANSWERED if item.reason is None else Outcome.DEAD
