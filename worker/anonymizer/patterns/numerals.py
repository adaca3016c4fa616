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
