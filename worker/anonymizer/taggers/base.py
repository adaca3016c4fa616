"""What every tagger offers to the anonymizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.anonymizer.taggers.tagged_span import TaggedSpan


class Tagger(Protocol):
    """Finds personal data that has no form of its own, such as names."""

    #: The least probability, between 0 and 1, from which a finding counts.
    threshold: float

    @property
    def types(self) -> Sequence[str]:
        """The entity types it tells apart."""

    def tag(self, texts: Sequence[str]) -> list[list[TaggedSpan]]:
        """For each text the ranges that hold personal data, in order and disjoint.

        Raises:
            AnonymizationError: the model failed; the message holds no text.
        """
