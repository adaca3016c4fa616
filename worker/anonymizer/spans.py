"""Makes disjoint spans of the findings of all recognizers, and adds repeated mentions of names."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from worker.anonymizer.false_positives import WORDS_IN_NAMES
from worker.anonymizer.name_context import without_title
from worker.anonymizer.offsets import Span
from worker.anonymizer.taggers import lexicon

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

#: Entity types of which every further mention in the same text is redacted, too.
REPEATED_TYPES = frozenset({"PERSON", "LOCATION", "ORGANIZATION", "HANDLE", "CONTACT", "ID"})
#: Fewer characters are too often another word.
_MIN_CHARACTERS = 3
#: From so common on a word is one of everyday life, see `lexicon.PROPERTIES`.
_COMMON = 3
_WORD = re.compile(r"[^\W_]+")
#: White space within a line.
_SPACES = re.compile(r"[^\S\r\n\v\f\x85\u2028\u2029]*")


def merge_spans(text: str, scored: Iterable[tuple[float, Span]]) -> list[Span]:
    """Merge findings to disjoint spans that cover every character of each finding.

    Overlapping spans become one, so that no finding is dropped for another. Its type is that of the
    best score, or of the longest span among equal scores. Neighbours of one type with only spaces
    between them become one span (a first and a last name), but not if a line break parts them.

    Args:
        text: the text of an entry.
        scored: findings as score and half-open character range of `text`, in any order.

    Returns:
        Disjoint spans, in order.
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
                better = (score, length) > (last_score, last_length)
                merged[-1] = (
                    max(score, last_score),
                    Span(last.start, max(last.end, span.end), (span if better else last).type),
                )
                continue
        merged.append((score, span))
    return [span for _, span in merged]


def with_repeats(text: str, spans: Sequence[Span]) -> list[Span]:
    """Add every further mention of the names and identifiers among the spans.

    The name of a person is looked for as a whole and word by word, as people call one another.

    Args:
        text: the text of an entry.
        spans: half-open character ranges of `text` that hold personal data, in order.

    Returns:
        The spans and the further mentions, in order and disjoint.
    """
    types: dict[str, str] = {}
    for span in spans:
        if span.type not in REPEATED_TYPES:
            continue
        parts = _WORD.findall(text[span.start : span.end]) if span.type == "PERSON" else []
        for surface in (text[span.start : span.end], *parts):
            if len(surface) >= _MIN_CHARACTERS:
                types.setdefault(surface, span.type)
    if not types:
        return list(spans)
    types_in_lower_case = {surface.lower(): entity_type for surface, entity_type in types.items()}
    mentions = [
        (0.0, Span(start, end, types_in_lower_case[text[start:end].lower()]))
        for start, end in _mentions(text, types)
    ]
    merged = merge_spans(text, [*((1.0, span) for span in spans), *mentions])
    # The same words mean the same thing, so that all mentions get the same type.
    alike = [
        replace(span, type=types_in_lower_case.get(text[span.start : span.end].lower(), span.type))
        if span.type in REPEATED_TYPES
        else span
        for span in merged
    ]
    return merge_spans(text, ((1.0, span) for span in alike))


def _mentions(text: str, surfaces: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Find strings as whole words, in any casing unless they are ordinary words, too.

    They are not made into a regular expression, because `re` keeps expressions, and so would keep
    the names, in its cache.

    Args:
        text: the text of an entry.
        surfaces: the strings to look for.

    Yields:
        Start and end of a half-open character range of `text`.
    """
    # Indexed by first word, then by the number of characters before it and the length: comparing
    # every string at every word takes seconds where thousands of names begin with the same word.
    by_first: dict[str, dict[tuple[int, int], set[str]]] = {}
    for surface in surfaces:
        if first := _WORD.search(surface):
            shapes = by_first.setdefault(first[0].lower(), {})
            alike = shapes.setdefault((first.start(), len(surface)), set())
            alike.add(surface)
            if not _is_word_too(surface.lower()):
                alike.add(surface.lower())
    for word in _WORD.finditer(text):
        for (before, length), alike in by_first.get(word[0].lower(), {}).items():
            start = word.start() - before
            end = start + length
            if start < 0 or _inside_word(text, start) or _inside_word(text, end):
                continue
            found = text[start:end]
            lowered = found.lower()
            # In lower case each such word is for the tagger to judge: "asked mark to mark it".
            if (found in alike and (found != lowered or not _is_word_too(lowered))) or (
                lowered in alike and not _is_word_too(lowered)
            ):
                yield start, end


def _is_word_too(lowered: str) -> bool:
    """Whether a name is also a word, so that only mentions in its own casing are certain ones.

    Such are the words of a list, and common words that no list has as a name: after "the clerk at
    Target" the writer's own target stays.
    """
    if lowered in WORDS_IN_NAMES:
        return True
    frequency, first_name, surname, place, _ = lexicon.properties(lexicon.kind(lowered))
    return frequency >= _COMMON and not (first_name >= lexicon.RATHER_A_NAME or surname or place)


def _inside_word(text: str, at: int) -> bool:
    """Whether a position has a letter, digit or underscore on both sides."""
    around = text[max(0, at - 1) : at + 1]
    return at > 0 and len(around) > 1 and all(c.isalnum() or c == "_" for c in around)


def numbered_types(text: str, spans: Sequence[Span]) -> list[str]:
    """Number the spans of each type, so that placeholders tell who did what.

    Spans of one type with the same words get the same number, whatever their casing and with or
    without a title: "Dr. Okafor" and "Okafor" are one person.

    Args:
        text: the text of an entry.
        spans: half-open character ranges of `text` that hold personal data, in order.

    Returns:
        Type and number of each span, such as PERSON_1, numbered from 1 in the order of the spans.
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
