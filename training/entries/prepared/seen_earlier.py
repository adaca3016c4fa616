"""What the earlier shipped model made of each shipped entry, by the digests of their texts.

A model that reads short texts with the weights of the earlier one has seen what that one learnt
from, too: such entries can tell neither how good it is nor where its thresholds should be. So what
has validated once validates every model after it, and is never learnt from.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from training.entries.prepared.redactions import digest

FOLDER = Path(__file__).parents[2] / "data" / "earlier"
SEEN, VALIDATED = "seen.txt", "validated.txt"


def seen_earlier(text: str) -> bool:
    """Whether this entry, as it was written, was there when the earlier model was made.

    Those that validated it are not among them.
    """
    return digest(text) in _digests(SEEN)


def validated_earlier(text: str) -> bool:
    """Whether this entry, as it was written, validated the earlier model, which never saw it."""
    return digest(text) in _digests(VALIDATED)


@cache
def _digests(file: str) -> frozenset[str]:
    return frozenset((FOLDER / file).read_text(encoding="utf-8").split())
