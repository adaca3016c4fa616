"""Dates in figures, of ISO 8601 and in words; relative dates and times of day do not match."""

from __future__ import annotations

import re

from worker.anonymizer.patterns import dates_abroad, dates_in_words
from worker.anonymizer.patterns.dates_abroad import DAY, YEAR
from worker.anonymizer.patterns.dates_in_words import CLEAR_MONTH, MONTH
from worker.anonymizer.patterns.gates import any_word, every, has_digit, matching
from worker.anonymizer.patterns.numerals import ORDINAL
from worker.anonymizer.patterns.rules import Group, Rule

_MONTH_WORDS = (
    "jan january feb february mar march apr april may jun june jul july aug august sep sept "
    "september oct october nov november dec december"
)
_MONTH_NUMBER = r"(?:0?[1-9]|1[0-2])"
_MONTH_2 = r"(?:0[1-9]|1[0-2])"
_DAY_2 = r"(?:0[1-9]|[12]\d|3[01])"
_RECENT_YEAR = r"(?:19[2-9]\d|20[0-3]\d)"
#: "may" and "march" are also words: in lower case they need a day with its ordinal, or a year.
_CAPITAL_MONTH = rf"(?-i:(?=[A-Z])){MONTH}"
_NOTHING_COUNTED = (
    r"(?! ?(?:people|persons|steps|words|calories|kcal|cal|ml|mg|miles|meters|metres|dollars|euros"
    r"|pounds|points|times|pages|minutes|hours|volts|watts|rpm)\b)"
)
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
        Rule("small month ordinal", rf"\b{MONTH} {DAY}{ORDINAL}\b(?:,? {YEAR}\b)?", 0.7),
        Rule("small month day year", rf"\b{MONTH} {DAY},? {YEAR}\b", 0.7),
        Rule(
            "clear month day",
            rf"\b(?!may|mar\b|march){MONTH} {DAY}\b(?! ?(?:%|am|pm|times)\b)",
            0.7,
        ),
        Rule(
            "day month",
            rf"\b{DAY}{ORDINAL}?(?: of)? (?!may\b|march\b|mar\b){MONTH}\b(?:,? {YEAR}\b)?",
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
            rf"{DAY}(?:{ORDINAL})? (?:may|march)\b(?=\s*(?:[.,;:!?)]|$)| (?:or|and|at|if|when"
            rf"|then|because|so|for"
            r"|with|we|i|in)\b)",
            0.7,
        ),
        Rule("month year", rf"\b{MONTH},? (?:of )?(?:{YEAR}|['\u2019]\d\d)\b", 0.7),
        Rule(
            "day-month-year",
            rf"(?<![\d/.-]){DAY}([/.-]){MONTH}\1(?:{YEAR}|\d\d)(?!\d)",
            0.7,
        ),
        Rule("day.month", rf"\b{DAY}\. ?{CLEAR_MONTH}\b(?:,? {YEAR}\b)?", 0.7),
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
        Rule(
            "season and year",
            rf"\b{_SEASON},? (?:of )?{_RECENT_YEAR}(?:[-/\u2013](?:{_RECENT_YEAR}|\d\d))?\b"
            rf"(?![-/.:]\d){_NOTHING_COUNTED}",
            0.65,
        ),
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
            r"\b(?:in|since|of|from|until|till|before|after|circa) (?P<it>['\u2019]\d\d)\b",
            0.6,
        ),
        Rule("season and short year", rf"\b{_SEASON} (?:of )?['\u2019]\d\d\b", 0.65),
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
            r"\b(?:on|by|until|till|since|before|after|(?:moved|changed|postponed|pushed"
            r"|brought forward|put back|something|ready|booked|due) (?:to|for)) the "
            rf"(?P<it>{DAY}{ORDINAL})(?=\s*(?:[.,;:!?)]|$)"
            r"| (?:and(?! \d)|at|so|but|because|when|if|i|we|he|she|they)\b)",
            0.6,
        ),
        Rule(
            "Tuesday the 4th",
            r"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day"
            r"|(?-i:Mon|Tues?|Weds?|Thu(?:rs?)?|Fri|Sat|Sun)),?"
            rf" (?:the )?{DAY}{ORDINAL}\b(?! (?:time|in|session|place|attempt|day|go|week|night|try"
            r"|class|one|year|month|date|visit|lesson|round|half|person|thing|row|floor|shift"
            r"|chance)\b)",
            0.65,
        ),
        # A zero before the month, and two digits of the day: hardly a score.
        Rule(
            "day and month with its zero",
            r"(?<![\w/.,-])(?:0[1-9]|[12]\d|3[01])/0[1-9](?![\d/]|[.,]\d)"
            r"(?=\s*(?:[.,;:!?)]|$))|\A[ \t]*\K(?:0[1-9]|[12]\d|3[01])/0[1-9](?= (?!of\b"
            r"|cups?\b|out\b))",
            0.6,
        ),
        Rule(
            "a day of court",
            r"\b(?:court|appointment|surgery|operation|wedding|funeral|hearing|interview"
            r"|birthday|flight|viewing|payday)(?:['\u2019]s| is| was| would have been"
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
GROUPS = (
    WITH_MONTH,
    *dates_abroad.GROUPS,
    YEARS,
    SHORT_YEARS,
    NUMERIC,
    BIRTHS,
    *dates_in_words.GROUPS,
)
