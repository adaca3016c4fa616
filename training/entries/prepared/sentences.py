"""Sentences of long entries as entries of their own.

A worker finds the evidence of a label by scoring sentences by themselves, so the model must have
been trained on single sentences. An entry whose evidence is marked gives its marked sentences with
their labels, and some others without any; its reframe gives the sentences that stand in their
place.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from training.entries.record import Record
from worker.models.windows import sentence_ends

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Plain sentences taken of one entry, and how much each counts.
MOST_PLAIN = 2
PLAIN_WEIGHT = 0.5
_SHORTEST = 20


def sentences(records: Sequence[Record]) -> list[Record]:
    """Entries of one sentence each, of the records whose evidence is marked and their reframes."""
    found = []
    for record in records:
        quotes = quoted(record)
        found += quotes
        if quotes:
            found += [
                Record(text, (), unknown=quotes[0].unknown, weight=PLAIN_WEIGHT * record.weight)
                for text in _plain(record.text, [quote.text for quote in quotes])[:MOST_PLAIN]
            ]
    return found + counterparts(records)


def quoted(record: Record) -> list[Record]:
    """The marked sentences of a record; none where they are most of its text."""
    quotes: dict[str, list[str]] = {}
    for label, quote in record.evidence:
        quotes.setdefault(quote, []).append(label)
    if not quotes or len(record.text) < 2 * max(map(len, quotes)):
        return []
    marked = {label for label, _ in record.evidence}
    # A label that no evidence is marked for may lie in any sentence.
    unknown = record.unknown | ((set(record.labels) | set(record.shares)) - marked)
    return [
        Record(quote, tuple(labels), unknown=unknown, weight=record.weight)
        for quote, labels in quotes.items()
    ]


def counterparts(records: Sequence[Record]) -> list[Record]:
    """The sentences of reframes that stand in the place of marked ones: they have no label."""
    marked = {record.group: record.text for record in records if record.group and quoted(record)}
    return [
        Record(sentence, (), unknown=record.unknown, weight=record.weight)
        for record in records
        if record.group in marked and not (record.labels or record.shares)
        for sentence in _split(record.text)
        if len(sentence) >= _SHORTEST and sentence not in marked[record.group]
    ]


def _plain(text: str, quotes: list[str]) -> list[str]:
    """Sentences that touch no quote, the longest first."""
    taken = [(text.index(quote), text.index(quote) + len(quote)) for quote in quotes]
    ends = [0, *sentence_ends(text), len(text)]
    plain = [
        text[a:b].strip()
        for a, b in pairwise(ends)
        if not any(start < b and a < end for start, end in taken)
    ]
    return sorted((s for s in plain if len(s) >= _SHORTEST), key=len, reverse=True)


def _split(text: str) -> list[str]:
    return [text[a:b].strip() for a, b in pairwise([0, *sentence_ends(text), len(text)])]
