r"""Patterns of dates and ages, in digits and words; relative dates and bare numbers do not match.

Every expression is anchored and its repetitions are bounded, as in `worker.anonymizer.patterns`.
"""

from __future__ import annotations

from presidio_analyzer import Pattern

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH_NUMBER = r"(?:0?[1-9]|1[0-2])"
_YEAR = r"(?:1[89]|20)\d\d"
_ORDINAL = r"(?:st|nd|rd|th)"
#: "may" and "march" are also words: in lower case they need a day with its ordinal, or a year.
_CAPITAL_MONTH = rf"(?-i:(?=[A-Z])){_MONTH}"
_CLEAR_MONTH = (
    r"(?:january|february|(?-i:March|MARCH|May|MAY)|april|june|july|august|september|october"
    r"|november|december)"
)
_ONE = r"(?:one|two|three|four|five|six|seven|eight|nine)"
_TEEN = r"(?:ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen)"
_TENS = r"(?:twenty|thirty|fou?rty|fifty|sixty|seventy|eighty|ninety)"
_ORDINAL_WORD = (
    r"(?:(?:twenty|thirty)[ -])?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth"
    r"|tenth|eleventh|twelfth|(?:thir|four|fif|six|seven|eigh|nine)teenth|twentieth|thirtieth)"
)
DATES = (
    Pattern("month day", rf"\b{_CAPITAL_MONTH} {_DAY}{_ORDINAL}?\b(?:,? {_YEAR}\b)?", 0.7),
    Pattern("small month ordinal", rf"\b{_MONTH} {_DAY}{_ORDINAL}\b(?:,? {_YEAR}\b)?", 0.7),
    Pattern("small month day year", rf"\b{_MONTH} {_DAY},? {_YEAR}\b", 0.7),
    Pattern(
        "clear month day", rf"\b(?!may|mar\b|march){_MONTH} {_DAY}\b(?! ?(?:%|am|pm|times)\b)", 0.7
    ),
    Pattern(
        "day month",
        rf"\b{_DAY}{_ORDINAL}?(?: of)? (?!may\b|march\b|mar\b){_MONTH}\b(?:,? {_YEAR}\b)?",
        0.7,
    ),
    Pattern(
        "day ambiguous month",
        rf"\b{_DAY}(?:{_ORDINAL}(?: of)? (?:may|march)\b|{_ORDINAL}?(?: of)? "
        rf"(?-i:May|March|MAY|MARCH)\b|(?: of)? (?:may|march),? {_YEAR}\b)(?:,? {_YEAR}\b)?",
        0.7,
    ),
    Pattern("month year", rf"\b{_MONTH},? {_YEAR}\b", 0.7),
    Pattern(
        "year",
        r"(?<=\b(?:in|since|from|until|till|before|after|of|by|year) )"
        r"(?:19[2-9]\d|20[0-3]\d)\b"
        r"(?! ?(?:people|steps|words|calories|kcal|ml|miles|dollars|euros|pounds))",
        0.6,
    ),
    Pattern("iso", rf"\b{_YEAR}-{_MONTH_NUMBER}-{_DAY}\b", 0.7),
    Pattern("numeric", rf"(?<![\d/.-]){_DAY}([/.-]){_DAY}\1(?:{_YEAR}|\d\d)(?![\d/-])\b", 0.6),
)
BIRTHS = (
    Pattern("born", rf"(?<=\bborn in ){_YEAR}\b", 0.8),
    Pattern("born on", rf"(?<=\bborn on ){_DAY}[/.-]{_DAY}\b", 0.8),
    Pattern(
        "dob",
        r"\b(?:d\.?o\.?b\.?|date of birth|birth ?date)(?: is| was)?:? ?"
        r"\K(?=[^\s\d]{0,12}\d)\S{3,11}[^\s.,;]",
        0.8,
    ),
    Pattern(
        "date in words",
        rf"\b(?:{_ORDINAL_WORD}(?: of)? {_CLEAR_MONTH}|{_CLEAR_MONTH}(?: the)? {_ORDINAL_WORD})\b"
        rf"(?:,? (?:nineteen|twenty)(?:[ -](?:hundred|{_TENS}|{_TEEN}|oh)){{1,2}}"
        rf"(?:[ -]{_ONE})?\b)?",
        0.7,
    ),
)
_NUMBER = r"(?:1[01]\d|[1-9]?\d)"
#: Not before a unit or another word that shows that a bare number is no age.
_UNITS = (
    r"(?!\s*(?:%|percent|min|minutes?|mins|hours?|hrs?|seconds?|secs?|days?|weeks?|months?|miles?|km|kg|"
    r"lbs?|pounds?|steps|times|st|nd|rd|th|am|pm|o'?clock|cm|feet|ft|inch|points?|pages?|down|up|"
    r"in|for|out|into|away|short|late|behind|ahead|over|under|to|of|degrees|euros?|dollars?|people|"
    r"games?|matches|pills?|drinks?|sessions?|reps|more|less|left|sure|certain|positive|convinced|"
    r"confident|done|there|on|off|with|about|committed|serious|"
    r"[:.,/]\d|[-\u2013]\s?\d)\b|%|[:.,/]\d)"
)
#: From ten on, a number in words behind "I am" is mostly an age. "One" often means any person.
_WORD_NUMBER = rf"(?:{_TENS}(?:[ -]{_ONE})?|{_TEEN})"
_ANY_WORD_NUMBER = rf"(?:{_WORD_NUMBER}|{_ONE})"
_I_AM = r"(?:i[' \u2019]?m|i am|i was|s?he is|s?he[' \u2019]?s|s?he was|turn(?:s|ed|ing)?|aged)"
_OLD = r"(?:years?|yrs?|months?|weeks?)[ -]olds?"
#: Not before a word that shows that a number in words is no age.
_OTHER_UNITS = (
    r"(?![ -](?:%|percent|min|minutes?|mins|hours?|hrs?|seconds?|secs?|days?|weeks?|months?|years?|"
    r"miles?|kg|lbs?|pounds?|steps|times|points?|pages?|in|for|out|into|away|short|late|behind|"
    r"ahead|over|under|to|of|degrees|euros?|dollars?|people|feet|foot|ft|inch(?:es)?|grand|k|"
    r"hundred|thousand|million|minus|or|and a half|types?|sorts?|kinds?|sure|cents?|quid|bucks|"
    r"sizes?|stone|o'?clock)\b)"
)
AGES = (
    Pattern("years old", rf"\b(?:{_NUMBER}|{_ANY_WORD_NUMBER})[ -]?{_OLD}\b", 0.8),
    Pattern("y/o", rf"\b{_NUMBER}(?= ?(?:y/?o|yo|yrs old|y\.o\.)\b)", 0.8),
    Pattern("in words", rf"\b{_I_AM} \K{_WORD_NUMBER}\b{_OTHER_UNITS}", 0.6),
    Pattern("turned small", rf"\b(?:turn(?:s|ed|ing)?|aged) \K{_ONE}\b{_OTHER_UNITS}", 0.6),
    Pattern(
        "small",
        rf"\b(?:s?he is|s?he['\u2019]s) \K(?!one){_ONE}"
        r"(?=[.,;!?)]|$| and\b| now\b)",
        0.6,
    ),
    Pattern(
        "is",
        rf"\b(?:s?he is|s?he['\u2019]s|s?hes) \K{_NUMBER}\b(?!['\u2019]){_UNITS}"
        r"(?=[.,;!?)]|$| and\b| now\b| but | today\b| so\b)",
        0.6,
    ),
    Pattern(
        "aged",
        rf"(?<=\baged ){_NUMBER}\b|(?<=\bage ){_NUMBER}\b{_UNITS}"
        rf"|(?<=\bage: ){_NUMBER}\b"
        rf"|(?<=\bage is ){_NUMBER}\b|(?<=\bage of ){_NUMBER}\b",
        0.8,
    ),
    Pattern(
        "I am",
        rf"(?<=\bi'm ){_NUMBER}\b{_UNITS}|(?<=\bim ){_NUMBER}\b{_UNITS}"
        rf"|(?<=\bi am ){_NUMBER}\b{_UNITS}|(?<=\bi\u2019m ){_NUMBER}\b{_UNITS}",
        0.6,
    ),
    Pattern(
        "turned",
        rf"(?<=\bturn(?:ed)? ){_NUMBER}\b{_UNITS}|(?<=\bturning ){_NUMBER}\b{_UNITS}"
        rf"|(?<=\bturns ){_NUMBER}\b{_UNITS}",
        0.6,
    ),
    Pattern("birthday", rf"\b{_NUMBER}{_ORDINAL}(?= birthday\b)", 0.7),
    Pattern(
        "age and sex",
        rf"(?<=[(\[]){_NUMBER} ?/? ?[mf](?=[)\]])"
        rf"|(?<=[(\[])[mf] ?/? ?{_NUMBER}(?=[)\]])",
        0.7,
    ),
)
