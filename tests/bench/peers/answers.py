"""Whether a peer answers as the worker does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench.errors import BenchError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from producer import JournalResult

#: In bf16 other batches round otherwise, and a score beside its threshold may fall on either side.
MOST_DIFFERENT = 0.05


@dataclass(frozen=True, slots=True)
class Agreement:
    """How alike the answers of two are.

    Attributes:
        entries: how many were compared.
        different: how many have other labels, evidence or redactions.
        score: the largest difference between two scores of entries with the same redactions.
    """

    entries: int
    different: int
    score: float

    def check(self) -> None:
        """Refuse what is not the same work.

        Raises:
            BenchError: too many answers differ.
        """
        if self.different > MOST_DIFFERENT * self.entries:
            raise BenchError(f"{self.different} of {self.entries} answers differ from the worker's")


def compare(ours: Sequence[JournalResult], theirs: Sequence[JournalResult]) -> Agreement:
    """Compare the results of the same texts."""
    pairs = list(zip(ours, theirs, strict=True))
    differences = [
        abs(one.scores[name] - other.scores.get(name, 0.0))
        for one, other in pairs
        if one.redactions == other.redactions
        for name in one.scores
    ]
    different = sum(_answer(one) != _answer(other) for one, other in pairs)
    return Agreement(len(pairs), different, max(differences, default=0.0))


def _answer(result: JournalResult) -> tuple[object, ...]:
    """What must be the same; scores are compared apart."""
    labels = sorted((one.label, one.evidence) for one in result.labels)
    return labels, dict(result.redactions)
