"""Numbers in words, as parts of expressions and as words for gates."""

from __future__ import annotations

DIGIT_WORDS = "one two three four five six seven eight nine"
TEEN_WORDS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
TENS_WORDS = "twenty thirty forty fourty fifty sixty seventy eighty ninety"
ORDINAL_WORDS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth thirtieth"
)

ONE = r"(?:one|two|three|four|five|six|seven|eight|nine)"
TEEN = r"(?:ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen)"
TENS = r"(?:twenty|thirty|fou?rty|fifty|sixty|seventy|eighty|ninety)"
#: From ten to ninety-nine.
TWO_DIGITS = rf"(?:{TENS}(?:[ -]{ONE})?|{TEEN})"
#: The suffix of an ordinal number in digits.
ORDINAL = r"(?:st|nd|rd|th)"
#: The days of a month as ordinal numbers.
ORDINAL_DAY = (
    r"(?:(?:twenty|thirty)[ -])?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth"
    r"|tenth|eleventh|twelfth|(?:thir|four|fif|six|seven|eigh|nine)teenth|twentieth|thirtieth)"
)
#: The months of a year as ordinal numbers.
ORDINAL_MONTH = (
    r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth)"
)
#: A year in words, as it is said: "nineteen forty-eight", "two thousand and eleven".
YEAR = (
    rf"(?:(?:eighteen|nineteen|twenty)[ -](?:hundred|oh[ -]{ONE}|{TWO_DIGITS})"
    rf"|two[ -]thousand(?:(?: and)?[ -](?:{ONE}|{TWO_DIGITS}))?)"
)
#: A unit, or another word behind a number that shows that it is no age.
UNITS = (
    r"(?:%|percent|min|mins|minutes?|hours?|hrs?|h|seconds?|secs?|s|days?|weeks?|months?|years?"
    r"|miles?|mi|km|k|m|kg|kilos?|g|grams?|mg|mcg|ml|iu|units?|lbs?|pounds?|stone|steps|times|st|nd"
    r"|rd|th|am|pm|a\.m|p\.m|o['\u2019]?clock|cm|mm|feet|foot|ft|inch(?:es)?|points?|pages?|down|up"
    r"|for|out|into|away|short|late|early|behind|ahead|over|under|to|of|degrees|c|f|euros?|dollars?"
    r"|bucks|quid|cents?|grand|pence|p|hundred|thousand|million|minus|plus|people|games?|matches"
    r"|pills?|tablets?|drinks?|sessions?|reps?|sets?|laps?|rounds?|cups?|more|less|left|sure"
    r"|certain|positive|convinced|confident|done|there|off|with|about|committed|serious|types?"
    r"|sorts?|kinds?|sizes?|bpm|mph|kph|kcal|cal(?:ories)?|percentile|votes?|marks?|or so"
    r"|and a half (?:hours?|minutes?|days?|weeks?|months?|miles?))\b"
)
#: A month, a season or a time of some days behind "in".
MONTHS = (
    r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]{0,6}"
    r"|(?:the )?(?:spring|summer|autumn|fall|winter)|a (?:week|month|few|couple)"
    r"|(?:two|three|four|five|six|\d{1,2}) (?:days|weeks|months)"
)
#: Behind a figure: no part of a longer figure, of a range, a score, a share or a decade.
_WHOLE = r"\b(?![%\u00b0\u00bd\u2153]|[.,:/]\d|\s?[-\u2013]\s?\d|['\u2019]s\b)"
FIGURE = rf"(?<![\d.,:/$\u20ac\u00a3#-])(?:1[01]\d|[1-9]\d?){_WHOLE}"
FROM_13 = rf"(?<![\d.,:/$\u20ac\u00a3#-])(?:1[01]\d|1[3-9]|[2-9]\d){_WHOLE}"
FROM_25 = rf"(?<![\d.,:/$\u20ac\u00a3#-])(?:1[01]\d|2[5-9]|[3-9]\d){_WHOLE}"
#: "One" often means any person. Up to nine, words count fewer other things than figures do.
SMALL = r"\b(?:two|three|four|five|six|seven|eight|nine)\b"
WORDS = rf"\b{TWO_DIGITS}\b(?![ -](?:odd|something|ish|fold|hundred|thousand|million))"
WORDS_FROM_13 = rf"(?!ten\b|eleven\b|twelve\b){WORDS}"
TENS_AND_ONE = rf"\b{TENS}(?:[ -]{ONE})?\b"
#: How a number begins, in figures or in words but for "one".
FIRST_LETTERS = r"(?:\d|tw|thr|thir|ten|four|fort|fif|five|six|seven|eig|ele|nin)"
