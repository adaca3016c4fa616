"""Ranges of a text that a tagger found, and how neighbouring words are aggregated to names."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Entity types that no pattern finds, only a tagger.
NAMES = frozenset({"PERSON", "LOCATION", "ORGANIZATION"})
_PART_OF_FIGURE = re.compile(r"[\d$\u20ac\u00a3][.:,]?\d\Z|[.:,$\u20ac\u00a3]\d\Z")
_FIGURE = re.compile(r"\d(?:[.:,]\d|\s?(?:%|\u00ba|\u00b0|am\b|pm\b))|[ap]m\b", re.IGNORECASE)
_TIME = re.compile(r"\d{1,2}(?:[:.]\d\d)?\s?[ap]\.?m\.?", re.IGNORECASE)
#: What may stand between two words of one name. A line break may not: two people must not become
#: one.
_BETWEEN_WORDS = re.compile(r"(?:[^\S\r\n\v\f\x85\u2028\u2029]|['\u2019\-\u2013&]){0,2}")
#: A full stop ends a sentence unless it stands behind one of these or a single letter.
_ABBREVIATION = re.compile(
    r"(?:[^\W\d_]|st|ste|mt|ft|dr|mr|mrs|ms|mx|prof|rev|fr|sr|jr|sgt|capt|lt|col|gen|hon)",
    re.IGNORECASE,
)
#: Words that no name ends with: what follows a name, and was taken for a part of it.
_NO_LAST_WORD = re.compile(r"\s(?:and|or|but|who|which|when|then|because|so)\Z")
_FULL_STOP = re.compile(r"\.[^\S\r\n\v\f\x85\u2028\u2029]?")
_LONGEST_ABBREVIATION = 5


@dataclass(frozen=True, slots=True)
class TaggedSpan:
    """A range of a text that holds personal data.

    Attributes:
        start, end: its half-open range of characters.
        type: its entity type.
        score: the probability that the tagger gives it, between 0 and 1.
    """

    start: int
    end: int
    type: str
    score: float


def aggregate(text: str, hits: Sequence[TaggedSpan]) -> list[TaggedSpan]:
    """Make one range of neighbouring words of one type, and give each name one type.

    Args:
        text: the text.
        hits: the words that a tagger found, in order and disjoint.

    Returns:
        Ranges in order and disjoint, without what is no letter or digit at their ends. A range has
        the best score of its words, and every mention of a name the type of the one with the best
        score.
    """
    merged: list[TaggedSpan] = []
    for hit in hits:
        if merged and merged[-1].type == hit.type:
            last = merged[-1]
            if are_one(text, last.end, hit.start):
                score = max(last.score, hit.score)
                merged[-1] = TaggedSpan(last.start, hit.end, last.type, score)
                continue
        merged.append(hit)
    trimmed = (_trimmed(text, hit) for hit in merged)
    return _with_one_type_a_name(text, [hit for hit in trimmed if hit is not None])


def _with_one_type_a_name(text: str, hits: Sequence[TaggedSpan]) -> list[TaggedSpan]:
    """Mentions of one name with one type; scores differ much between mentions."""
    best: dict[str, TaggedSpan] = {}
    for hit in hits:
        if hit.type in NAMES:
            name = text[hit.start : hit.end].lower()
            best[name] = max(best.get(name, hit), hit, key=lambda one: one.score)
    return [
        replace(hit, type=best[text[hit.start : hit.end].lower()].type)
        if hit.type in NAMES
        else hit
        for hit in hits
    ]


def are_one(text: str, end: int, start: int) -> bool:
    """Whether a word that ends at `end` and one that begins at `start` are parts of one name."""
    if _BETWEEN_WORDS.fullmatch(text, end, start):
        return True
    before = end
    while before > max(0, end - _LONGEST_ABBREVIATION) and text[before - 1].isalnum():
        before -= 1
    return bool(
        _ABBREVIATION.fullmatch(text, before, end) and _FULL_STOP.fullmatch(text, end, start)
    )


def _trimmed(text: str, hit: TaggedSpan) -> TaggedSpan | None:
    """A range without what ends no name; None for a part of a figure or a time."""
    start, end = hit.start, hit.end
    while start < end and not text[start].isalnum():
        start += 1
    end = _last_end(text, start, end)
    if hit.type in NAMES and (last := _NO_LAST_WORD.search(text[start:end])):
        end = _last_end(text, start, start + last.start())
    if hit.type not in NAMES and _PART_OF_FIGURE.search(text[max(0, start - 2) : start + 1]):
        return None
    if hit.type not in NAMES and (
        _FIGURE.match(text, end - 1) or _TIME.fullmatch(text, start, end)
    ):
        return None
    return TaggedSpan(start, end, hit.type, hit.score) if end > start else None


def _last_end(text: str, start: int, end: int) -> int:
    """Behind the last letter or digit of a range; `start` if there is none."""
    while end > start and not text[end - 1].isalnum():
        end -= 1
    return end
