"""The entries that the earlier shipped model learnt from, by the digests of their texts.

A model whose weights are averaged with those of the earlier one has seen them, too: they can tell
neither how good it is nor where its thresholds should be.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from training.entries.prepared.redactions import digest

FILE = Path(__file__).parents[2] / "data" / "earlier" / "seen.txt"


def seen_earlier(text: str) -> bool:
    """Whether this entry, as it was written, was there when the earlier model was made."""
    return digest(text) in _digests()


@cache
def _digests() -> frozenset[str]:
    return frozenset(FILE.read_text(encoding="utf-8").split())
