"""Whether what the tagger found can be what it is called, for things it has no eye for.

A small tagger takes a blood pressure for a record number and a medicine for a person. Each rule
here is about a kind of thing, not about a sentence.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING

from worker.tagged import NAMES

if TYPE_CHECKING:
    from worker.tagged import Tagged

_LISTS = files("worker") / "words"


def _words(name: str) -> list[str]:
    """The lines of a list, without comments."""
    lines = (_LISTS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


#: Words that are no names: relatives, slang, medicines.
NO_NAMES = frozenset(_words("no_names"))
#: Names that are also words. In lower case the tagger must be surer of them.
ALSO_WORDS = frozenset(_words("also_words"))
SURE_OF_A_WORD = 0.97
#: Names inside these are nobody's: "jack of all trades".
_PHRASES = re.compile(
    rf"(?<!\w)(?:{'|'.join(re.escape(phrase) for phrase in _words('phrases'))})(?!\w)",
    re.IGNORECASE,
)
_LONGEST_PHRASE = 32
_CODE = re.compile(r"[^\W\d_]?\d[\d\W]*")
_RATIO = re.compile(r"\d{1,3}\s?/\s?\d{1,3}")
_RATING = re.compile(r"\d{1,2}(?:\s?/\s?(?:5|10|100))?")
_MONTH = r"jan|feb|m\u00e4r|mar|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz]"
_DATE = re.compile(rf"\d{{4}}|\d[./-]\d{{1,2}}(?:[./-]\d|\Z)|{_MONTH}", re.IGNORECASE)
_ADDRESS_OF_ONE = re.compile(r"[@_\d]|\w\.\w")
#: A figure of an identity has at least this many digits and letters, white space aside.
_SHORTEST_ID = 4
_FIGURES_BEFORE = re.compile(r"\d{3}\W?\Z")


def plausible(text: str, hit: Tagged) -> bool:
    """Whether a finding in `text` can be what the tagger says."""
    found = text[hit.start : hit.end]
    if hit.type in NAMES:
        return _a_name(text, hit, found)
    if hit.type == "ID":
        return not _RATIO.fullmatch(found) and _long_enough(text, hit)
    if hit.type == "DATE_TIME":
        return not _RATING.fullmatch(found) and bool(_DATE.search(found))
    if hit.type == "CONTACT":
        return bool(_ADDRESS_OF_ONE.search(found)) and len(found) > _SHORTEST_ID
    return True


def _long_enough(text: str, hit: Tagged) -> bool:
    """Whether what a finding is a part of is long enough for a record number."""
    start, end = hit.start, hit.end
    while start and not text[start - 1].isspace():
        start -= 1
    while end < len(text) and not text[end].isspace():
        end += 1
    if sum(c.isalnum() for c in text[start:end]) >= _SHORTEST_ID:
        return True
    return bool(_FIGURES_BEFORE.search(text, max(0, start - _SHORTEST_ID), start))


def _a_name(text: str, hit: Tagged, found: str) -> bool:
    word = found.lower()
    if word in NO_NAMES or _CODE.fullmatch(found):
        return False
    if found.islower() and word in ALSO_WORDS and hit.score < SURE_OF_A_WORD:
        return False
    return not any(
        phrase.start() <= hit.start and hit.end <= phrase.end()
        for phrase in _PHRASES.finditer(
            text, max(0, hit.start - _LONGEST_PHRASE), hit.end + _LONGEST_PHRASE
        )
    )
