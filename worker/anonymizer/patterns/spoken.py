"""Numbers written as they are said, digit by digit (phones, codes, accounts), and spoken e-mail."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from worker.anonymizer.patterns.gates import any_word, every
from worker.anonymizer.patterns.numerals import (
    DIGIT_WORDS,
    ONE,
    TEEN,
    TEEN_WORDS,
    TENS,
    TENS_WORDS,
)
from worker.anonymizer.patterns.rules import GUESS, Group, Rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.anonymizer.patterns.gates import Features

_ZERO_WORDS = "zero oh o nought naught"
_DIGIT = rf"(?:{ONE}|{'|'.join(_ZERO_WORDS.split())})"
_SAID = rf"(?:(?:double|triple|treble)[ -])?{_DIGIT}"
_PAIR = rf"(?:{TENS}(?:[ -]{ONE})?|{TEEN}|{_SAID})"
_BETWEEN = r"(?:,?[ \n]|-|\u2013|\u2026 ?|\.{2,3} ?| ?[\u2013\u2014/-] )(?:and then |then |dash )?"
#: "Oh eight hundred", as free numbers begin.
_FREE = rf"(?:oh|zero|o|one) (?:three|eight|nine)(?: {ONE})? hundred"
_RUN = rf"\b(?:plus )?(?:{_FREE}|{_SAID})(?:{_BETWEEN}{_SAID}){{2,24}}\b"
_PAIRS = rf"\b{_PAIR}(?:{_BETWEEN}{_PAIR}){{1,24}}\b"
_VALUES = {
    word: value
    for value, words in enumerate((_ZERO_WORDS, *DIGIT_WORDS.split()))
    for word in words.split()
}
_TEENS = {word: [1, value] for value, word in enumerate(TEEN_WORDS.split())}
_TENS = {word[:3]: value for value, word in enumerate(TENS_WORDS.replace("fourty ", "").split(), 2)}
_REPEATS = {"double": 2, "triple": 3, "treble": 3}
_WORD = re.compile("[a-z]+")
#: The fewest different words of a number that nothing else marks as one.
_MIN_WORDS = 3
_PHONE_CUES = (
    "number phone mobile cell landline call calls called ring rings rang text texted dial dialled "
    "dialed reach whatsapp voicemail line hotline extension"
)
_CODE_CUES = (
    "extension pin passcode code account acct card ending ends sort number reference ref policy "
    "digits id "
    "combination security ssn nhs serial routing postcode zip iban member licence license passport"
)
_NEAR = r"\b[^.!?\n]{0,28}?[ ,:]\K"


#: Two numbers always have a step between them.
_FEWEST_COUNTED = 2


def digits_said(said: str) -> list[int]:
    """The digits of a number in words: "double seven oh" is 7, 7, 0; "hundred" is two zeros."""
    digits: list[int] = []
    times, after_tens = 1, False
    for word in _WORD.findall(said.lower()):
        if word in _REPEATS:
            times = _REPEATS[word]
            continue
        if word == "hundred":
            digits += [0, 0]
        elif word in _TEENS:
            digits += _TEENS[word]
        elif word in _VALUES and after_tens:
            digits[-1] = _VALUES[word]
        elif word in _VALUES:
            digits += [_VALUES[word]] * times
        elif word.endswith("ty"):
            digits += [_TENS[word[:3]], 0]
        times, after_tens = 1, word.endswith("ty")
    return digits


def _is_counting(digits: list[int]) -> bool:
    """Whether the digits are counted by a fixed step, perhaps again and again from the first."""
    pairs = [10 * a + b for a, b in zip(digits[::2], digits[1::2], strict=False)]
    return _has_a_step(digits) or (len(pairs) > _FEWEST_COUNTED and _has_a_step(pairs))


def _has_a_step(numbers: list[int]) -> bool:
    step = numbers[1] - numbers[0]
    return all(b - a == step or b == numbers[0] for a, b in pairwise(numbers))


def _is_number(least: int, words: int = 0) -> Callable[[str, int, int], bool]:
    """A test for at least so many digits, and so many different words, that count nothing."""

    def accepts(text: str, start: int, end: int) -> bool:
        said = text[start:end]
        digits = digits_said(said)
        return (
            len(digits) >= least
            and not _is_counting(digits)
            and (not words or len(_VALUES.keys() & set(_WORD.findall(said.lower()))) >= words)
        )

    return accepts


def _many_digit_words(features: Features) -> bool:
    return len(features.words & _VALUES.keys()) >= _MIN_WORDS


_any_digit_word = any_word(DIGIT_WORDS, _ZERO_WORDS, TEEN_WORDS, TENS_WORDS)

UNCUED = (
    Group("ID", _many_digit_words, (Rule("said", _RUN, GUESS, _is_number(7, _MIN_WORDS)),)),
    Group(
        "PHONE_NUMBER",
        _many_digit_words,
        (
            Rule(
                "said with a prefix",
                rf"(?=\b(?:plus|oh|zero)\b){_RUN}",
                0.5,
                _is_number(7, _MIN_WORDS),
            ),
        ),
    ),
)
PHONES = Group(
    "PHONE_NUMBER",
    every(any_word(_PHONE_CUES), _any_digit_word),
    (
        Rule(
            "said behind a cue",
            rf"\b(?:{'|'.join(_PHONE_CUES.split())}){_NEAR}{_RUN}",
            0.6,
            _is_number(6),
        ),
    ),
)
CODES = Group(
    "ID",
    every(any_word(_CODE_CUES), _any_digit_word),
    (
        Rule(
            "said behind a cue",
            rf"\b(?:{'|'.join(_CODE_CUES.split())}){_NEAR}{_PAIRS}",
            0.55,
            _is_number(4),
        ),
    ),
)
EMAILS = Group(
    "EMAIL_ADDRESS",
    every(any_word("dot"), any_word("at")),
    (
        Rule(
            "said",
            r"\b[\w.+-]{1,40}(?: (?:dot|underscore|dash|hyphen) [\w-]{1,30}){0,4}"
            r" at (?:gmail|g mail|googlemail|yahoo|hotmail|outlook|icloud|aol|proton(?:mail)?|live"
            r"|gmx|web|msn) dot (?:com|org|net|de|fr|es|it|ch|me|co(?: dot uk)?)\b"
            r"|\b[\w.+-]{1,40}(?: (?:dot|underscore|dash|hyphen) [\w-]{1,30}){1,4}"
            r" at [\w-]{2,40} dot [a-z]{2,6}(?: dot [a-z]{2,3})?\b",
            0.8,
        ),
    ),
)
GROUPS = (*UNCUED, PHONES, CODES, EMAILS)
