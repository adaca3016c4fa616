"""One labelled entry, and the labels of many."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Record:
    """One labelled entry.

    Attributes:
        text: what was written, 1 to 50,000 characters, as for `journal submit`.
        labels: what a careful reader finds in it, in the order of the file; often nothing.
        shares: for some or all labels, the share of readers who gave it, 0 to 1.
        unknown: labels of which it is not known whether they apply.
        evidence: label and quote, where in a long text a label is to be seen.
        weight: how much it counts in training.
        group: the same for a row and its reframes, so that none of them is set aside to test
            what another has taught; empty for a record that stands alone.
        style: how it is written, a word or two; empty if its file does not say.
    """

    text: str
    labels: tuple[str, ...]
    shares: Mapping[str, float] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    evidence: tuple[tuple[str, str], ...] = ()
    weight: float = 1.0
    group: str = field(default="", compare=False, repr=False)
    style: str = field(default="", compare=False)

    @property
    def place(self) -> float:
        """Where in the text its first evidence lies, from 0 (its beginning) to 1."""
        if not self.evidence:
            return 0.0
        quote = self.evidence[0][1]
        return (self.text.index(quote) + len(quote) / 2) / len(self.text)


def label_names(records: Iterable[Record]) -> tuple[str, ...]:
    """Every label that occurs, sorted: the order of the model's outputs."""
    return tuple(sorted({label for record in records for label in record.labels}))
