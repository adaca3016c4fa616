"""A pipeline with light stages and real keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from producer import JournalEntry, JournalResult
from producer.sealing import ENTRY, RESULT, KeySet
from worker.anonymizer.anonymizer import Anonymized
from worker.anonymizer.offsets import OffsetMap, Span
from worker.child.pipeline import Pipeline
from worker.classifier.classifier import Classification
from worker.errors import AnonymizationError, ClassificationError
from worker.protocol import BatchReport, Claim

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CANARY = "zebulonquist"
NAMES = ("A", "B")


class Hider:
    """Replaces the word Jane; cannot process texts with the word poison."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.give: Callable[[list[Anonymized]], list[Anonymized]] = lambda found: found

    def anonymize(self, texts: Sequence[str]) -> list[Anonymized]:
        self.calls.append(list(texts))
        if any("poison" in text for text in texts):
            raise AnonymizationError("ValueError")
        return self.give([self._one(text) for text in texts])

    def _one(self, text: str) -> Anonymized:
        start = text.find("Jane")
        if start < 0:
            return Anonymized(text, (), OffsetMap([], []))
        span = Span(start, start + 4, "PERSON")
        return Anonymized(text.replace("Jane", "<PERSON>", 1), (span,), OffsetMap([span], [8]))


class Marker:
    """Gives label A with the whole text as evidence; cannot process texts with the word unclassifiable."""

    label_names = NAMES
    model_version = "test@1"

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.broken = False

    def classify(self, texts: Sequence[str], usage: Any = None) -> list[Classification]:
        if self.broken or any("unclassifiable" in text for text in texts):
            raise ClassificationError("RuntimeError")
        self.seen += texts
        usage.tokens += 3 * len(texts)
        usage.padded_tokens += 4 * len(texts)
        return [Classification((0.9, 0.1), ("A",), (((0, len(text)),),)) for text in texts]


class Desk:
    """A pipeline, and what it published."""

    def __init__(self, keys: KeySet) -> None:
        self.keys, self.hider, self.marker = keys, Hider(), Marker()
        self.settled: list[tuple[Claim, Any]] = []
        self.held = lambda claim: True
        #: How many texts the classifier had seen each time that a batch was forgotten.
        self.forgotten: list[int] = []
        self.pipeline = Pipeline(
            keys=keys,
            anonymizer=self.hider,
            classifier=self.marker,
            settler=self,
            forget=lambda: self.forgotten.append(len(self.marker.seen)),
        )

    def settle(self, answers: Sequence[tuple[Claim, Any]]) -> list[bool]:
        self.settled += answers
        return [self.held(claim) for claim, _ in answers]

    def claim(self, entry_id: str, text: str, **options: Any) -> Claim:
        entry = JournalEntry(entry_id=entry_id, text=text, context=f"about {entry_id}")
        sealed = self.keys.seal(entry.encode(), kind=ENTRY, entry_id=entry_id)
        return Claim(entry_id, sealed, tag=f"tag-{entry_id}", **options)

    def sealed(self, entry_id: str, plaintext: bytes) -> Claim:
        return Claim(entry_id, self.keys.seal(plaintext, kind=ENTRY, entry_id=entry_id))

    def run(self, *claims: Claim) -> BatchReport:
        return self.pipeline.run(claims)

    def result(self, index: int) -> JournalResult:
        claim, answer = self.settled[index]
        opened = self.keys.open(answer, kind=RESULT, entry_id=claim.entry_id)
        return JournalResult.model_validate_json(opened)

    @property
    def reasons(self) -> dict[str, str]:
        return {claim.entry_id: str(answer) for claim, answer in self.settled if len(answer) < 30}
