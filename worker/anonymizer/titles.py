"""Titles of works, and terms of several words, which look like names of people or places.

"Forty pages of Middlemarch", "cried at Encanto again": a title is nobody's name, and neither is a
part of one ("Crime and Punishment"). Some titles are also names of places ("Casablanca") or of
people ("Emma"): there the words around must show that the work is meant. The terms are those of
worship, kitchens, gardens, sport, music and school: "noche buena", "ouchi gari", "madame hardy".
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from worker.anonymizer.culture import is_somebody
from worker.anonymizer.patterns.gates import Features
from worker.anonymizer.taggers import lexicon

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FILES = ("titles.txt", "terms.txt")
#: What stands behind a title there that places, people or pets have as well.
_NAME_TOO = " *"
_WORD = re.compile(r"[^\W\d_]+")
#: The longest title has fewer characters.
_LONGEST = 48
_LONGEST_BEFORE = 32
_ARTICLE = re.compile(r"(?<!\w)(?:the|an?) \Z", re.IGNORECASE)
#: What stands before a work and never before a person or a place: "pages of", but not "pages to".
_PART_OF_WORK = re.compile(
    r"\b(?:pages?|chapters?|episodes?|seasons?|verses?|soundtrack|audiobook|re-?runs?|box ?set"
    r"|finale|lyrics|aria|overture)(?: (?:\w+|\d+))? of (?:the )?[\"'*_\u2018\u201c]?\Z",
    re.IGNORECASE,
)
#: What people do with works, and hardly with a place: but they also watch children play, and say
#: "the film Emma chose".
_READ_OR_SEEN = re.compile(
    r"\b(?:(?:re-?)?watch(?:ed|es|ing)?|(?:re-?)?read(?:s|ing)?|bing(?:ed?|eing|e-?watch\w*)"
    r"|stream(?:ed|ing)|practi[sc](?:ed?|ing)|rehears(?:ed?|ing)|sang|singing|hummed|humming"
    r"|put(?:ting)? on|finished|half ?way through|listen(?:ed|ing)? to|seen|book club (?:did|is)"
    r"|(?:evening|night|hours?|afternoon|morning|round|game|bit|marathon) of"
    r"|audiobook|movie|film|novel|musical|opera|ballet|sitcom|anime|board game) "
    r"(?:(?:the|all of|some|a bit of|more|again) )?[\"'*_\u2018\u201c]?\Z",
    re.IGNORECASE,
)
#: What stands behind a work and never behind a person, who has a book and is at the cinema.
_WORK_BEHIND = re.compile(
    r"[\"*_\u201d]?,? (?:(?:season|series|episode|part|volume|chapter) (?:\d|one|two|three|four"
    r"|five|six)\b|s\d|,? ?the (?:movie|film|musical|novel|tv series|series|audiobook)\b"
    r"|(?:soundtrack|finale|marathon|re-?runs?|box ?set|trailer)\b"
    r"|in [a-g] (?:flat|sharp|major|minor)\b)",
    re.IGNORECASE,
)


#: Where the lexicon's properties of a word tell of a place.
_PLACE = 3


class _Title(NamedTuple):
    title: str
    is_name_too: bool


def is_in_title(text: str, start: int, end: int) -> bool:
    """Whether a name is a title of a work, or a part of one, and the work is meant.

    Args:
        text: the text of an entry.
        start: where the name starts.
        end: where it ends.
    """
    if end - start > _LONGEST:
        return False
    first = max(0, start - _LONGEST)
    window = Features(text[first : end + _LONGEST]).aligned
    for begin, close, title in _mentions(window):
        if first + close < end or first + _with_article(window, begin) > start:
            continue
        if _is_meant(text, first + begin, first + close, title):
            return True
    return False


def _is_meant(text: str, start: int, end: int, title: _Title) -> bool:
    """Whether a mention of a title is one of the work."""
    given, name_too = _names_in(title)
    before = text[max(0, start - _LONGEST_BEFORE) : start]
    if _PART_OF_WORK.search(before) or _WORK_BEHIND.match(text, end):
        return True
    if not given and _READ_OR_SEEN.search(before):
        return True
    return not (name_too or (" " not in title.title and is_somebody(text, start, end)))


def _names_in(title: _Title) -> tuple[bool, bool]:
    """Whether a title has a first name in it, and whether it is also a name of somebody or a place.

    The list says the second of titles of several words, the lexicon of all others as well.
    """
    words = _WORD.findall(title.title)
    known = [lexicon.properties(lexicon.kind(word)) for word in words]
    # A place may be a rare first name as well: "Jerusalem".
    given = any(
        first_name >= lexicon.RATHER_A_NAME or (first_name and not place)
        for _, first_name, _, place, _ in known
    )
    if len(words) > 1:
        return given, title.is_name_too
    if title.is_name_too:  # of somebody, or of a pet, if it is not a place
        return given or not known[0][_PLACE], True
    return given, any(any(properties[1:4]) for properties in known)


def _mentions(window: str) -> Iterator[tuple[int, int, _Title]]:
    """Where titles stand in a piece of text in lower case, as whole words."""
    by_word = titles()
    for word in {*_WORD.findall(window)} & by_word.keys():
        for title in by_word[word]:
            begin = window.find(title.title)
            while begin >= 0:
                close = begin + len(title.title)
                if not (window[begin - 1 : begin].isalnum() or window[close : close + 1].isalnum()):
                    yield begin, close, title
                begin = window.find(title.title, close)


def _with_article(window: str, begin: int) -> int:
    """Where a title begins together with its article, which the list leaves out."""
    article = _ARTICLE.search(window, 0, begin)
    return article.start() if article else begin


@cache
def titles() -> Mapping[str, tuple[_Title, ...]]:
    """The titles and terms, in lower case, by the longest of their words."""
    found: dict[str, list[_Title]] = {}
    for file in FILES:
        content = (files("worker.anonymizer") / "word_lists" / file).read_text("utf-8")
        for line in content.splitlines():
            if line and not line.startswith("#"):
                title = line.removesuffix(_NAME_TOO)
                longest = max(_WORD.findall(title), key=len)
                found.setdefault(longest, []).append(_Title(title, line.endswith(_NAME_TOO)))
    return {word: tuple(named) for word, named in found.items()}
