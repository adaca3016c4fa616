"""Sentences of long entries as entries of their own.

A worker finds the evidence of a label by scoring sentences by themselves, so the model must have
been trained on single sentences. An entry whose evidence is marked gives its marked sentences with
their labels, and some others without any.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from training.entries.record import Record
from worker.models.windows import sentence_ends

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Plain sentences taken of one entry, and how much each counts.
MOST_PLAIN = 2
PLAIN_WEIGHT = 0.5
_SHORTEST = 20


def sentences(records: Iterable[Record]) -> list[Record]:
    """Entries of one sentence each, of the records whose evidence is marked."""
    found = []
    for record in records:
        quotes: dict[str, list[str]] = {}
        for label, quote in record.evidence:
            quotes.setdefault(quote, []).append(label)
        if not quotes or len(record.text) < 2 * max(map(len, quotes)):
            continue  # the evidence is most of the text
        marked = {label for label, _ in record.evidence}
        # A label that no evidence is marked for may lie in any sentence.
        unknown = record.unknown | ((set(record.labels) | set(record.shares)) - marked)
        found += [
            Record(quote, tuple(labels), unknown=unknown, weight=record.weight)
            for quote, labels in quotes.items()
        ]
        found += [
            Record(sentence, (), unknown=unknown, weight=PLAIN_WEIGHT * record.weight)
            for sentence in _plain(record.text, list(quotes))[:MOST_PLAIN]
        ]
    return found


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
