"""Dates and years in words: "the third of May", "nineteen forty-eight"."""

from __future__ import annotations

from worker.anonymizer.patterns.gates import any_word
from worker.anonymizer.patterns.numerals import (
    ONE,
    ORDINAL_DAY,
    ORDINAL_MONTH,
    ORDINAL_WORDS,
    TENS,
)
from worker.anonymizer.patterns.numerals import YEAR as YEAR_IN_WORDS
from worker.anonymizer.patterns.rules import Group, Rule

MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
#: "may" and "march" are also words, and are months where they have a capital.
CLEAR_MONTH = (
    r"(?:january|february|(?-i:March|MARCH|May|MAY)|april|june|july|august|september|october"
    r"|november|december)"
)
_NO_COUNT_BEHIND_WORDS = (
    r"(?![ -](?:minutes?|mins?|hours?|seconds?|days?|weeks?|months?|years?|miles?|steps|people"
    r"|times|words|pages|pounds|dollars|euros|calories|vision|percent|reps?|laps?|rounds?|something"
    r"|odd"
    rf"|kilos?|degrees|thousand|million|{ONE}|{TENS})\b)"
)
_NO_NOUN = r"(?! (?:thing|things|one|ones|time|person|day|step|best|part|half|place|of|be|to|in)\b)"
_IN_YEAR = rf"(?:,? (?:in |of )?{YEAR_IN_WORDS}\b{_NO_COUNT_BEHIND_WORDS})?"
_BIG_DAY = (
    r"(?:thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth"
    r"|thirtieth|(?:twenty|thirty)[ -](?:first|second|third|fourth|fifth|sixth|seventh|eighth"
    r"|ninth))"
)
ORDINALS = Group(
    "DATE_TIME",
    any_word(ORDINAL_WORDS),
    (
        Rule(
            "date in words",
            rf"\b(?:{ORDINAL_DAY}(?: of)? {CLEAR_MONTH}|{CLEAR_MONTH}(?: the)? {ORDINAL_DAY}"
            rf"{_NO_NOUN}|{ORDINAL_DAY} of (?:may|march)|(?:on|since|until|till) \K(?:may|march)"
            rf" {ORDINAL_DAY}|(?:may|march) the {ORDINAL_DAY}{_NO_NOUN})\b{_IN_YEAR}",
            0.7,
        ),
        Rule(
            "month as a number",
            rf"\b(?:{_BIG_DAY}|(?:on|born|dated|due|since|until)(?: on)? the \K{ORDINAL_DAY})"
            rf" of the {ORDINAL_MONTH}\b(?:{_IN_YEAR})(?! \w+(?:s|ing)?\b(?<! (?:we|i|he|she|it"
            rf"|and|they|was)))",
            0.7,
        ),
        Rule(
            "month as a number, and year",
            rf"\b{ORDINAL_DAY} of the {ORDINAL_MONTH},? {YEAR_IN_WORDS}\b",
            0.7,
        ),
    ),
)
SPOKEN_YEARS = Group(
    "DATE_TIME",
    any_word("eighteen nineteen twenty thousand"),
    (
        Rule(
            "year in words",
            r"\b(?:in|since|from|until|till|before|after|by|of|year|around|circa|during|early|late"
            r"|born)"
            rf" (?P<it>{YEAR_IN_WORDS})\b{_NO_COUNT_BEHIND_WORDS}",
            0.6,
        ),
        Rule(
            "nineteen something",
            rf"(?<!\bseventeen[ ,-]{{1,2}}"
            rf"|\beighteen[ ,-]{{1,2}})\bnineteen[ -](?!twenty\b){TENS}[ -]{ONE}\b"
            rf"{_NO_COUNT_BEHIND_WORDS}",
            0.6,
        ),
        Rule("month and year in words", rf"\b{MONTH},? (?:of )?{YEAR_IN_WORDS}\b", 0.7),
    ),
)
GROUPS = (ORDINALS, SPOKEN_YEARS)
