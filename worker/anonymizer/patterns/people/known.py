"""People whom everybody knows: of public life, of sports, stages and screens.

The tagger knows no names by heart, and "trump" in lower case looks like a word.
"""

from __future__ import annotations

from worker.anonymizer.patterns.listed import Listed
from worker.anonymizer.patterns.rules import Group

FIGURES = "public_figures.txt"
CELEBRITIES = "celebrities.txt"


def _wherever_it_stands(_text: str, _start: int, _end: int) -> bool:
    """Nobody says "taylor swift" of anything else, common as both words are."""
    return True


_LISTED = Listed(FIGURES, _wherever_it_stands)
_CELEBRITIES = Listed(CELEBRITIES)
GROUPS = (
    Group("PERSON", _LISTED.gate, (_LISTED,)),
    Group("PERSON", _CELEBRITIES.gate, (_CELEBRITIES,)),
)
