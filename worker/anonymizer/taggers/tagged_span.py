"""Ranges of a text that a tagger found, and how words become whole names."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Types that only the tagger finds.
NAMES = frozenset({"PERSON", "LOCATION", "ORGANIZATION"})
_PART_OF_A_FIGURE = re.compile(r"[\d$\u20ac\u00a3][.:,]?\d\Z|[.:,$\u20ac\u00a3]\d\Z")
_A_FIGURE = re.compile(r"\d(?:[.:,]\d|\s?(?:%|\u00ba|\u00b0|am\b|pm\b))|[ap]m\b", re.IGNORECASE)
_A_TIME = re.compile(r"\d{1,2}(?:[:.]\d\d)?\s?[ap]\.?m\.?", re.IGNORECASE)
#: Only this and spaces may stand between two words of one thing, never a line break: two people
#: must not become one.
_GLUE = re.compile(r"(?:[^\S\r\n\v\f\x85\u2028\u2029]|['\u2019\-\u2013&]){0,2}")
#: A full stop ends a sentence unless it stands behind one of these or a single letter.
_SHORTENED = re.compile(
    r"(?:[^\W\d_]|st|ste|mt|ft|dr|mr|mrs|ms|mx|prof|rev|fr|sr|jr|sgt|capt|lt|col|gen|hon)",
    re.IGNORECASE,
)
_STOP = re.compile(r"\.[^\S\r\n\v\f\x85\u2028\u2029]?")
_LONGEST_SHORTENED = 5


@dataclass(frozen=True, slots=True)
class TaggedSpan:
    """A range of characters that holds personal data, its type, and how sure the tagger is."""

    start: int
    end: int
    type: str
    score: float


def join(text: str, hits: Sequence[TaggedSpan]) -> list[TaggedSpan]:
    """Neighbouring words of one type as one range; ends that are no letter or digit are cut off.

    The same words are the same thing: every mention of a name has the type of the surest one.
    """
    joined: list[TaggedSpan] = []
    for hit in hits:
        if joined and joined[-1].type == hit.type:
            last = joined[-1]
            if _are_one(text, last.end, hit.start):
                score = max(last.score, hit.score)
                joined[-1] = TaggedSpan(last.start, hit.end, last.type, score)
                continue
        joined.append(hit)
    trimmed = (_trimmed(text, hit) for hit in joined)
    return _alike(text, [hit for hit in trimmed if hit is not None])


def _alike(text: str, hits: Sequence[TaggedSpan]) -> list[TaggedSpan]:
    """Mentions of one name with one type: how sure the tagger is differs much between them."""
    surest: dict[str, TaggedSpan] = {}
    for hit in hits:
        if hit.type in NAMES:
            name = text[hit.start : hit.end].lower()
            surest[name] = max(surest.get(name, hit), hit, key=lambda one: one.score)
    return [
        replace(hit, type=surest[text[hit.start : hit.end].lower()].type)
        if hit.type in NAMES
        else hit
        for hit in hits
    ]


def _are_one(text: str, end: int, start: int) -> bool:
    """Whether two words, the first up to `end` and the second from `start`, are one thing's."""
    if _GLUE.fullmatch(text, end, start):
        return True
    before = end
    while before > max(0, end - _LONGEST_SHORTENED) and text[before - 1].isalnum():
        before -= 1
    return bool(_SHORTENED.fullmatch(text, before, end) and _STOP.fullmatch(text, end, start))


def _trimmed(text: str, hit: TaggedSpan) -> TaggedSpan | None:
    start, end = hit.start, hit.end
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    if hit.type not in NAMES and _PART_OF_A_FIGURE.search(text[max(0, start - 2) : start + 1]):
        return None
    if hit.type not in NAMES and (
        _A_FIGURE.match(text, end - 1) or _A_TIME.fullmatch(text, start, end)
    ):
        return None
    return TaggedSpan(start, end, hit.type, hit.score) if end > start else None
