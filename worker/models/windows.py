"""Cutting a long text into sentence-aligned windows that fit the model, dropping nothing."""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: A sentence ends after its closing punctuation (with quotes and brackets that follow it) and
#: white space, at a line break, or after the full stops of scripts that use no white space.
#: The quantifiers are possessive, and a run of stops is not tried again from its middle: without
#: that a text of nothing but full stops would take seconds.
_SENTENCE_END = re.compile(
    "(?<![.!?\u2026])[.!?\u2026]++[\"'\u201d\u2019)\\]]*+(?=\\s)|\\n+"
    "|[\u3002\uff01\uff1f\u0964\u06d4\u061f]+"
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a window.

    Attributes:
        first, last: its half-open range of the window's token ids.
        start, end: its half-open range of characters of the text.
    """

    first: int
    last: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Window:
    """A piece of one text.

    Attributes:
        text_index: which text of the batch it belongs to.
        token_ids: the model's input, special tokens included.
        start, end: its half-open range of characters of that text.
        sentences: its sentences in order, without those in which the model knows no word.
    """

    text_index: int
    token_ids: tuple[int, ...]
    start: int
    end: int
    sentences: tuple[Sentence, ...] = ()


def sentence_ends(text: str) -> list[int]:
    """The character position behind each sentence of `text`, in order."""
    return [match.end() for match in _SENTENCE_END.finditer(text)]


def cut(
    token_ids: Sequence[int],
    offsets: Sequence[tuple[int, int]],
    ends: Sequence[int],
    room: int,
    words: Sequence[int] = (),
) -> list[tuple[int, int]]:
    """Cut tokens into pieces of at most `room`, at the ends of sentences where there are any.

    Args:
        token_ids: the tokens of a whole text, without special tokens.
        offsets: the range of characters of each token.
        ends: the character position behind each sentence, in order.
        room: most tokens in a piece, at least 1.
        words: the first token of each word, in order. With it a sentence without white space is
            cut between two words too.

    Returns:
        Half-open ranges of tokens that together hold every token once. A sentence longer than
        `room` is cut between two words if it has several.
    """
    total = len(token_ids)
    if total <= room:
        return [(0, total)] if total else []
    boundaries = sentence_starts(offsets, ends)
    pieces: list[tuple[int, int]] = []
    start = 0
    while total - start > room:
        stop = _last_boundary(boundaries, start, start + room)
        if stop is None:
            stop = _word_boundary(offsets, start, start + room)
        if stop is None:
            stop = _last_boundary(words, start, start + room) or start + room
        pieces.append((start, stop))
        start = stop
    pieces.append((start, total))
    return pieces


def sentences(
    token_ids: Sequence[int], offsets: Sequence[tuple[int, int]], ends: Sequence[int], room: int
) -> list[tuple[int, int]]:
    """Cut tokens at every end of a sentence, and longer sentences as `cut` does.

    The arguments and the result are those of `cut`.
    """
    marks = sorted({0, *sentence_starts(offsets, ends), len(token_ids)})
    pieces = []
    for first, last in pairwise(marks):
        inner = cut(token_ids[first:last], offsets[first:last], [], room)
        pieces += [(first + a, first + b) for a, b in inner]
    return pieces


def sentence_starts(offsets: Sequence[tuple[int, int]], ends: Sequence[int]) -> list[int]:
    """For each sentence end, the index of the first token behind it."""
    starts = [start for start, _ in offsets]
    return [bisect.bisect_left(starts, end) for end in ends]


def _last_boundary(boundaries: Sequence[int], start: int, limit: int) -> int | None:
    last = bisect.bisect_right(boundaries, limit) - 1
    return boundaries[last] if last >= 0 and boundaries[last] > start else None


def _word_boundary(offsets: Sequence[tuple[int, int]], start: int, limit: int) -> int | None:
    """The last token up to `limit` that something separates from the token before it."""
    for index in range(limit, start, -1):
        if offsets[index][0] > offsets[index - 1][1]:
            return index
    return None
