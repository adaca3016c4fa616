"""Places that the tagger's lexicon does not hold: small towns, quarters, islands, counties.

In small letters, and in languages of which the tagger has seen little, a place is hard to see:
"to ealing on the tube". Names that English or another language has as a word count with capitals
behind a word of place only.
"""

from __future__ import annotations

import re

from worker.anonymizer.patterns.listed import Listed, ListedWords
from worker.anonymizer.patterns.rules import Group
from worker.anonymizer.taggers import lexicon
from worker.anonymizer.taggers.decisions import begins_sentence

FILE, OF_SEVERAL_WORDS = "places.txt", "places_of_several_words.txt"
_BEFORE_A_PLACE = re.compile(
    r"\b(?:in|to|from|near|around|through|via|of|at|for|leaving|left|reached|visit(?:ed|ing)?"
    r"|outside|beyond|towards?|between|and|or) \Z",
    re.IGNORECASE,
)
_LONGEST_BEFORE = 12
#: From so common on, see `lexicon.PROPERTIES`, a name is rather a word.
_COMMON = 3


def _is_meant(text: str, start: int, end: int) -> bool:
    """Whether a word of place stands before a name, or it has its capital from itself."""
    frequency, *_, foreign = lexicon.properties(lexicon.kind(text[start:end]))
    if text[start].isupper() and frequency < _COMMON and not begins_sentence(text, start):
        return True
    if text[start].islower() and (foreign or frequency >= _COMMON):
        return False
    return _BEFORE_A_PLACE.search(text, max(0, start - _LONGEST_BEFORE), start) is not None


_WORDS, _SEVERAL = ListedWords(FILE, _is_meant), Listed(OF_SEVERAL_WORDS)
GROUPS = tuple(Group("LOCATION", listed.gate, (listed,)) for listed in (_WORDS, _SEVERAL))
