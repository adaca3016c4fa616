"""Maps character positions of the anonymized text to the submitted text."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of characters of the submitted text that holds personal data.

    Attributes:
        start: the first character of the range.
        end: the character behind its last.
        type: the entity type, such as PERSON.
    """

    start: int
    end: int
    type: str


class OffsetMap:
    """Maps ranges of the anonymized text back to the submitted text.

    Outside placeholders the two texts are the same, character by character. A range that touches a
    placeholder is widened to everything that the placeholder stands for.

    Args:
        spans: the replaced ranges of the submitted text, in order and disjoint.
        lengths: the number of characters of the placeholder of each span.

    Raises:
        ValueError: there are more spans than lengths, or fewer.
    """

    __slots__ = ("_ends", "_spans", "_starts")

    def __init__(self, spans: Sequence[Span], lengths: Sequence[int]) -> None:
        self._spans = tuple(spans)
        self._starts: list[int] = []
        self._ends: list[int] = []
        shift = 0
        for span, length in zip(spans, lengths, strict=True):
            self._starts.append(span.start + shift)
            self._ends.append(span.start + shift + length)
            shift += length - (span.end - span.start)

    def to_submitted(self, start: int, end: int) -> tuple[int, int]:
        """Map a half-open character range of the anonymized text to the submitted text.

        Args:
            start: the first character of the range.
            end: the character behind its last; a range with `end <= start` is empty.

        Returns:
            Start and end of the half-open range of the submitted text. An empty range stays empty.
        """
        if end <= start:
            position = self._map(start, after=False)
            return position, position
        return self._map(start, after=False), self._map(end - 1, after=True)

    def _map(self, position: int, *, after: bool) -> int:
        """The position of a character in the submitted text, or with `after` the one behind it."""
        index = bisect_right(self._starts, position) - 1
        if index < 0:
            return position + after
        span = self._spans[index]
        if position < self._ends[index]:
            return span.end if after else span.start
        return span.end + (position - self._ends[index]) + after
