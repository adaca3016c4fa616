"""What the tests of the patterns share: an anonymizer without a tagger, and marked texts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from worker.anonymizer.anonymizer import Anonymizer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from worker.anonymizer.taggers.tagged_span import TaggedSpan

_MARKED = re.compile(r"\u27e6(.*?)\u27e7", re.DOTALL)


class NoTagger:
    """Finds nothing."""

    threshold = 0.5
    types = ("PERSON",)

    def tag(self, texts: Sequence[str]) -> list[list[TaggedSpan]]:
        """Nothing in each text."""
        return [[] for _ in texts]


@pytest.fixture(scope="session")
def patterns_alone() -> Anonymizer:
    """An anonymizer whose tagger finds nothing."""
    return Anonymizer.around(NoTagger())


@pytest.fixture(scope="session")
def found_by_patterns(patterns_alone: Anonymizer) -> Callable[[str], str]:
    """Marks in a text, as in "I am ⟦34⟧.", what the patterns find in it without its marks."""

    def mark(marked: str) -> str:
        text = _MARKED.sub(r"\1", marked)
        (found,) = patterns_alone.anonymize([text])
        for span in reversed(found.spans):
            text = (
                f"{text[: span.start]}\u27e6{text[span.start : span.end]}\u27e7{text[span.end :]}"
            )
        return text

    return mark
