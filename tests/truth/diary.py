"""What the workers' stages noted of their batches, read without any metric."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

BEGIN, END = "begin", "end"
#: Of so many entries one has a name in it.
REDACTED_EVERY = 4
#: Tokens that are computed for each token of text.
PADDED = 2


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch in a child.

    Attributes:
        port: of the worker's metrics.
        entries: their ids.
        began: seconds since 1970.
        ended: the same, or None where the child died or has not ended yet.
        tokens, padded: that its classifier counted.
        seconds: by stage.
    """

    port: int
    entries: tuple[str, ...]
    began: float
    ended: float | None
    tokens: int
    padded: int
    seconds: dict[str, float]


def read_diary(path: Path) -> list[Batch]:
    """All batches that were begun, in the order of their begin."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    notes: list[dict[str, Any]] = [json.loads(line) for line in lines]
    ends = {(note["child"], note["began"]): note for note in notes if note["what"] == END}
    return [
        _batch(note, ends.get((note["child"], note["at"])))
        for note in notes
        if note["what"] == BEGIN
    ]


def _batch(begin: dict[str, Any], end: dict[str, Any] | None) -> Batch:
    return Batch(
        port=int(begin["port"]),
        entries=tuple(begin["entries"]),
        began=begin["at"],
        ended=end["at"] if end else None,
        tokens=end["tokens"] if end else 0,
        padded=end["padded"] if end else 0,
        seconds=end["seconds"] if end else {},
    )


def redelivered(batches: list[Batch]) -> int:
    """How often an entry was given to a child that had been given to one before."""
    begun = Counter(entry_id for batch in batches for entry_id in batch.entries)
    return sum(times - 1 for times in begun.values())
