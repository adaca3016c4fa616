"""Organizations that many people know by name: shops, banks, authorities, hospitals, clubs.

Most are found wherever they stand, in any casing; those of common words alone ("bank of ireland")
where they have capitals. What is a word or a name as well counts where somebody works there, or
with a capital behind a word of place ("a shift at boots", "went to Boots").
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from worker.anonymizer.patterns.rules import Group
from worker.anonymizer.taggers import lexicon

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from worker.anonymizer.patterns.gates import Features

PLAIN, WORDS = "organizations.txt", "organizations_that_are_words.txt"
_SCORE = 0.5
#: A word, as it begins or ends names of the lists.
_WORD = re.compile(r"[^\W_]+")
_LETTERS = re.compile("[a-z]+")
#: What stands before a place where somebody goes, in small letters: between capitals all have one.
_TO_A_PLACE = re.compile(
    r"\b(?:[Aa]t|to|in|[Ff]rom|[Oo]utside|inside|near|behind|opposite|into|past|via|round|by"
    r"|[Ss]tart(?:s|ed|ing)?|[Jj]oin(?:s|ed|ing)?|[Ll]eft|[Qq]uit|[Ss]kip(?:s|ped|ping)?"
    r"|[Rr]ang|[Pp]honed|[Ee]mailed|[Mm]essaged)"
    r" (?:the |a |an |my |our |their |his |her |your )?\Z"
)
_WORKING = re.compile(
    r"\b(?:work(?:s|ed|ing)?|jobs?|shifts?|interview(?:s|ed)?|placement|apprenticeship|internship"
    r"|employed|hired|manager|cashier) at (?:the )?\Z",
    re.IGNORECASE,
)
_WORKING_FOR = re.compile(
    r"\b(?:work(?:s|ed|ing)?|jobs?|shifts?|nights|days|weekends) (?:at|for) (?:the )?\Z"
)
#: What follows a name: the end of a clause, or a word that begins another.
_FOLLOWED = re.compile(
    r"(?:['\u2019]s)?\s*(?:[.,;:!?)]|\Z)|\s+(?:and|but|so|in|on|all|til|till|until|again|today"
    r"|tonight|tomorrow|yesterday|this|last|then|because|with|from|to|is|was|were|are|i|he|she|we"
    r"|they|now|when|while|offshore|full|part)\b",
    re.IGNORECASE,
)
#: From whom everybody gets parcels: only to work there tells something of somebody.
_BY_POST = frozenset({"amazon", "apple", "next"})
#: What "the" with a capital behind it means wherever it stands: hospitals, shops, a helpline.
_WITH_THE = frozenset({"co-op", "mater", "priory", "rotunda", "samaritans", "target"})
_LEAVING = re.compile(r"\b(?:quit|joined|joining)(?: at)? \Z", re.IGNORECASE)
_TIME_BEHIND = re.compile(r" (?:day|week|month|year|time|summer|spring|winter|autumn|fall)\b")
#: Shorter ones have too many other meanings: they need a word of place.
_SHORTEST_ACRONYM = 4
_CAPITAL_BEHIND = re.compile(r" [A-Z][a-z]")
_LONGEST_BEFORE = 32
#: From so common on, see `lexicon.PROPERTIES`, a word is one of everyday life.
_COMMON = 3
#: Words within names that have no capital.
_SMALL = frozenset({"of", "the", "and", "for", "in", "on", "at", "de", "&"})
_APOSTROPHES = str.maketrans("\u2019\u2018", "''")


def names(file: str) -> list[str]:
    """The names of a list, in lower case and with plain apostrophes, in its order."""
    lines = (files("worker.anonymizer") / "word_lists" / file).read_text(encoding="utf-8")
    return [line for line in lines.splitlines() if line and not line.startswith("#")]


@cache
def _by_first_word(file: str) -> Mapping[str, tuple[str, ...]]:
    """The names of a list by their first word; longer ones come first."""
    found: dict[str, list[str]] = {}
    for name in names(file):
        found.setdefault(_WORD.findall(name)[0], []).append(name)
    return {word: tuple(sorted(named, key=len, reverse=True)) for word, named in found.items()}


@cache
def _letters(file: str) -> frozenset[str]:
    """A run of ASCII letters of each name of a list; a text with the name has it as a whole."""
    return frozenset(max(_LETTERS.findall(name), key=len) for name in names(file))


def has_capitals(name: str) -> bool:
    """Whether all words of a name begin with a capital, but for "of" and the like."""
    return all(
        word[:1].isupper() or not word[:1].isalpha() or word in _SMALL for word in name.split()
    )


@cache
def _of_common_words(file: str) -> frozenset[str]:
    """The names of a list with several words, all of them common in English."""
    return frozenset(
        name
        for name in names(file)
        if " " in name
        and all(
            lexicon.properties(lexicon.kind(word))[0] >= _COMMON
            for word in _WORD.findall(name)
            if word.isalpha()
        )
    )


def _mentions(text: str, file: str) -> Iterator[tuple[int, int]]:
    """Where names of a list stand in a text as whole words, in any casing."""
    by_first = _by_first_word(file)
    end = 0
    for word in _WORD.finditer(text):
        start = word.start()
        if start < end or text[start - 1 : start] in ("@", "_"):
            continue
        for candidate in by_first.get(word[0].lower(), ()):
            stop = start + len(candidate)
            found = text[start:stop].translate(_APOSTROPHES).lower()
            behind = text[stop : stop + 1]
            if found == candidate and not (behind.isalnum() or behind == "_"):
                end = stop
                yield start, stop
                break


class Listed:
    """Names of a list, as a pattern; see `Pattern`.

    Args:
        file: the list, a file of `word_lists`.
        always: whether a name counts wherever it stands, or only where the words around tell it.
    """

    def __init__(self, file: str, *, always: bool) -> None:
        self.name = file.removesuffix(".txt")
        self.score = _SCORE
        self._file = file
        self._always = always

    def prepare(self) -> None:
        """Read the list now and not at the first text."""
        _ = _by_first_word(self._file), _letters(self._file), _of_common_words(self._file)

    def gate(self, features: Features) -> bool:
        """Whether a text has a word of the list."""
        return not _letters(self._file).isdisjoint(features.words)

    def matches(self, text: str) -> Iterator[tuple[int, int]]:
        """The half-open character ranges of a text that match, in order."""
        for start, end in _mentions(text, self._file):
            found = text[start:end].translate(_APOSTROPHES)
            if self._always:
                meant = found.lower() not in _of_common_words(self._file) or has_capitals(found)
            else:
                meant = _is_meant(text, start, end)
            if meant:
                yield start, end


def _is_meant(text: str, start: int, end: int) -> bool:
    """Whether the words before a word say that the organization of that name is meant."""
    before = text[max(0, start - _LONGEST_BEFORE) : start]
    if _WORKING.search(before) and _FOLLOWED.match(text, end):
        return True
    found = text[start:end]
    if found.lower() in _BY_POST:
        leaving = _LEAVING.search(before) and not _TIME_BEHIND.match(text, end)
        return bool(leaving and found[0].isupper())
    if not has_capitals(found):
        return False
    if _is_acronym(text, start, end):
        return True
    if found.lower() in _WITH_THE and before.endswith("the "):
        return True
    going = _TO_A_PLACE.search(before) or _WORKING_FOR.search(before)
    return going is not None and not _CAPITAL_BEHIND.match(text, end)


def _is_acronym(text: str, start: int, end: int) -> bool:
    """Whether a word that is none of English is in capitals, unlike the words beside it."""
    found = text[start:end]
    if len(found) < _SHORTEST_ACRONYM or not found.isupper() or lexicon.kind(found):
        return False
    beside = [*_WORD.findall(text[max(0, start - _LONGEST_BEFORE) : start])[-1:]]
    beside += _WORD.findall(text[end : end + _LONGEST_BEFORE])[:1]
    return bool(beside) and not any(word.isupper() and len(word) > 1 for word in beside)


_LISTS = (Listed(PLAIN, always=True), Listed(WORDS, always=False))
GROUPS = tuple(Group("ORGANIZATION", listed.gate, (listed,)) for listed in _LISTS)
