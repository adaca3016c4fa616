"""Which of the words that a tagger finds likely are personal data."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from worker.anonymizer.taggers import lexicon
from worker.anonymizer.taggers.tagged_span import NAMES, TaggedSpan, are_one
from worker.anonymizer.taggers.thresholds import floor, share_of_threshold
from worker.anonymizer.taggers.words import CASINGS, LOWER, MIXED, TITLE

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The share of the threshold that a word beside a name must reach to belong to it, as a surname
#: that is also a word does; and the least share that any word must reach.
BESIDE_SHARE = 0.2
#: How common a word in lower case may be (see `lexicon.PROPERTIES`) to be taken into a name.
_UNCOMMON = 2
#: Words that stand between two people and are part of no name.
_JOINING = frozenset({"n", "and", "w", "with", "or", "vs"})
#: What ends a sentence, with what may stand between it and the next.
_BEGINS_SENTENCE = re.compile(r"(?:\A|[.!?\u2026\n]['\"\u2019\u201d)\]]*)[\s\W]*\Z")
_LONGEST_GAP = 8


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word that may be personal data.

    Attributes:
        span: its range, likeliest type and score.
        token_type: what it looks like and what is known of it, see `words.token_type`.
    """

    span: TaggedSpan
    token_type: int


def decide(
    text: str, candidates: Sequence[Candidate], threshold: float, usual: float, *, cased: bool
) -> list[TaggedSpan]:
    """The words that are personal data, in order.

    Args:
        text: the text.
        candidates: its words of at least `BESIDE_SHARE` of the threshold, in order and disjoint.
        threshold: the tagger's.
        usual: that at which the floors of types hold.
        cased: whether the tagger was told what words look like.
    """
    candidates = [one for one in candidates if not _joins(text, one)]
    found = [
        one.span.score
        >= max(
            threshold * (_share(text, one) if cased else 1.0),
            floor(one.span.type, threshold, usual),
        )
        for one in candidates
    ]
    kept = list(found)
    types = [one.span.type for one in candidates]
    order = [*range(1, len(candidates)), *range(len(candidates) - 2, -1, -1)]
    for at in order if cased else ():
        for beside in (at - 1, at + 1):
            if kept[at] or not 0 <= beside < len(candidates) or not kept[beside]:
                continue
            if types[beside] in NAMES and _belongs(text, candidates, at, beside):
                kept[at], types[at] = True, types[beside]
    return [
        replace(one.span, type=kind)
        for one, kind, is_kept in zip(candidates, types, kept, strict=True)
        if is_kept
    ]


def _joins(text: str, one: Candidate) -> bool:
    span = one.span
    return span.type == "PERSON" and text[span.start : span.end] in _JOINING


def _belongs(text: str, candidates: Sequence[Candidate], at: int, beside: int) -> bool:
    """Whether a word that is likely a name a little belongs to the name beside it."""
    one, name = candidates[at], candidates[beside]
    if one.span.type not in NAMES or not any(
        c.isalpha() for c in text[one.span.start : one.span.end]
    ):
        return False
    first, second = (one.span, name.span) if at < beside else (name.span, one.span)
    if not are_one(text, first.end, second.start):
        return False
    kind, casing = divmod(one.token_type, CASINGS)
    if casing == LOWER:
        return lexicon.properties(kind)[0] <= _UNCOMMON and at > beside
    return not (casing == TITLE and at < beside and begins_sentence(text, one.span.start))


def _share(text: str, one: Candidate) -> float:
    capital = one.token_type % CASINGS in (TITLE, MIXED)
    first = capital and begins_sentence(text, one.span.start)
    return share_of_threshold(one.token_type, first=first)


def begins_sentence(text: str, start: int) -> bool:
    """Whether a word that starts at `start` is the first of a sentence or a line."""
    return _BEGINS_SENTENCE.search(text, max(0, start - _LONGEST_GAP), start) is not None
