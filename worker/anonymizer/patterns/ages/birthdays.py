"""Ages told by birthdays: "her 40th birthday", "it would have been his fortieth"."""

from __future__ import annotations

from worker.anonymizer.patterns.ages.parts import CLAUSE_END
from worker.anonymizer.patterns.gates import any_word, every, matching_lowered
from worker.anonymizer.patterns.numerals import ORDINAL, TENS
from worker.anonymizer.patterns.rules import Group, Rule

ORDINAL_FROM_13 = (
    r"(?:(?:thir|four|fif|six|seven|eigh|nine)teenth|(?:twent|thirt|fou?rt|fift|sixt|sevent|eight"
    rf"|ninet)ieth|{TENS}[ -](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth))"
)
BIRTHDAY = Group(
    "AGE",
    any_word("birthday bday b"),
    (
        Rule("birthday", rf"\b(?:1[01]\d|[1-9]?\d){ORDINAL}(?= (?:birthday|bday|b-day)\b)", 0.7),
        Rule("in words", rf"\b{ORDINAL_FROM_13}(?= (?:birthday|bday|b-day)\b)", 0.7),
    ),
)
SOMEBODYS = Group(
    "AGE",
    every(
        any_word("is was s be been its"),
        matching_lowered(
            r"\d(?:st|nd|rd|th)|teenth|ieth"
            r"|ty[ -](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)"
        ),
    ),
    (
        Rule(
            "somebody's",
            rf"\b(?:my|his|her|their) (?P<it>(?:1[3-9]|[2-9]\d){ORDINAL}|{ORDINAL_FROM_13})"
            r" (?:is|was) (?:on|in|next|this|a|an|at|tomorrow|yesterday|last)\b",
            0.6,
        ),
        Rule(
            "is somebody's",
            r"\b(?:is|was|it['\u2019]?s|be|been) (?:only |just |already )?(?:his|her)"
            rf" (?P<it>(?:1[3-9]|[2-9]\d){ORDINAL}|{ORDINAL_FROM_13}){CLAUSE_END}",
            0.6,
        ),
    ),
)
GROUPS = (BIRTHDAY, SOMEBODYS)
