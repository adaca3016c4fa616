r"""What a pattern is, what a rule is (a pattern by an expression), and the cheap test before them.

The expressions are written so that they take time in proportion to the text. `\K` keeps what stands
before it out of the match; where the group `it` is there, only what that group captured is personal
data, each capture by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from worker.anonymizer.patterns.gates import Features, Gate

#: How long one expression may search one text.
PATTERN_SECONDS = 10
FLAGS = regex.DOTALL | regex.MULTILINE | regex.IGNORECASE
#: Score of a number that may be something more specific, such as a phone number or a card.
GUESS = 0.45
#: Score of words that are the name of an organization only by the words around them.
BY_CONTEXT = 0.48
#: The group whose captures are the personal data of a match.
_IT = "it"


class Pattern(Protocol):
    """What finds one type of personal data by its form.

    Attributes:
        name: tells patterns apart.
        score: how sure a match is, between 0 and 1.
    """

    @property
    def name(self) -> str:
        """See above."""

    @property
    def score(self) -> float:
        """See above."""

    def prepare(self) -> None:
        """Do now what else the first text pays for."""

    def matches(self, features: Features) -> Iterator[tuple[int, int]]:
        """The half-open character ranges of a text that match, in order."""


@dataclass(frozen=True)
class Rule:
    """A pattern that an expression makes.

    Attributes:
        name: tells patterns apart.
        expression: for the `regex` package, without regard to case.
        score: how sure a match is, between 0 and 1.
        accepts: told a text and the half-open range of a match, whether it is personal data.
    """

    name: str
    expression: str
    score: float
    accepts: Callable[[str, int, int], bool] | None = None

    @cached_property
    def _compiled(self) -> regex.Pattern[str]:
        return regex.compile(self.expression, FLAGS)

    def prepare(self) -> None:
        """Compile the expression now and not at the first text."""
        _ = self._compiled

    def matches(self, features: Features) -> Iterator[tuple[int, int]]:
        """The half-open character ranges of a text that match, in order.

        Raises:
            TimeoutError: the search took longer than `PATTERN_SECONDS`.
        """
        text = features.text
        by_group = _IT in self._compiled.groupindex
        for match in self._compiled.finditer(text, timeout=PATTERN_SECONDS):
            for start, end in match.spans(_IT) if by_group else (match.span(),):
                if start < end and (self.accepts is None or self.accepts(text, start, end)):
                    yield start, end


@dataclass(frozen=True, slots=True)
class Group:
    """Patterns of one type behind one gate.

    Attributes:
        entity_type: what they find.
        gate: says "cannot match" of a text that none of them matches; it may never say so of one
            that some of them matches.
        patterns: what is searched for then.
    """

    entity_type: str
    gate: Gate
    patterns: tuple[Pattern, ...]
