"""Dates in figures, of ISO 8601 and in words; relative dates and times of day do not match."""

from __future__ import annotations

import re

from worker.anonymizer.patterns import dates_abroad
from worker.anonymizer.patterns.dates_abroad import DAY, YEAR
from worker.anonymizer.patterns.gates import any_word, every, has_digit, matching
from worker.anonymizer.patterns.numerals import (
    ONE,
    ORDINAL,
    ORDINAL_DAY,
    ORDINAL_MONTH,
    ORDINAL_WORDS,
    TENS,
)
from worker.anonymizer.patterns.numerals import YEAR as YEAR_IN_WORDS
from worker.anonymizer.patterns.rules import Group, Rule

_MONTH_WORDS = (
    "jan january feb february mar march apr april may jun june jul july aug august sep sept "
    "september oct october nov november dec december"
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_MONTH_NUMBER = r"(?:0?[1-9]|1[0-2])"
_MONTH_2 = r"(?:0[1-9]|1[0-2])"
_DAY_2 = r"(?:0[1-9]|[12]\d|3[01])"
_RECENT_YEAR = r"(?:19[2-9]\d|20[0-3]\d)"
#: "may" and "march" are also words: in lower case they need a day with its ordinal, or a year.
_CAPITAL_MONTH = rf"(?-i:(?=[A-Z])){_MONTH}"
_CLEAR_MONTH = (
    r"(?:january|february|(?-i:March|MARCH|May|MAY)|april|june|july|august|september|october"
    r"|november|december)"
)
_NOTHING_COUNTED = (
    r"(?! ?(?:people|persons|steps|words|calories|kcal|cal|ml|mg|miles|meters|metres|dollars|euros"
    r"|pounds|points|times|pages|minutes|hours|volts|watts|rpm)\b)"
)
_NO_COUNT_BEHIND_WORDS = (
    r"(?![ -](?:minutes?|mins?|hours?|seconds?|days?|weeks?|months?|years?|miles?|steps|people"
    r"|times|words|pages|pounds|dollars|euros|calories|vision|percent|reps?|laps?|rounds?|something"
    r"|odd"
    rf"|kilos?|degrees|thousand|million|{ONE}|{TENS})\b)"
)
_NO_NOUN = r"(?! (?:thing|things|one|ones|time|person|day|step|best|part|half|place|of|be|to|in)\b)"
#: A time written as four digits with a leading zero: then "till 1930" is a time as well.
_CLOCK = re.compile(r"(?<!\d)0\d[0-5]\d(?!\d)")
_MAYBE_CLOCK = re.compile(r"(?:19|20)[0-5]\d")
_BEFORE_VERSION = re.compile(r"\b(?:v|ver|version|release|ios|android)\.? ?\Z", re.IGNORECASE)
_CONTEXT = 12


def _is_year(text: str, start: int, end: int) -> bool:
    """Whether four digits are a year, and no time of day among others."""
    return not (_MAYBE_CLOCK.fullmatch(text, start, end) and _CLOCK.search(text))


def _is_no_version(text: str, start: int, _: int) -> bool:
    return not _BEFORE_VERSION.search(text, max(0, start - _CONTEXT), start)


WITH_MONTH = Group(
    "DATE_TIME",
    every(has_digit, any_word(_MONTH_WORDS)),
    (
        Rule("month day", rf"\b{_CAPITAL_MONTH} {DAY}{ORDINAL}?\b(?:,? {YEAR}\b)?", 0.7),
        Rule("small month ordinal", rf"\b{_MONTH} {DAY}{ORDINAL}\b(?:,? {YEAR}\b)?", 0.7),
        Rule("small month day year", rf"\b{_MONTH} {DAY},? {YEAR}\b", 0.7),
        Rule(
            "clear month day",
            rf"\b(?!may|mar\b|march){_MONTH} {DAY}\b(?! ?(?:%|am|pm|times)\b)",
            0.7,
        ),
        Rule(
            "day month",
            rf"\b{DAY}{ORDINAL}?(?: of)? (?!may\b|march\b|mar\b){_MONTH}\b(?:,? {YEAR}\b)?",
            0.7,
        ),
        Rule(
            "day ambiguous month",
            rf"\b{DAY}(?:{ORDINAL}(?: of)? (?:may|march)\b|{ORDINAL}?(?: of)? "
            rf"(?-i:May|March|MAY|MARCH)\b|(?: of)? (?:may|march),? {YEAR}\b)(?:,? {YEAR}\b)?",
            0.7,
        ),
        Rule(
            "by a day in May",
            r"\b(?:on|by|before|until|till|since|from|after|due) (?:the )?\K"
            rf"{DAY}(?:{ORDINAL})? (?:may|march)\b(?! (?:be|not|have|well|also|seem|need))",
            0.7,
        ),
        Rule("month year", rf"\b{_MONTH},? (?:of )?(?:{YEAR}|['\u2019]\d\d)\b", 0.7),
        Rule(
            "day-month-year",
            rf"(?<![\d/.-]){DAY}([/.-]){_MONTH}\1(?:{YEAR}|\d\d)(?!\d)",
            0.7,
        ),
        Rule("day.month", rf"\b{DAY}\. ?{_CLEAR_MONTH}\b(?:,? {YEAR}\b)?", 0.7),
    ),
)
_SEASON = (
    r"(?:spring|summer|autumn|fall|winter|christmas|xmas|easter|ramadan|eid|diwali|thanksgiving"
    r"|halloween|hanukkah|new year['\u2019]?s?(?: eve| day)?)"
)
YEARS = Group(
    "DATE_TIME",
    every(has_digit, matching(r"(?:19|20)\d\d")),
    (
        Rule(
            "year",
            r"(?<=\b(?:in|since|from|until|till|before|after|of|by|year|during|around|circa|early"
            rf"|late|mid|between|through|throughout) "
            rf"|\bmid-){_RECENT_YEAR}\b(?![-/.:]\d){_NOTHING_COUNTED}",
            0.6,
            _is_year,
        ),
        Rule("season and year", rf"\b{_SEASON},? (?P<it>{_RECENT_YEAR})\b{_NOTHING_COUNTED}", 0.6),
        Rule(
            "from year to year",
            rf"\b(?:from|between) (?P<it>{_RECENT_YEAR}) (?:to|and|until|till) "
            rf"(?P<it>{_RECENT_YEAR})\b{_NOTHING_COUNTED}",
            0.6,
            _is_year,
        ),
        Rule(
            "years",
            rf"(?<![\d.,:/$\u20ac\u00a3-]){_RECENT_YEAR} ?[-\u2013] ?{_RECENT_YEAR}"
            rf"(?![\d.,:/-]){_NOTHING_COUNTED}",
            0.6,
        ),
    ),
)
SHORT_YEARS = Group(
    "DATE_TIME",
    every(has_digit, matching(r"['\u2019]\d\d")),
    (
        Rule(
            "short year",
            r"\b(?:in|since|of|from|until|till|before|after|summer|winter|spring|fall|autumn"
            r"|christmas|circa) (?P<it>['\u2019]\d\d)\b",
            0.6,
        ),
    ),
)
NUMERIC = Group(
    "DATE_TIME",
    every(has_digit, matching(r"\d[/.-]\d|\d[/.-]W|\d{8}|\d{4}W|\d(?:st|nd|rd|th)\b")),
    (
        Rule("iso", rf"(?<!\d){YEAR}([-/.]){_MONTH_NUMBER}\1{DAY}(?!\d)", 0.7, _is_no_version),
        Rule(
            "iso, with a time to the second",
            rf"(?<!\d){YEAR}-{_MONTH_2}-{_DAY_2} (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?!\d)",
            0.7,
        ),
        Rule("compact", rf"(?<!\d)(?:19|20)\d\d{_MONTH_2}{_DAY_2}(?!\d)", 0.7),
        Rule("week", r"(?<![\w-])(?:19|20)\d\d-?W(?:[0-4]\d|5[0-3])(?:-?[1-7])?(?!\d)", 0.7),
        Rule("year and month", rf"(?<![\w.,/-])(?:19|20)\d\d-{_MONTH_2}(?![\w/-]|\.\d)", 0.6),
        Rule(
            "day of the year",
            r"(?<![\w.,/-])(?:19|20)\d\d-(?:[0-2]\d\d|3[0-5]\d|36[0-6])(?=T\d)",
            0.6,
        ),
        Rule(
            "numeric",
            rf"(?<![\d/.-]){DAY}([/.-]){DAY}\1(?:{YEAR}|\d\d)(?!\d|[/-]\d|\.\d)",
            0.6,
            _is_no_version,
        ),
        Rule(
            "on day and month",
            r"\b(?:on|dated|since|due) (?:the )?\K"
            rf"(?!10/10\b)(?:{_DAY_2}[/.]{_MONTH_2}|{_MONTH_2}[/.]{_DAY_2})(?![\d/.:]\d|\d)"
            r"(?! ?(?:cups?|of|a|am|pm)\b)",
            0.6,
        ),
        # A page that begins with its date; "08/10" there is a score.
        Rule(
            "day and month in front",
            rf"^[ \t]*\K(?:(?!\d\d/10)(?:{_DAY_2}/{_MONTH_2}|{_MONTH_2}/{_DAY_2})"
            rf"|{_DAY_2}\.{_MONTH_2}(?=\.))(?=[.:,;]|[ \t]*$)",
            0.6,
        ),
        Rule(
            "on the day",
            r"\b(?:on|by|until|till|since|before|after|for|from) the "
            rf"(?P<it>{DAY}{ORDINAL})(?=\s*(?:[.,;:!?)]|$)"
            r"| (?:and|at|so|but|because|when|if|i|we|he|she|they)\b)",
            0.6,
        ),
        # A zero before the month, and two digits of the day: hardly a score.
        Rule(
            "day and month with its zero",
            r"(?<![\w/.,-])(?:0[1-9]|[12]\d|3[01])/0[1-9](?![\d/]|[.,]\d)"
            r"(?=\s*(?:[.,;:!?)]|$)|\A)|\A[ \t]*\K(?:0[1-9]|[12]\d|3[01])/0[1-9](?= (?!of\b"
            r"|cups?\b|out\b))",
            0.6,
        ),
        Rule(
            "a day of court",
            r"\b(?:court|appointment|exam|surgery|operation|wedding|funeral|scan|hearing|interview"
            r"|birthday|flight|review|viewing|deadline|payday)(?:['\u2019]s| is| was"
            r"| would have been"
            r"| moved to| set for)?(?: on)? \K"
            rf"(?!\d{{1,2}}/(?:4|5|10)\b|24/7){DAY}/{_MONTH_NUMBER}(?![\d/]|[.,]\d)",
            0.6,
        ),
        # The first line of all; "7/10" and "3/5" there are scores.
        Rule(
            "day and month above all",
            rf"\A[ \t]*\K(?!\d{{1,2}}/(?:4|5|10)\b|24/7)"
            rf"(?:{DAY}/{_MONTH_NUMBER}|{_MONTH_NUMBER}/{DAY})(?=[ \t]*\n|[.:] )",
            0.6,
        ),
        Rule(
            "ordinals",
            rf"\b{DAY}{ORDINAL} of the {_MONTH_NUMBER}{ORDINAL}\b(?:,? {YEAR}\b)?"
            r"(?=\s*(?:[.,;:!?)]|$)| (?:and|we|i|he|she|they|it)\b)",
            0.6,
        ),
    ),
)
BIRTHS = Group(
    "DATE_TIME",
    every(has_digit, any_word("born dob d birth birthdate")),
    (
        Rule("born", rf"(?<=\bborn in ){YEAR}\b", 0.8),
        Rule("born on", rf"(?<=\bborn on ){DAY}[/.-]{DAY}\b", 0.8),
        Rule(
            "dob",
            r"\b(?:d\.?o\.?b\.?|date of birth|birth ?date)(?: is| was)?:? ?"
            r"\K(?=[^\s\d]{0,12}\d)\S{3,11}[^\s.,;]",
            0.8,
        ),
    ),
)
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
            rf"\b(?:{ORDINAL_DAY}(?: of)? {_CLEAR_MONTH}|{_CLEAR_MONTH}(?: the)? {ORDINAL_DAY}"
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
        Rule("month and year in words", rf"\b{_MONTH},? (?:of )?{YEAR_IN_WORDS}\b", 0.7),
    ),
)
GROUPS = (
    WITH_MONTH,
    *dates_abroad.GROUPS,
    YEARS,
    SHORT_YEARS,
    NUMERIC,
    BIRTHS,
    ORDINALS,
    SPOKEN_YEARS,
)
