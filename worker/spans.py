"""What becomes of the findings of many recognizers: disjoint ranges that leave nothing out."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from worker.offsets import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Types whose every mention in an entry is redacted once one was found.
REPEATED_TYPES = frozenset({"PERSON", "LOCATION", "ORGANIZATION", "HANDLE", "CONTACT", "ID"})
#: A shorter word is too often something else.
_SHORTEST = 3
_WORD = re.compile(r"[^\W_]+")
#: Words that are also names: elsewhere in the entry they count only when written the same way.
_ALSO_WORDS = frozenset(
    """
    amber angel art august autumn basil bill bob brook cash chance charity chase chip
    christian clay cliff crystal dale dawn dean dick drew duke earl eve faith felicity fern
    flora frank gay gene ginger glen grace grant guy harmony heath heather holly honey hope
    hunter iris ivy jack jade jasmine jean jet joy june king lance laurel lily love major
    marina mark mason max may melody mercy mike miles nick olive opal pat pearl penny pierce
    poppy prince prudence ray reed rich river rob robin rose ruby rusty sandy sage savannah
    skip sky spring storm sue summer sunny tiger tom victor violet wade ward will young the
    and for new old day home house school park street road high church hospital clinic
    college university
    """.split()  # noqa: SIM905
)


def merge_spans(text: str, scored: Iterable[tuple[float, Span]]) -> list[Span]:
    """Disjoint spans that cover every character of the given ones.

    Overlapping spans become one, of the type with the best score (the longest, if equal), so
    that no finding is dropped for another. Neighbours of one type with only white space between
    them are one thing, a first and a last name.
    """
    merged: list[tuple[float, Span]] = []
    ordered = sorted(scored, key=lambda item: (item[1].start, -item[1].end))
    for score, span in ordered:
        if merged:
            last_score, last = merged[-1]
            gap = text[last.end : span.start]
            if span.start < last.end or (span.type == last.type and not gap.strip()):
                length, last_length = span.end - span.start, last.end - last.start
                kind = span.type if (score, length) > (last_score, last_length) else last.type
                merged[-1] = (
                    max(score, last_score),
                    Span(last.start, max(last.end, span.end), kind),
                )
                continue
        merged.append((score, span))
    return [span for _, span in merged]


def repeated(text: str, spans: Sequence[Span]) -> list[Span]:
    """The spans, and every other place where the words of a name among them stand.

    A name of several words counts as a whole and word by word, as people call one another.
    """
    words: dict[str, str] = {}
    for span in spans:
        if span.type not in REPEATED_TYPES:
            continue
        parts = _WORD.findall(text[span.start : span.end]) if span.type == "PERSON" else []
        for surface in (text[span.start : span.end], *parts):
            if len(surface) >= _SHORTEST:
                words.setdefault(surface, span.type)
    if not words:
        return list(spans)
    exact = [w for w in words if w.lower() in _ALSO_WORDS]
    loose = [w for w in words if w.lower() not in _ALSO_WORDS]
    kinds = {word.lower(): kind for word, kind in words.items()}
    again = [
        (0.0, Span(match.start(), match.end(), kinds[match[0].lower()]))
        for surfaces, flags in ((exact, 0), (loose, re.IGNORECASE))
        if surfaces
        for match in re.finditer(_any_of(surfaces), text, flags)
        if match[0].lower() in kinds
    ]
    merged = merge_spans(text, [*((1.0, span) for span in spans), *again])
    # The same words are the same thing: the first mention's type holds for all of them.
    return [
        replace(span, type=kinds.get(text[span.start : span.end].lower(), span.type))
        if span.type in REPEATED_TYPES
        else span
        for span in merged
    ]


def _any_of(surfaces: Sequence[str]) -> str:
    longest_first = sorted(surfaces, key=len, reverse=True)
    return rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)"


def numbers(text: str, spans: Sequence[Span]) -> list[str]:
    """A type with a number for each span; the same words of one type get the same number."""
    counts: dict[str, int] = {}
    given: dict[tuple[str, str], str] = {}
    names = []
    for span in spans:
        key = (span.type, text[span.start : span.end].casefold())
        if key not in given:
            counts[span.type] = counts.get(span.type, 0) + 1
            given[key] = f"{span.type}_{counts[span.type]}"
        names.append(given[key])
    return names
