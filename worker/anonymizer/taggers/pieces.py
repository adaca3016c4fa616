"""The windows that a tagger reads, and which of their words are personal data."""

from __future__ import annotations

import bisect
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from worker.models import windows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from worker.anonymizer.taggers.words import Words


#: How many tokens before a window that begins inside a sentence are read with it once more: a name
#: that stands first in its window is not known by what was said before it.
CONTEXT = 24


@dataclass(frozen=True, slots=True, repr=False)
class Piece:
    """A window of one text. Several may share a word: one longer than a window, or near a cut.

    Attributes:
        text: which text of the batch it belongs to.
        start: its first token, as an index into the tokens of the text.
        first, last: the half-open range of words that have tokens in it.
        ids: its token ids, without special tokens; at least one.
        types: their token types.
    """

    text: int
    start: int
    first: int
    last: int
    ids: list[int]
    types: list[int]


@dataclass(frozen=True, slots=True)
class ScoredWord:
    """A word that reaches its threshold.

    Attributes:
        piece: the piece that it stands in, as an index into all pieces.
        word: its number in its text.
        score: the probability that it is personal data.
        of_types: the sums of the probabilities of each type over its tokens, of shape `(types,)`.
    """

    piece: int
    word: int
    score: float
    of_types: NDArray[np.float32]


def cut(index: int, text: str, words: Words, room: int) -> Iterator[Piece]:
    """The windows of a text; one that begins inside a sentence begins with the words before it.

    Args:
        index: its number in the batch.
        text: the text.
        words: its tokens.
        room: most tokens in a window, without special tokens.
    """
    for start, stop in _ranges(text, words, room):
        first = bisect.bisect_right(words.starts, start) - 1
        last = bisect.bisect_left(words.starts, stop)
        yield Piece(index, start, first, last, words.ids[start:stop], words.types[start:stop])


def _ranges(text: str, words: Words, room: int) -> list[tuple[int, int]]:
    """The half-open ranges of tokens of the windows of a text."""
    ends = windows.sentence_ends(text) if len(words.ids) > room else []
    whole = windows.cut(words.ids, words.offsets, ends, room, words.starts)
    begins = windows.sentence_starts(words.offsets, ends)
    if room <= 2 * CONTEXT or all(start in begins for start, _ in whole[1:]):
        return whole
    narrow = windows.cut(words.ids, words.offsets, ends, room - CONTEXT, words.starts)
    return [
        narrow[0],
        *(((_before(words, a), b) if a not in begins else (a, b)) for a, b in narrow[1:]),
    ]


def _before(words: Words, start: int) -> int:
    """The first token of the words that at most `CONTEXT` tokens before `start` hold."""
    earliest = max(0, start - CONTEXT)
    at = bisect.bisect_left(words.starts, earliest)
    return min(words.starts[at], start) if at < len(words.starts) else start


def likely_words(
    pieces: Sequence[Piece],
    words: Sequence[Words],
    scores: Sequence[NDArray[np.float32]],
    *,
    outside: int,
    by_mean: bool,
    least: float,
) -> Iterator[ScoredWord]:
    """The words that reach their thresholds, in the order of the pieces.

    Args:
        pieces: the windows of all texts; at least one.
        words: the words of each text.
        scores: for each piece the probabilities of types, of shape `(tokens, types)`.
        outside: which type is no personal data.
        by_mean: whether the score of a word is the mean over its tokens; else it is the maximum.
        least: the least score.
    """
    table = np.concatenate(scores)
    inside = (np.float32(1.0) - table[:, outside]).astype(np.float64)
    firsts = list(itertools.accumulate((len(piece.ids) for piece in pieces), initial=0))
    begins: list[int] = []
    numbers = [0]
    for piece, first in zip(pieces, firsts, strict=False):
        shift = first - piece.start
        starts = words[piece.text].starts[piece.first : piece.last]
        # The first word may have begun in the piece before.
        begins += [max(first, starts[0] + shift), *(start + shift for start in starts[1:])]
        numbers.append(len(begins))
    bounds = np.array([*begins, len(table)])
    if by_mean:
        of_words = np.add.reduceat(inside, bounds[:-1]) / np.diff(bounds)
    else:
        of_words = np.maximum.reduceat(inside, bounds[:-1])
    for at in np.flatnonzero(of_words >= least).tolist():
        index = bisect.bisect_right(numbers, at) - 1
        sums = table[bounds[at] : bounds[at + 1]].sum(axis=0)
        number = pieces[index].first + at - numbers[index]
        yield ScoredWord(index, number, float(of_words[at]), sums)
