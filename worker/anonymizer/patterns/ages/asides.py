"""Ages told in passing: on a cake, in brackets, of the oldest in the room, of a pet."""

from __future__ import annotations

import re

from worker.anonymizer.patterns.ages.birthdays import ORDINAL_FROM_13
from worker.anonymizer.patterns.ages.parts import AGE, CLAUSE_END, NUMBER
from worker.anonymizer.patterns.gates import any_word, either, every, matching_lowered
from worker.anonymizer.patterns.numerals import (
    FIRST_LETTERS,
    FROM_13,
    ONE,
    ORDINAL,
    SMALL,
    TENS,
    WORDS_FROM_13,
)
from worker.anonymizer.patterns.people.pets import ANIMAL, ANIMAL_WORDS
from worker.anonymizer.patterns.people.words import KIN, KIN_WORDS, SOMEBODY, SOMEBODY_WORDS
from worker.anonymizer.patterns.rules import Group, Rule
from worker.anonymizer.taggers import lexicon

_GROWN = rf"(?:{FROM_13}|{WORDS_FROM_13})"
_TEEN = r"(?:thir|four|fif|six|seven|eigh|nine)teen"
#: What a person is of whom it is told how old, with no more about it than a noun.
_MORE_PEOPLE = "visitor|newcomer|beginner|mother|father|grandmother|grandfather|newbie"
CAKES = Group(
    "AGE",
    every(NUMBER, any_word("candles")),
    (
        Rule(
            "candles",
            r"\b(?:blow(?:s|ing|n)?|blew) out (?:the |all |her |his |my )?(?P<it>"
            rf"{AGE}) candles\b|\b(?P<it>{AGE}) candles on (?:the|her|his|my) cake\b",
            0.6,
        ),
    ),
)
YOUNG = Group(
    "AGE",
    every(NUMBER, any_word("is"), any_word("age young old ancient nothing")),
    (
        Rule(
            "is a good age",
            rf"(?:^|(?<=[.!?,] ))(?P<it>{_GROWN}) (?:is|isn['\u2019]?t) (?:(?:a|no|not|too|such"
            r"|so|very|quite|still|really|that|the|good|great|funny|strange|weird|awkward"
            r"|hard) ){0,3}"
            r"(?:age|young|old|ancient)\b",
            0.6,
        ),
    ),
)
OLDEST = Group(
    "AGE",
    every(NUMBER, any_word("oldest youngest only one someone somebody anyone everyone")),
    (
        Rule(
            "the oldest, ...",
            r"\b(?:i['\u2019]?m|am|is|was|be|being|he['\u2019]s|she['\u2019]s) the (?:oldest"
            r"|youngest)\b"
            rf"[^.!?,\n]{{0,40}}, (?P<it>{_GROWN})(?=[,.;!])",
            0.6,
        ),
        Rule(
            "the only one over",
            r"\b(?:only (?:one|person|man|woman|girl|boy)|someone|somebody|anyone|everyone)"
            rf" (?:there |here )?(?:over|under|above|below|past) (?P<it>{_GROWN})"
            r"(?= (?:and|but|in|at|who)\b|\s*(?:[.,;!?)]|$))",
            0.6,
        ),
    ),
)
OF = Group(
    "AGE",
    every(any_word("of"), any_word(SOMEBODY_WORDS, _MORE_PEOPLE.replace("|", " "))),
    (
        Rule(
            "a student of",
            rf"\b(?:{SOMEBODY}|{_MORE_PEOPLE}) of (?P<it>a hundred and {ONE}|{TENS}[ -]{ONE})"
            r"\b(?! (?:\w+s|percent|million|thousand)\b)",
            0.6,
        ),
    ),
)
BRACKETS = Group(
    "AGE",
    every(
        NUMBER,
        matching_lowered(r"\((?:now|just|only|almost|nearly|about) |, [a-z\d-]+ (?:weeks|months),"),
    ),
    (
        Rule(
            "(now nine months)",
            rf"\((?:now|just|only|almost|nearly|about) (?P<it>{AGE} (?:weeks?|months?))\)"
            rf"|\b{KIN} \((?:now|just|only|almost|nearly|about) (?P<it>{AGE})\)",
            0.6,
        ),
        Rule(
            "..., nine months, ...",
            rf"(?-i:(?<!\w)[A-Z][a-z][\w-]{{1,20}}), (?P<it>{AGE} (?:weeks|months))(?=,)",
            0.6,
        ),
    ),
)
EITHER = Group(
    "AGE",
    every(NUMBER, matching_lowered(r"\beither |, not [a-z\d]|\d not [a-z\d]|and looks? ")),
    (
        Rule(
            "either twelve or seventy",
            r"\b(?:everybody|everyone|they|all|most|we|kids|people) (?:is|are|was|were) either "
            rf"(?P<it>{AGE}) or (?P<it>{AGE})(?=\s*(?:[.,;!?)]|$)| (?:and|but)\b)",
            0.6,
        ),
        Rule(
            "12, not five",
            rf"\b(?:i['\u2019]?m|he['\u2019]?s|she['\u2019]?s) (?P<it>{AGE}),? not (?P<it>{AGE})"
            r"(?=\s*(?:[.,;!?)]|$)| (?:i|he|she|and|so|you)\b)",
            0.6,
        ),
        Rule(
            "is 14 and looks 40",
            rf"\bis (?P<it>{AGE}) (?:and|but) (?:he |she )?looks? (?P<it>{AGE})"
            r"(?=\s*(?:[.,;!?)]|$)| (?:with|w|and|but|in|when|without)\b)",
            0.6,
        ),
    ),
)
PETS = Group(
    "AGE",
    every(NUMBER, any_word(ANIMAL_WORDS)),
    (
        Rule(
            "a hamster, two,",
            rf"\b{ANIMAL}, (?P<it>{SMALL}|{WORDS_FROM_13})(?=, |\.)",
            0.6,
        ),
    ),
)
_OWNER = re.compile(r"([^\W\d_]+)['\u2019]s \Z")
_LONGEST_BEFORE = 24


def _is_of_somebody(text: str, start: int, _: int) -> bool:
    """Whether a relative or a first name stands before, and no composer: "Mozart's 40th"."""
    owner = _OWNER.search(text, max(0, start - _LONGEST_BEFORE), start)
    word = owner[1].lower() if owner else ""
    return word in _KIN or lexicon.properties(lexicon.kind(word))[1] >= lexicon.RATHER_A_NAME


_KIN = frozenset(KIN_WORDS.split())
NTH = Group(
    "AGE",
    matching_lowered(
        r"['\u2019]?s (?:\d\d(?:st|nd|rd|th)|\w+teenth|\w+ieth|\w+ty[ -](?:first|second|third"
        r"|fourth|fifth|sixth|seventh|eighth|ninth))"
    ),
    (
        Rule(
            "grandpa's ninetieth",
            rf"(?:\b{KIN}|(?-i:(?<!\w)(?!(?:January|February|March|April|May|June|July|August"
            r"|September|October|November|December|Today|That|It|What|Here|There)\b)[A-Z][a-z]\w{1,20}))"
            rf"['\u2019]s (?P<it>(?:1[3-9]|[2-9]\d){ORDINAL}|{ORDINAL_FROM_13})"
            r"(?=\s*(?:[.,;:!?)]|$)| (?:and|but|was|is|on|next|this|with|party|so)\b)",
            0.6,
            _is_of_somebody,
        ),
        Rule(
            "dads fiftieth",
            rf"\b{KIN}s (?P<it>(?:1[3-9]|[2-9]\d){ORDINAL}|{ORDINAL_FROM_13}){CLAUSE_END}",
            0.6,
        ),
    ),
)
#: What somebody does at an age, and hardly at that hour.
_DID = "loved|hated|weighed|met|smoked|drank|lived|married|spoke|wrote"
AT = Group(
    "AGE",
    every(NUMBER, matching_lowered(rf"\bat {FIRST_LETTERS}")),
    (
        Rule(
            "at, and somebody loved",
            rf"\bat (?P<it>{AGE}),? (?:he|she) (?:loved|hated|used to)\b"
            rf"|\bat (?P<it>{FROM_13}|{WORDS_FROM_13}),? (?:i|he|she) (?:{_DID})\b",
            0.6,
        ),
        Rule(
            "taught to drive at",
            r"\b(?:taught|teaching) (?:me|him|her|us) (?:how )?to (?:drive|swim|read|cook|ride"
            r"|shoot|fish|sew|knit|play|sail|ski|dance|smoke|swear)(?: \w+){0,5} at "
            rf"(?P<it>{FROM_13}|{WORDS_FROM_13})(?=\s*(?:[.,;!?)]|$))",
            0.6,
        ),
        Rule(
            "to myself at fourteen",
            rf"\b(?:myself|himself|herself|me|him|her|us) at (?P<it>{_TEEN}){CLAUSE_END}",
            0.6,
        ),
        Rule(
            "at a teen's age",
            r"\b(?:(?:weighed|lived|been)(?: \w+){0,3}|than (?:i|he|she) (?:had|did|was)) "
            rf"at (?P<it>{_TEEN}){CLAUSE_END}",
            0.6,
        ),
    ),
)
YEARS = Group(
    "AGE",
    every(any_word("years"), matching_lowered(r"(?:m|s|am|is) [a-z]+(?:[ -][a-z]+)? years")),
    (
        Rule(
            "I'm thirty-nine years",
            r"\b(?:i['\u2019]?m|i am|he['\u2019]?s|she['\u2019]?s|he is|she is) (?P<it>"
            rf"{WORDS_FROM_13} years)(?=\s*(?:[.,;!?)]|$)| (?:and|but|now|today)\b)",
            0.6,
        ),
    ),
)
TODAY = Group(
    "AGE",
    either(
        any_word("today turned retired"),
        matching_lowered(" and (?:weighs|immortal|stubborn|fearless|pregnant|homeless|already)"),
    ),
    (
        Rule(
            "today you are one",
            rf"\btoday you(?: are|['\u2019]re) (?P<it>{AGE}|one)(?=[.!])",
            0.6,
        ),
        Rule(
            "Turned 30 in",
            rf"(?:^|(?<=[.!?] ))turned (?P<it>{_GROWN})(?= (?:in|on) (?:an?|the|my)\b(?! row\b))",
            0.6,
        ),
        Rule(
            "retired, sixty-five",
            rf"\bretired(?: today| yesterday| last week)?, (?:at )?(?P<it>{_GROWN})"
            r"(?= (?:exactly|and|years)\b|[.,!])",
            0.6,
        ),
        Rule(
            "..., twenty-four and weighs",
            rf", (?P<it>{TENS}[ -]{ONE}|{_TEEN}|eleven|twelve) and (?:weighs|immortal|stubborn"
            r"|fearless|pregnant|homeless|already(?! \d))\b",
            0.6,
        ),
    ),
)
GROUPS = (CAKES, YOUNG, OLDEST, OF, BRACKETS, EITHER, PETS, NTH, AT, YEARS, TODAY)
