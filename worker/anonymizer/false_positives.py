"""Drops findings of the tagger that cannot be personal data.

A small tagger takes a blood pressure for a record number and a medicine for a person. Each rule
here is about a class of such mistakes, not about a single sentence.
"""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING

from worker.anonymizer.culture import is_of_culture
from worker.anonymizer.everyday_words import is_everyday
from worker.anonymizer.ordinary_use import MAY_HAVE_CAPITAL, is_used_as_word
from worker.anonymizer.patterns.ages.tagged import may_be_age
from worker.anonymizer.taggers import lexicon
from worker.anonymizer.taggers.tagged_span import NAMES
from worker.anonymizer.titles import is_in_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.anonymizer.taggers.tagged_span import TaggedSpan

_LISTS = files("worker.anonymizer") / "word_lists"


def _read_list(name: str) -> list[str]:
    """The lines of a word list, without its comments."""
    lines = (_LISTS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


#: Words that are never names: relatives, slang, medicines.
NOT_NAMES = frozenset(_read_list("not_names"))
#: Words of chat that are cut off a name beside them.
INTERJECTIONS = frozenset(_read_list("interjections"))
#: Abbreviations that are no names where they are written in capitals.
ABBREVIATIONS = frozenset(_read_list("abbreviations"))
#: First names that are also words. In lower case they count as names only from `MIN_WORD_SCORE` on.
NAMES_THAT_ARE_WORDS = frozenset(_read_list("names_that_are_words"))
#: Words that occur in names, and names that are also words. Where a name was found, such a word
#: elsewhere in the text is a mention of it only if it is written the same way.
WORDS_IN_NAMES = NAMES_THAT_ARE_WORDS | frozenset(_read_list("words_in_names"))
MIN_WORD_SCORE = 0.92
#: Phrases that contain a name which is nobody's: "jack of all trades".
_PHRASES_IN_WORDS = _read_list("phrases_with_names")
_PHRASES = re.compile(
    r"(?<!\w)(?:"
    + "|".join(map(re.escape, _PHRASES_IN_WORDS)).replace("'", "['\u2019]")
    + r")(?!\w)",
    re.IGNORECASE,
)
_LONGEST_PHRASE = 32
_CODE = re.compile(r"[^\W\d_]?\d[\d\W]*")
#: A blood pressure, a rating out of ten, the score of a match.
_RATIO = re.compile(r"\d{2,3}/\d{2,3}|\d{1,3}/(?:5|10|100)|24/7|\d{1,2}[-\u2013]\d{1,2}")
#: A time of day, with a colon, or as one of several in four digits.
_CLOCK = re.compile(r"(?:[01]?\d|2[0-3]):[0-5]\d")
_DIGITS_OF_CLOCK = re.compile(r"(?<!\d)(?:[01]\d|2[0-3])[0-5]\d(?!\d)")
_EARLY_CLOCK = re.compile(r"(?<!\d)0\d[0-5]\d(?!\d)")
#: Operators of programs, which stand beside identifiers.
_CODE_BESIDE = "::"
_IDENTIFIER = re.compile(
    r"(?:node|snake|camel|kebab|test|get|set|is|num|min|max)_\w+", re.IGNORECASE
)
#: Words in scripts of which the tagger knows no word; patterns find some names in them.
_OTHER_SCRIPT = re.compile(
    r"[\s\u0590-\u06ff\u0900-\u0dff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
    r"\uac00-\ud7af]+"
)
#: An abbreviation with full stops: "I.T".
_DOTTED = re.compile(r"(?:[A-Z]\.){1,5}[A-Z]\.?")
#: A people, a language or a religion, and a place of it that has no name: "Greek Restaurant".
_OF_A_PEOPLE = re.compile(
    r"(?:african|american|asian|brazilian|british|buddhist|catholic|chinese|christian|english"
    r"|ethiopian|french|german|greek|hindu|indian|irish|italian|japanese|jewish|korean|lebanese"
    r"|mexican|moroccan|muslim|persian|polish|portuguese|russian|spanish|thai|turkish|vietnamese)"
    r"(?: (?:bakery|bar|buffet|cafe|caf\u00e9|cent(?:er|re)|church|class|community|consulate|deli"
    r"|embassy|exam|food|grocery|kitchen|lesson|market|place|restaurant|school|shop|store"
    r"|supermarket|takeaway|teacher|temple)s?){1,2}",
    re.IGNORECASE,
)
#: How sure the tagger must be that a common word in lower case is an organization, and that a
#: misspelt one is a name.
_SURE_ORGANIZATION, _SURE_NAME = 0.95, 0.95
_COMMON = 3
#: A time of day, or a number with separators between its thousands.
_TIME_OR_THOUSANDS = re.compile(r"\d{1,2}(?:[:.]\d\d)?[ap]\.?m|\d{1,3}(?:,\d{3})+", re.IGNORECASE)
_MONTH = r"jan|feb|m\u00e4r|mar|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz]"
_DATE = re.compile(rf"\d{{4}}|\d[./-]\d{{1,2}}(?:[./-]\d|\Z)|{_MONTH}", re.IGNORECASE)
_CURRENCIES = frozenset("$\u20ac\u00a3\u00a5\u20b9\u20a6")
#: The fewest letters and digits by which a number or code can identify a person.
_MIN_CHARACTERS = 4
_LONGEST_WORD = 40
_WORD, _POSSESSIVE = re.compile(r"[^\W\d_]+"), re.compile(r"['\u2019]s\Z")
#: The words of all phrases: only where a finding has one are they searched for.
_WORDS_OF_PHRASES = frozenset(_WORD.findall(" ".join(_PHRASES_IN_WORDS)))
#: Findings with at most this many characters between them belong together.
_NEAR = 3


def drop_false_positives(
    text: str, spans: Sequence[TaggedSpan], *, strict: bool = False
) -> list[TaggedSpan]:
    """Drop findings that cannot be personal data of the type that the tagger gave.

    Args:
        text: the text of an entry.
        spans: what the tagger found in it: half-open character ranges of `text`, in order and
            disjoint.
        strict: words of everyday life count as names all the same.

    Returns:
        The spans that may be personal data, unchanged and in order.
    """
    trimmed = [_without_interjections(text, span) for span in spans]
    return [
        span
        for i, span in enumerate(trimmed)
        if span.end > span.start and _survives(text, trimmed, i, strict=strict)
    ]


def _survives(text: str, spans: Sequence[TaggedSpan], index: int, *, strict: bool) -> bool:
    span = spans[index]
    alone = _is_alone(text, spans, index)
    if span.type in NAMES and not strict:
        place = text, span.start, span.end
        if alone and is_everyday(*place, person=span.type == "PERSON"):
            return False
        # "Kirchhoff's second law" is a law; "Pudding's basket" is somebody's.
        if _is_alone(text, spans, index, loosely=True) and is_of_culture(*place):
            return False
        if is_in_title(*place):
            return False
    return _may_be_personal(text, span, alone=alone)


def _without_interjections(text: str, span: TaggedSpan) -> TaggedSpan:
    """A name without words of chat at its ends; empty if nothing else is in it."""
    if span.type not in NAMES:
        return span
    words = list(_WORD.finditer(text, span.start, span.end))
    named = [word for word in words if word[0].lower() not in INTERJECTIONS]
    if len(named) == len(words):
        return span
    if not named:
        return replace(span, end=span.start)
    first, last = named[0], named[-1]
    return replace(
        span,
        start=span.start if first is words[0] else first.start(),
        end=span.end if last is words[-1] else last.end(),
    )


def _is_alone(text: str, spans: Sequence[TaggedSpan], index: int, *, loosely: bool = False) -> bool:
    """Whether a finding is a whole word and no longer finding stands beside it.

    Loosely, it may be in the possessive, and another one stand behind a comma.
    """
    span = spans[index]
    for other in spans[max(0, index - 1) : index + 2]:
        first, second = sorted((span, other), key=lambda one: one.start)
        near = second.start - first.end <= _NEAR
        if loosely and "," in text[first.end : second.start]:
            near = False
        if other is not span and near and other.end - other.start >= _MIN_CHARACTERS:
            return False
    around = _word_around(text, span)
    return (_POSSESSIVE.sub("", around) if loosely else around) == text[span.start : span.end]


def _word_around(text: str, span: TaggedSpan) -> str:
    """The characters around a finding up to white space, without punctuation at the ends.

    At most `_LONGEST_WORD` characters are looked at on each side, because a text without white
    space can have thousands of findings.
    """
    start, end = span.start, span.end
    while start > max(0, span.start - _LONGEST_WORD) and not text[start - 1].isspace():
        start -= 1
    while end < min(len(text), span.end + _LONGEST_WORD) and not text[end].isspace():
        end += 1
    while end > span.end and not text[end - 1].isalnum():
        end -= 1
    while start < span.start and not text[start].isalnum():
        start += 1
    return text[start:end]


def _may_be_personal(text: str, span: TaggedSpan, *, alone: bool) -> bool:
    if span.type == "AGE":
        return may_be_age(text, span.start, span.end)
    found, around = text[span.start : span.end], _word_around(text, span)
    short = alone and sum(c.isalnum() for c in found) < _MIN_CHARACTERS
    if span.type in NAMES:
        number = (
            _TIME_OR_THOUSANDS.fullmatch(around)
            or (short and _CODE.fullmatch(found))
            or (found.isdigit() and text[span.start - 1 : span.start] in _CURRENCIES)
        )
        return not (
            number
            or _is_clock(text, found)
            or (
                alone
                and found.islower()
                and len(found) == 1
                and text[span.end : span.end + 1] != "."
            )
            or _OTHER_SCRIPT.fullmatch(found)
            or _is_common_word(text, span, found)
            or _is_code(text, span)
        )
    if _RATIO.fullmatch(around) or _is_clock(text, around):
        return False
    if span.type == "DATE_TIME":
        return not alone or bool(_DATE.search(found))
    if span.type == "CONTACT":
        word = alone and found.isalpha() and len(found) <= _MIN_CHARACTERS
        return not (short or word or _IDENTIFIER.fullmatch(around))
    return span.type != "ID" or (not short and any(c.isdigit() for c in around))


def _is_clock(text: str, found: str) -> bool:
    """Whether a finding is a time of day; of four digits only where others begin with a zero."""
    if _CLOCK.fullmatch(found):
        return True
    return bool(
        _DIGITS_OF_CLOCK.fullmatch(found)
        and _EARLY_CLOCK.search(text)
        and len(_DIGITS_OF_CLOCK.findall(text)) > 1
    )


def _is_code(text: str, span: TaggedSpan) -> bool:
    """Whether a finding stands beside an operator of a program, as in `std::vector`."""
    beside = len(_CODE_BESIDE)
    return _CODE_BESIDE in (
        text[max(0, span.start - beside) : span.start],
        text[span.end : span.end + beside],
    )


def _is_common_word(text: str, span: TaggedSpan, found: str) -> bool:
    """Whether a finding is a word that is no name here, or part of a phrase with a name."""
    word = found.lower()
    if word in NOT_NAMES or found in ABBREVIATIONS or _OF_A_PEOPLE.fullmatch(found):
        return True
    if _DOTTED.fullmatch(found) and found.replace(".", "") in ABBREVIATIONS:
        return True
    if (found.islower() or word in MAY_HAVE_CAPITAL) and is_used_as_word(
        text, span.start, span.end
    ):
        return True
    if found.islower() and (
        (word in NAMES_THAT_ARE_WORDS and span.score < MIN_WORD_SCORE)
        or (span.score < _SURE_NAME and lexicon.is_misspelt(word))
        or (
            span.type == "ORGANIZATION"
            and span.score < _SURE_ORGANIZATION
            and lexicon.properties(lexicon.kind(word))[0] >= _COMMON
        )
    ):
        return True
    if _WORDS_OF_PHRASES.isdisjoint(_WORD.findall(word)):
        return False
    return any(
        phrase.start() <= span.start and span.end <= phrase.end()
        for phrase in _PHRASES.finditer(
            text, max(0, span.start - _LONGEST_PHRASE), span.end + _LONGEST_PHRASE
        )
    )
