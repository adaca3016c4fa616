"""Character positions in the anonymized text, and where they lie in the submitted one."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of characters of the submitted text that holds personal data."""

    start: int
    end: int
    type: str


class OffsetMap:
    """Maps ranges of the anonymized text back to the submitted text.

    Outside placeholders the two texts run in parallel; a range that touches a placeholder widens
    to everything the placeholder stands for.

    Args:
        spans: the replaced ranges of the submitted text, in order and disjoint.
        lengths: how many characters the placeholder of each takes.
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
        """The range of the submitted text behind `[start, end)` of the anonymized text."""
        if end <= start:
            position = self._map(start, after=False)
            return position, position
        return self._map(start, after=False), self._map(end - 1, after=True)

    def _map(self, position: int, *, after: bool) -> int:
        """Where a character lies: its first position, or with `after` the one behind it."""
        index = bisect_right(self._starts, position) - 1
        if index < 0:
            return position + after
        span = self._spans[index]
        if position < self._ends[index]:
            return span.end if after else span.start
        return span.end + (position - self._ends[index]) + after
