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

EVERYDAY, TONGUES, PEOPLES = "everyday_words.txt.xz", "other_tongues.txt.xz", "peoples.txt"
#: Shorter ones are short forms of names, too: "Gaz", "Mo", "Col".
_SHORTEST = 4
#: What a person at the beginning of a sentence is hardly followed by.
_BEHIND_THING = re.compile(
    r" (?:(?:on|in|over|under|of|along|against|everywhere|through|up|again|tonight)\b|\d)",
    re.IGNORECASE,
)
#: What stands before a language or a people, and hardly before a surname.
_BEFORE_PEOPLE = re.compile(
    r"\b(?:an?|the|in|of|my|our|their|his|her|some|most|many|other|all|and|or|but|speaks?|speaking"
    r"|spoke|spoken|learn|learns|learning|learned|learnt|understands?|read|reads|am|is|are|was|were"
    r"|be|being|not|very|so|half|part|fluent|bad|good|broken|old|new|traditional|proper|real|both"
    r"|as|than|from|into|with|like|this|that|these|those) \Z",
    re.IGNORECASE,
)
#: What stands before a thing, and hardly before a person: "a Robin came in", "the Rosemary".
_ARTICLE = re.compile(r"\b(?:an?|the) \Z", re.IGNORECASE)
#: What people and pets do, and hardly a thing.
_ACTS = re.compile(
    r" (?:laugh(?:ed|s)|smiled|grinned|giggled|rang|phoned|texted|messaged|emailed|asked|told"
    r"|whispered|helped|hugged|kissed|braided|gave (?:me|us|him|her)|drove|cried"
    r"|snored|purred|barked|meowed|died)\b"
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
    if len(word) < _SHORTEST or (person and _ACTS.match(text, end)):
        return False
    forms = {word, word.removesuffix("s")}
    people = not forms.isdisjoint(peoples())
    capital = text[start].isupper()
    first = capital and begins_sentence(text, start)
    if not people and forms.isdisjoint(everyday_words()):
        # What other tongues and dialects say is also what people are called.
        return word in other_tongues() and (first or not capital) and not _is_name_too(word)
    _, first_name, surname, place, _ = lexicon.properties(lexicon.kind(word))
    if not place and (not (first_name or surname) or not (capital or person)):
        return True
    if people:
        return _BEFORE_PEOPLE.search(text, max(0, start - _LONGEST_BEFORE), start) is not None
    if person and capital and _ARTICLE.search(text, max(0, start - _LONGEST_BEFORE), start):
        return True
    return first and _BEHIND_THING.match(text, end) is not None


def _is_name_too(word: str) -> bool:
    _, first_name, surname, place, _ = lexicon.properties(lexicon.kind(word))
    return bool(first_name or surname or place)


def prepare() -> None:
    """Read all lists now and not at the first text."""
    for read in (everyday_words, other_tongues, peoples):
        read()


@cache
def everyday_words() -> frozenset[str]:
    """The words of everyday life, in lower case."""
    return _words(lzma.decompress(_packed(EVERYDAY)))


@cache
def other_tongues() -> frozenset[str]:
    """Greetings, relatives, feasts and the like of other tongues and dialects, in lower case."""
    return _words(lzma.decompress(_packed(TONGUES)))


@cache
def peoples() -> frozenset[str]:
    """The names of peoples, languages and religions, in lower case."""
    return _words(_packed(PEOPLES))


def _packed(name: str) -> bytes:
    return (files("worker.anonymizer") / "word_lists" / name).read_bytes()


def _words(data: bytes) -> frozenset[str]:
    lines = data.decode("utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))
