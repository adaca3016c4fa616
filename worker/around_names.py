"""What stands beside a name and belongs to it: a title before it, an age behind it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from worker.offsets import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_TITLES = (
    r"mr|mrs|ms|miss|mx|mister|sir|madam|dame|lord|lady|dr|doctor|prof|professor|rev|reverend|"
    r"fr|pastor|rabbi|imam|bishop|coach|nurse|captain|capt|sergeant|sgt|lieutenant|lt|officer|"
    r"detective|judge|senator|principal|brother|sister|father|mother"
)
#: Of a relative it says who that is, which a reader of the labels may need: "my aunt <PERSON>".
_KIN = (
    r"uncle|aunt|auntie|aunty|t\u00eda|t\u00edo|tante|onkel|cousin|grandma|grandpa|granny|gran|"
    r"grandad|granddad|grandmother|grandfather|nana|nan|papa|opa|oma"
)
_BEFORE = re.compile(rf"(?<!\w)(?:(?:{_TITLES}|{_KIN})\.?[ \t]{{1,2}})+\Z", re.IGNORECASE)
_LONGEST = 40
_RELATIVE = re.compile(
    rf"(?<!\w)(?:my|your|his|her|our|their|the|a|an)[ \t]{{1,2}}"
    rf"(?:{_KIN}|brother|sister|father|mother)[ \t]{{1,2}}\Z",
    re.IGNORECASE,
)
#: "Otis (8)", "Caleb, 29, beekeeper".
_AGE = re.compile(r"[ \t]?\((\d{1,2})\)|,[ \t](\d{1,2})(?=,[ \t])")


def with_neighbours(text: str, spans: Sequence[Span]) -> list[Span]:
    """The spans, persons with their titles, and the ages given right behind a name.

    Args:
        text: the entry.
        spans: disjoint, in order.
    """
    return list(_grown(text, spans))


def _grown(text: str, spans: Sequence[Span]) -> Iterator[Span]:
    behind = 0
    for i, span in enumerate(spans):
        if span.type != "PERSON":
            yield span
            behind = span.end
            continue
        start = _start(text, max(behind, span.start - _LONGEST), span.start)
        yield replace(span, start=start)
        behind = span.end
        until = spans[i + 1].start if i + 1 < len(spans) else len(text)
        if (age := _AGE.match(text, span.end)) and age.end() <= until:
            group = 1 if age[1] else 2
            yield Span(age.start(group), age.end(group), "AGE")
            behind = age.end(group)


def _start(text: str, earliest: int, start: int) -> int:
    """Where a name begins, its title included."""
    before = text[earliest:start]
    if _RELATIVE.search(before):
        return start
    title = _BEFORE.search(before)
    return earliest + title.start() if title else start
