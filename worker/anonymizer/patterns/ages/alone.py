"""Ages that begin a sentence, or are one: "Nineteen and finally free", "She died. Eighty-one."."""

from __future__ import annotations

from worker.anonymizer.patterns.ages.parts import AGE, CLAUSE_END, NUMBER
from worker.anonymizer.patterns.gates import any_word, every, matching, matching_lowered
from worker.anonymizer.patterns.numerals import (
    FROM_25,
    ONE,
    TEEN_WORDS,
    TENS,
    TENS_AND_ONE,
    TENS_WORDS,
    WORDS_FROM_13,
)
from worker.anonymizer.patterns.people import ABOUT
from worker.anonymizer.patterns.rules import Group, Rule

GONE = Group(
    "AGE",
    every(NUMBER, any_word("died passed funeral buried birthday")),
    (
        Rule(
            "a sentence of its own",
            r"\b(?:died|passed(?: away)?|funeral|buried|birthday)\b[^.!?\n]{0,60}[.!?] "
            rf"(?P<it>{FROM_25}|{TENS_AND_ONE})(?=[.!])",
            0.6,
        ),
    ),
)
#: The beginning of a sentence, or of what somebody is quoted to have said.
_BEGINNING = r"(?:^|(?<=[.!?] )|(?<=[\"\u201c\u2018]))"
TODAY = Group(
    "AGE",
    every(
        any_word(TENS_WORDS, TEEN_WORDS),
        matching_lowered(
            '(?m:^|[.!?] |["\u201c\u2018])'
            "(?:(?:twen|thir|four|for|fif|six|seven|eigh|nine)ty|(?:thir|four|fif|six|seven|eigh|nine)teen)"
        ),
    ),
    (
        Rule(
            "today",
            rf"{_BEGINNING}(?P<it>{TENS_AND_ONE}) (?:today|tomorrow|next birthday"
            r"|next (?:week|month|year))(?=[.!?,])",
            0.6,
        ),
        Rule(
            "and still",
            rf"{_BEGINNING}(?P<it>{WORDS_FROM_13}),? (?:and|but|yet) (?:i|he|she|still|never"
            r"|not|already|finally|just|only|no|nothing|alone|single|unmarried"
            r"|counting \w+|(?!counting|going|nothing)\w{3,12}ing)\b",
            0.6,
        ),
        Rule(
            "a life behind a comma",
            rf"{_BEGINNING}(?P<it>{TENS}[ -]{ONE}), (?:still|an?|no|with"
            r"|(?:[a-z]{3,12}(?:ed|ing)))\b(?! (?:of|to)\b)",
            0.6,
        ),
        Rule(
            "already",
            rf"{_BEGINNING}(?P<it>{TENS_AND_ONE}) already(?=[.!?,]| \w)",
            0.6,
        ),
    ),
)
NAMED = Group(
    "AGE",
    every(any_word(TENS_WORDS), matching(r"[A-Z][a-z]+\. [A-Z][a-z]+")),
    (
        Rule(
            "a name, an age",
            rf"(?-i:(?<!\w)[A-Z][a-z]{{2,20}})\. (?P<it>{TENS}[ -]{ONE})(?=\.(?: |$))",
            0.6,
        ),
    ),
)
WOULD_BE = Group(
    "AGE",
    every(any_word("be"), matching_lowered(r"(?:will|would|['\u2019](?:ll|d)) be [a-z\d]")),
    (
        Rule(
            "would be",
            rf"(?:\b(?:will|would)|['\u2019](?:ll|d)) be (?P<it>{AGE}|\bone\b)"
            r" (?:today|tomorrow|this (?:week|month|year)|next (?:week|month|year|birthday))\b",
            0.6,
        ),
    ),
)
FELT = Group(
    "AGE",
    every(any_word("felt feel feeling sounded looked day"), NUMBER),
    (
        Rule(
            "felt about",
            rf"(?:^|(?<=[.!?] ))fe(?:lt|el|eling){ABOUT}"
            rf" (?P<it>twelve|{WORDS_FROM_13}){CLAUSE_END}",
            0.6,
        ),
        Rule(
            "sounded about",
            rf"(?:^|(?<=[.!?] )|\b(?:he|she|they) )(?:sounded|looked)(?: like| to be)?{ABOUT}"
            rf" (?P<it>{AGE}){CLAUSE_END}",
            0.6,
        ),
        Rule("a day over", rf"\ba day (?:over|older than) (?P<it>{AGE}){CLAUSE_END}", 0.6),
    ),
)
GROUPS = (GONE, TODAY, NAMED, WOULD_BE, FELT)
