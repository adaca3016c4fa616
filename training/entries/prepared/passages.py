"""Passages: the sentences of an entry, each with what is known of it.

An entry whose evidence is marked tells of every sentence whether a label is to be seen in it, and
one without any distortion tells that none is. What the model learns from a sentence in its place is
what a worker asks of it: which sentence carries a label, and whether any does.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from worker.models.windows import sentence_ends

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.entries.record import Record

UNKNOWN = float("nan")
#: A sentence of which evidence covers less than this many characters is not part of it.
_FEWEST_CHARACTERS = 4


@dataclass(frozen=True, slots=True)
class Passage:
    """One sentence of a text, or the sentences that one quote covers.

    Attributes:
        start, end: its half-open range of characters of the text.
        targets: for each label 1 where it is to be seen here, 0 where it is not, NaN where that is
            not known.
    """

    start: int
    end: int
    targets: tuple[float, ...]


def passages(record: Record, names: Sequence[str]) -> tuple[Passage, ...]:
    """The passages of an entry, in order; none where nothing is known of its sentences.

    Args:
        record: the entry as the model is to see it.
        names: of the labels, in the order of the targets.
    """
    found = _sentences(record.text)
    labelled = bool(record.labels or record.shares)
    if len(found) < 2 or (labelled and not record.evidence):  # noqa: PLR2004 - one is the entry
        return ()
    quotes = _quotes(record)
    marked = {label for labels in quotes.values() for label in labels}
    doubtful = record.unknown | ((set(record.labels) | set(record.shares)) - marked)
    made = []
    for first, last in _runs(found, quotes):
        start, end = found[first][0], found[last][1]
        covering = [quote for quote in quotes if _overlap(quote, (start, end))]
        here = {label for quote in covering for label in quotes[quote]}
        targets = tuple(
            1.0 if name in here else UNKNOWN if name in doubtful else 0.0 for name in names
        )
        made.append(Passage(start, end, targets))
    return tuple(made)


def _quotes(record: Record) -> dict[tuple[int, int], set[str]]:
    """The range of characters of each quote, with the labels that are to be seen there."""
    quotes: dict[tuple[int, int], set[str]] = {}
    for label, quote in record.evidence:
        start = record.text.index(quote)
        quotes.setdefault((start, start + len(quote)), set()).add(label)
    return quotes


def _runs(
    sentences: Sequence[tuple[int, int]], quotes: dict[tuple[int, int], set[str]]
) -> list[tuple[int, int]]:
    """First and last sentence of each passage: sentences of one quote belong together."""
    runs: list[tuple[int, int]] = []
    reached = -1
    for at, sentence in enumerate(sentences):
        if at <= reached:
            runs[-1] = (runs[-1][0], at)
        else:
            runs.append((at, at))
        for quote in quotes:
            if _overlap(quote, sentence):
                others = (i for i, other in enumerate(sentences) if _overlap(quote, other))
                reached = max(reached, *others)
    return runs


def _overlap(quote: tuple[int, int], sentence: tuple[int, int]) -> bool:
    shared = min(quote[1], sentence[1]) - max(quote[0], sentence[0])
    return shared >= min(_FEWEST_CHARACTERS, quote[1] - quote[0])


def _sentences(text: str) -> list[tuple[int, int]]:
    """The range of characters of each sentence that holds anything, without spaces before it."""
    found = []
    for start, end in pairwise([0, *sentence_ends(text), len(text)]):
        piece = text[start:end]
        if piece.strip():
            found.append((end - len(piece.lstrip()), end))
    return found
