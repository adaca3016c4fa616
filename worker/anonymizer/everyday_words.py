"""Words that a small tagger takes for names: dishes, plants, tools, other tongues' words, peoples.

With a capital at the beginning of a sentence, or unknown to the tagger, such a word looks like a
name that is in no list. The lists here know better, unless the word is a name as well: then the
words around it must show that nobody is meant ("Jasmine over the fence", "we speak Welsh").
"""

from __future__ import annotations

import lzma
import re
from functools import cache
from importlib.resources import files

from worker.anonymizer.taggers import lexicon
from worker.anonymizer.taggers.decisions import begins_sentence

EVERYDAY, PEOPLES = "everyday_words.txt.xz", "peoples.txt"
#: Shorter ones are short forms of names, too: "Gaz", "Mo", "Col".
_SHORTEST = 4
#: What a person at the beginning of a sentence is hardly followed by.
_BEHIND_THING = re.compile(
    r" (?:on|in|over|under|of|along|against|everywhere|through|up|again|tonight|\d)", re.IGNORECASE
)
#: What stands before a language or a people, and hardly before a surname.
_BEFORE_PEOPLE = re.compile(
    r"\b(?:an?|the|in|of|my|our|their|his|her|some|most|many|other|all|and|or|but|speaks?|speaking"
    r"|spoke|spoken|learn|learns|learning|learned|learnt|understands?|read|reads|am|is|are|was|were"
    r"|be|being|not|very|so|half|part|fluent|bad|good|broken|old|new|traditional|proper|real|both"
    r"|as|than|from|into|with|like|this|that|these|those) \Z",
    re.IGNORECASE,
)
_LONGEST_BEFORE = 16


def is_everyday(text: str, start: int, end: int, *, person: bool) -> bool:
    """Whether a word is one of everyday life, or of a people, here and nobody's name.

    Args:
        text: the text of an entry.
        start: where the word starts.
        end: where it ends.
        person: whether it was taken for a person.
    """
    word = text[start:end].lower()
    if len(word) < _SHORTEST:
        return False
    forms = {word, word.removesuffix("s")}
    people = not forms.isdisjoint(peoples())
    if not people and forms.isdisjoint(everyday_words()):
        return False
    _, first_name, surname, place, _ = lexicon.properties(lexicon.kind(word))
    if not place and (not (first_name or surname) or (text[start].islower() and not person)):
        return True
    if people:
        return _BEFORE_PEOPLE.search(text, max(0, start - _LONGEST_BEFORE), start) is not None
    behind = _BEHIND_THING.match(text, end)
    return behind is not None and text[start].isupper() and begins_sentence(text, start)


@cache
def everyday_words() -> frozenset[str]:
    """The words of everyday life, in lower case."""
    return _words(lzma.decompress(_packed(EVERYDAY)))


@cache
def peoples() -> frozenset[str]:
    """The names of peoples, languages and religions, in lower case."""
    return _words(_packed(PEOPLES))


def _packed(name: str) -> bytes:
    return (files("worker.anonymizer") / "word_lists" / name).read_bytes()


def _words(data: bytes) -> frozenset[str]:
    lines = data.decode("utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))
