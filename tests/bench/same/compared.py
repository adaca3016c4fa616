"""The same texts through two pairs of stages, and what differs."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from worker.anonymizer.anonymizer import Anonymized
    from worker.classifier.classifier import Classification

    #: Texts to what both stages make of them.
    Run = Callable[[Sequence[str]], list[tuple[Anonymized, Classification]]]


@dataclass(slots=True)
class Differences:
    """How many texts were compared, and of how many something differs.

    Attributes:
        texts: how many were compared.
        anonymized: other spans, or another text of them.
        labels: other labels, or in another order; of texts that are anonymized alike, as are the
            following.
        evidence: the same labels by other sentences.
        score: the largest difference of a probability.
    """

    texts: int = 0
    anonymized: int = 0
    labels: int = 0
    evidence: int = 0
    score: float = 0.0

    def add(
        self, one: tuple[Anonymized, Classification], other: tuple[Anonymized, Classification]
    ) -> None:
        """Compare what two pairs of stages made of a text."""
        self.texts += 1
        (text, found), (other_text, other_found) = one, other
        if (text.text, text.spans) != (other_text.text, other_text.spans):
            self.anonymized += 1
            return
        self.labels += found.labels != other_found.labels
        self.evidence += (
            found.labels == other_found.labels and found.evidence != other_found.evidence
        )
        pairs = zip(found.scores, other_found.scores, strict=True)
        self.score = max(self.score, *(abs(a - b) for a, b in pairs))

    def as_json(self) -> dict[str, Any]:
        """The figures under the names that people see."""
        return {
            "texts": self.texts,
            "anonymized_differently": self.anonymized,
            "other_labels": self.labels,
            "other_evidence": self.evidence,
            "largest_difference_of_a_score": float(f"{self.score:.2g}"),
        }


def run(
    stages: Any,
    *,
    around: Callable[[], AbstractContextManager[None]] = nullcontext,
    behind: Callable[[], None] = lambda: None,
) -> Run:
    """Both stages of a pair, one behind the other.

    Args:
        stages: has an `anonymizer` and a `classifier`.
        around: entered for each call.
        behind: called after each call.
    """

    def through(texts: Sequence[str]) -> list[tuple[Anonymized, Classification]]:
        with around():
            anonymized = stages.anonymizer.anonymize(texts)
            found = stages.classifier.classify([one.text for one in anonymized])
        behind()
        return list(zip(anonymized, found, strict=True))

    return through


def compare(
    texts: Sequence[str],
    worker: Run,
    plain: Run,
    *,
    batch: int,
    tell: Callable[[int], None] = lambda _: None,
) -> Differences:
    """Run texts through both, through the worker's in batches and through the others one by one.

    Args:
        texts: any number.
        worker, plain: the two pairs of stages.
        batch: texts in a batch.
        tell: told how many are done.
    """
    differences = Differences()
    for start in range(0, len(texts), batch):
        part = texts[start : start + batch]
        for text, found in zip(part, worker(part), strict=True):
            differences.add(found, plain([text])[0])
        tell(differences.texts)
    return differences
