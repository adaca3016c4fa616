"""People whom everybody knows: heads of government, and a few of whom diaries speak.

The tagger knows no names by heart, and "trump" in lower case looks like a word.
"""

from __future__ import annotations

from worker.anonymizer.patterns.listed import Listed
from worker.anonymizer.patterns.rules import Group

FIGURES = "public_figures.txt"


def _wherever_it_stands(_text: str, _start: int, _end: int) -> bool:
    """Nobody says "taylor swift" of anything else, common as both words are."""
    return True


_LISTED = Listed(FIGURES, _wherever_it_stands)
GROUPS = (Group("PERSON", _LISTED.gate, (_LISTED,)),)
