"""Whether what the tagger found can be what it is called, for things it has no eye for.

A small tagger takes a blood pressure for a record number and a medicine for a person. Each rule
here is about a kind of thing, not about a sentence.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING

from worker.anonymizer.taggers.tagged_span import NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.anonymizer.taggers.tagged_span import TaggedSpan

_LISTS = files("worker.anonymizer") / "word_lists"


def _words(name: str) -> list[str]:
    """The lines of a list, without comments."""
    lines = (_LISTS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


#: Words that are no names: relatives, slang, medicines.
NO_NAMES = frozenset(_words("no_names"))
#: Names that are also words. In lower case the tagger must be surer of them.
ALSO_WORDS = frozenset(_words("also_words"))
#: Words of which names are made, names that are words less often: beside a name that was found they
#: are that name only when written the same way.
IN_NAMES = ALSO_WORDS | frozenset(_words("in_names"))
SURE_OF_A_WORD = 0.92
#: Names inside these are nobody's: "jack of all trades".
_PHRASES = re.compile(
    rf"(?<!\w)(?:{'|'.join(re.escape(phrase) for phrase in _words('phrases'))})(?!\w)",
    re.IGNORECASE,
)
_LONGEST_PHRASE = 32
_CODE = re.compile(r"[^\W\d_]?\d[\d\W]*")
#: A blood pressure, a rating of ten, the score of a match.
_COUNT = re.compile(r"\d{2,3}/\d{2,3}|\d{1,3}/(?:5|10|100)|\d{1,2}[-\u2013]\d{1,2}")
#: A decade; a number of years that is no age.
_NO_AGE = re.compile(r"['\u2019]?s\b|%| (?:miles|minutes|hours|days|times|percent)\b")
_SPAN_OF_TIME = re.compile(r"\b(?:for|in|after|within|last|past|next)(?: \w+)? \Z")
#: A time of day, or a number with its thousands set apart.
_A_FIGURE = re.compile(r"\d{1,2}(?:[:.]\d\d)?[ap]\.?m|\d{1,3}(?:,\d{3})+", re.IGNORECASE)
_MONTH = r"jan|feb|m\u00e4r|mar|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz]"
_DATE = re.compile(rf"\d{{4}}|\d[./-]\d{{1,2}}(?:[./-]\d|\Z)|{_MONTH}", re.IGNORECASE)
#: A figure that may tell a person has at least this many digits and letters.
_SHORTEST = 4
_LONGEST_WORD = 40
#: Findings this close together are parts of one thing.
_NEAR = 3


def plausible(text: str, hits: Sequence[TaggedSpan]) -> list[TaggedSpan]:
    """The findings in a text that can be what the tagger says.

    Args:
        text: an entry.
        hits: what the tagger found in it, in order and disjoint.
    """
    return [hit for i, hit in enumerate(hits) if _can_be(text, hit, alone=_alone(text, hits, i))]


def _alone(text: str, hits: Sequence[TaggedSpan], index: int) -> bool:
    """Whether a finding is all of what white space parts from the rest, with no other beside it."""
    hit = hits[index]
    for other in hits[max(0, index - 1) : index + 2]:
        near = max(hit.start - other.end, other.start - hit.end) <= _NEAR
        if other is not hit and near and other.end - other.start >= _SHORTEST:
            return False
    return _word_around(text, hit) == text[hit.start : hit.end]


def _word_around(text: str, hit: TaggedSpan) -> str:
    """What white space parts from the rest, without punctuation at its ends.

    Looked for no further than a word is long: a text without white space has thousands of findings.
    """
    start, end = hit.start, hit.end
    while start > max(0, hit.start - _LONGEST_WORD) and not text[start - 1].isspace():
        start -= 1
    while end < min(len(text), hit.end + _LONGEST_WORD) and not text[end].isspace():
        end += 1
    while end > hit.end and not text[end - 1].isalnum():
        end -= 1
    while start < hit.start and not text[start].isalnum():
        start += 1
    return text[start:end]


def _can_be(text: str, hit: TaggedSpan, *, alone: bool) -> bool:
    if hit.type == "AGE":
        return _an_age(text, hit)
    found, around = text[hit.start : hit.end], _word_around(text, hit)
    short = alone and sum(c.isalnum() for c in found) < _SHORTEST
    if hit.type in NAMES:
        figure = _A_FIGURE.fullmatch(around) or (short and _CODE.fullmatch(found))
        return not figure and not _a_word(text, hit, found)
    if _COUNT.fullmatch(around):
        return False
    if hit.type == "DATE_TIME":
        return not alone or bool(_DATE.search(found))
    if hit.type == "CONTACT":
        return not short and not (alone and found.isalpha() and len(found) <= _SHORTEST)
    return not short or hit.type != "ID"


def _an_age(text: str, hit: TaggedSpan) -> bool:
    before = text[max(0, hit.start - _LONGEST_PHRASE) : hit.start]
    return not _NO_AGE.match(text, hit.end) and not _SPAN_OF_TIME.search(before)


def _a_word(text: str, hit: TaggedSpan, found: str) -> bool:
    word = found.lower()
    if word in NO_NAMES:
        return True
    if found.islower() and word in ALSO_WORDS and hit.score < SURE_OF_A_WORD:
        return True
    return any(
        phrase.start() <= hit.start and hit.end <= phrase.end()
        for phrase in _PHRASES.finditer(
            text, max(0, hit.start - _LONGEST_PHRASE), hit.end + _LONGEST_PHRASE
        )
    )
