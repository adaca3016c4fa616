"""What becomes of the findings of many recognizers: disjoint ranges that leave nothing out."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from worker.anonymizer.false_positives import IN_NAMES
from worker.anonymizer.name_context import without_title
from worker.anonymizer.offsets import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

#: Types whose every mention in an entry is redacted once one was found.
REPEATED_TYPES = frozenset({"PERSON", "LOCATION", "ORGANIZATION", "HANDLE", "CONTACT", "ID"})
#: A shorter word is too often something else.
_SHORTEST = 3
_WORD = re.compile(r"[^\W_]+")
#: White space within a line.
_SPACES = re.compile(r"[^\S\r\n\v\f\x85\u2028\u2029]*")


def merge_spans(text: str, scored: Iterable[tuple[float, Span]]) -> list[Span]:
    """Disjoint spans that cover every character of the given ones.

    Overlapping spans become one, of the type with the best score (the longest, if equal), so
    that no finding is dropped for another. Neighbours of one type with only spaces between them
    are one thing, a first and a last name; on two lines they are two.
    """
    merged: list[tuple[float, Span]] = []
    ordered = sorted(scored, key=lambda item: (item[1].start, -item[1].end))
    for score, span in ordered:
        if merged:
            last_score, last = merged[-1]
            if span.start < last.end or (
                span.type == last.type and _SPACES.fullmatch(text, last.end, span.start)
            ):
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
    kinds = {word.lower(): kind for word, kind in words.items()}
    again = [
        (0.0, Span(start, end, kinds[text[start:end].lower()]))
        for start, end in _mentions(text, words)
    ]
    merged = merge_spans(text, [*((1.0, span) for span in spans), *again])
    # The same words are the same thing: the first mention's type holds for all of them.
    alike = [
        replace(span, type=kinds.get(text[span.start : span.end].lower(), span.type))
        if span.type in REPEATED_TYPES
        else span
        for span in merged
    ]
    return merge_spans(text, ((1.0, span) for span in alike))


def _mentions(text: str, surfaces: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Where these stand as whole words, in any casing unless they are ordinary words too.

    No regular expression is made of them: `re` would keep it, and the names in it, for long.
    """
    # By first word, then by what is before it and by length: looking up every surface at every
    # word would take seconds where a text has thousands of names that begin alike.
    by_first: dict[str, dict[tuple[int, int], set[str]]] = {}
    for surface in surfaces:
        if first := _WORD.search(surface):
            shapes = by_first.setdefault(first[0].lower(), {})
            alike = shapes.setdefault((first.start(), len(surface)), set())
            alike.add(surface)
            if surface.lower() not in IN_NAMES:
                alike.add(surface.lower())
    for word in _WORD.finditer(text):
        for (before, length), alike in by_first.get(word[0].lower(), {}).items():
            start = word.start() - before
            end = start + length
            if start < 0 or _inside_word(text, start) or _inside_word(text, end):
                continue
            found = text[start:end]
            lowered = found.lower()
            if found in alike or (lowered in alike and lowered not in IN_NAMES):
                yield start, end


def _inside_word(text: str, at: int) -> bool:
    """Whether a position has a letter, digit or underscore on both sides."""
    around = text[max(0, at - 1) : at + 1]
    return at > 0 and len(around) > 1 and all(c.isalnum() or c == "_" for c in around)


def numbers(text: str, spans: Sequence[Span]) -> list[str]:
    """A type with a number for each span; the same words of one type get the same number.

    A title makes nobody another: "Dr. Okafor" and "Okafor" have one number.
    """
    counts: dict[str, int] = {}
    given: dict[tuple[str, str], str] = {}
    names = []
    for span in spans:
        key = (span.type, without_title(text[span.start : span.end]).casefold())
        if key not in given:
            counts[span.type] = counts.get(span.type, 0) + 1
            given[key] = f"{span.type}_{counts[span.type]}"
        names.append(given[key])
    return names
