"""The way of an entry inside a child: open, anonymize, classify, settle.

Plain text lives here only, for one batch, in memory. An entry that fails a stage becomes a dead
letter with a reason from a closed list; the rest of its batch goes on.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import pydantic

from producer.errors import SealError, ValidationError
from producer.schemas import (
    MAX_TEXT_CHARACTERS,
    DeadReason,
    Evidence,
    JournalEntry,
    JournalResult,
    Label,
)
from producer.sealing import ENTRY, RESULT
from worker.errors import AnonymizationError, ClassificationError, StageBrokenError
from worker.protocol import BatchReport, Outcome, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from producer.sealing import KeySet
    from worker.anonymizer.anonymizer import Anonymized
    from worker.broker.settlement import Settler
    from worker.classifier.classifier import Classification
    from worker.protocol import Claim

T = TypeVar("T")
#: What any working stage can process.
HARMLESS = "It rained, and we stayed in."
#: A JWE of the longest entry, base64: anything longer was not made by a client.
MAX_SEALED_CHARACTERS = 8 * MAX_TEXT_CHARACTERS + 4096


class AnonymizerLike(Protocol):
    """What the pipeline asks of an anonymizer."""

    def anonymize(self, texts: Sequence[str]) -> list[Anonymized]:
        """Anonymize a batch, in order."""


class ClassifierLike(Protocol):
    """What the pipeline asks of a classifier."""

    @property
    def label_names(self) -> tuple[str, ...]:
        """Every label, in the order of scores."""

    @property
    def model_version(self) -> str:
        """Name and version of the model."""

    def classify(self, texts: Sequence[str], usage: Any = None) -> list[Classification]:
        """Classify a batch, in order."""


class Pipeline:
    """Strings the stages together for one child.

    Args:
        keys: opens entries and seals results.
        anonymizer, classifier: the two stages.
        settler: publishes the answers.
    """

    def __init__(
        self,
        *,
        keys: KeySet,
        anonymizer: AnonymizerLike,
        classifier: ClassifierLike,
        settler: Settler,
    ) -> None:
        self._keys = keys
        self._anonymizer = anonymizer
        self._classifier = classifier
        self._settler = settler

    def run(self, claims: Sequence[Claim]) -> BatchReport:
        """Process a batch to its end.

        Raises:
            redis.exceptions.RedisError: the answers could not be published.
            StageBrokenError: a stage fails whatever it is given.
        """
        report = BatchReport()
        started = time.time()
        report.waits = [max(0.0, started - c.enqueued_at) for c in claims if c.enqueued_at]
        dead: dict[int, DeadReason] = {}
        entries = self._open(claims, dead)
        with report.stage(Stage.ANONYMIZE):
            anonymized = self._each(
                {i: entry.text for i, entry in entries.items()},
                self._anonymizer.anonymize,
                AnonymizationError,
                DeadReason.ANONYMIZER_FAILED,
                dead,
            )
        with report.stage(Stage.CLASSIFY):
            found = self._each(
                {i: item.text for i, item in anonymized.items()},
                lambda texts: self._classifier.classify(texts, report),
                ClassificationError,
                DeadReason.CLASSIFIER_FAILED,
                dead,
            )
        results = {
            i: self._result(claims[i], entries[i], anonymized[i], found[i]) for i in sorted(found)
        }
        with report.stage(Stage.SETTLE):
            held = self._settler.settle(
                [
                    (claim, dead[i] if i in dead else self._seal(results[i]))
                    for i, claim in enumerate(claims)
                ]
            )
        for i, result in results.items():
            if not held[i]:
                continue
            report.labels.update(label.label for label in result.labels)
            report.redactions.update(result.redactions)
            if claims[i].enqueued_at:
                report.end_to_end.append(max(0.0, time.time() - claims[i].enqueued_at))
        report.outcomes = [
            Outcome.LEASE_LOST if not ours else Outcome.DEAD if i in dead else Outcome.ANSWERED
            for i, ours in enumerate(held)
        ]
        return report

    def _open(
        self, claims: Sequence[Claim], dead: dict[int, DeadReason]
    ) -> dict[int, JournalEntry]:
        entries = {}
        for index, claim in enumerate(claims):
            if len(claim.sealed) > MAX_SEALED_CHARACTERS:
                dead[index] = DeadReason.OVERSIZED
                continue
            try:
                plaintext = self._keys.open(claim.sealed, kind=ENTRY, entry_id=claim.entry_id)
                entry = JournalEntry.model_validate_json(plaintext)
            except SealError:
                dead[index] = DeadReason.UNDECRYPTABLE
            except (pydantic.ValidationError, ValidationError):
                dead[index] = DeadReason.MALFORMED
            else:
                if entry.entry_id == claim.entry_id:
                    entries[index] = entry
                else:
                    dead[index] = DeadReason.UNDECRYPTABLE
        return entries

    def _each(
        self,
        texts: dict[int, str],
        stage: Callable[[list[str]], list[T]],
        error: type[Exception],
        reason: DeadReason,
        dead: dict[int, DeadReason],
    ) -> dict[int, T]:
        """Run a stage over the batch; if it fails, over each text alone to find the guilty.

        Raises:
            StageBrokenError: it fails whatever it is given, so no entry is to blame.
        """
        if not texts:
            return {}
        try:
            return dict(zip(texts, stage(list(texts.values())), strict=True))
        except (error, ValueError):  # ValueError: a stage that lost count of its texts
            pass
        done: dict[int, T] = {}
        failed = []
        for index, text in texts.items():
            try:
                (done[index],) = stage([text])
            except (error, ValueError):
                failed.append(index)
        if not done:
            try:
                (_,) = stage([HARMLESS])
            except (error, ValueError):
                raise StageBrokenError(reason.value) from None
        dead.update(dict.fromkeys(failed, reason))
        return done

    def _result(
        self,
        claim: Claim,
        entry: JournalEntry,
        anonymized: Anonymized,
        found: Classification,
    ) -> JournalResult:
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
            deliveries=claim.deliveries,
        )

    def _seal(self, result: JournalResult) -> str:
        return self._keys.seal(result.encode(), kind=RESULT, entry_id=result.entry_id)
