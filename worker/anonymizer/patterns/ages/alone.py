"""Ages that stand alone, "Nineteen and finally free", or tell what somebody would be or seems."""

from __future__ import annotations

import re

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
from worker.anonymizer.patterns.people.words import ABOUT, KIN, MANY_KIN, ROLE, SOMEBODY
from worker.anonymizer.patterns.rules import Group, Rule
from worker.anonymizer.taggers import lexicon

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
        Rule("already", rf"{_BEGINNING}(?P<it>{WORDS_FROM_13}) already\b", 0.6),
        Rule(
            "and still",
            rf"{_BEGINNING}(?P<it>{WORDS_FROM_13}),? (?:and|but|yet) (?:i|he|she|still|never"
            r"|already|finally|alone|single|unmarried"
            r"|counting \w+|(?!counting|going|nothing)\w{3,12}ing)\b",
            0.6,
        ),
        Rule(
            "a life behind a comma",
            rf"{_BEGINNING}(?P<it>{TENS}[ -]{ONE}), (?:still"
            r"|(?:[a-z]{3,12}(?:ed|ing)))\b(?! (?:of|to)\b)",
            0.6,
        ),
        Rule(
            "already",
            rf"{_BEGINNING}(?P<it>{TENS_AND_ONE}) already(?=[.!?,])",
            0.6,
        ),
    ),
)
_NAME_BEFORE = re.compile(r"(\w{3,21})\. \Z")
_LONGEST_BEFORE = 24
#: How common a word is that may be a name here, see `lexicon.PROPERTIES`.
_RARE = 0


def _is_behind_a_name(text: str, start: int, _: int) -> bool:
    """Whether a first name, or a word that is not known, stands before the sentence."""
    found = _NAME_BEFORE.search(text, max(0, start - _LONGEST_BEFORE), start)
    if found is None:
        return False
    frequency, first_name, *_rest = lexicon.properties(lexicon.kind(found[1]))
    return first_name >= lexicon.RATHER_A_NAME or frequency <= _RARE


NAMED = Group(
    "AGE",
    every(any_word(TENS_WORDS), matching("[A-Z][a-z]+\\. (?i:[tfsen])")),
    (
        Rule(
            "a name, an age",
            rf"(?-i:(?<!\w)[A-Z][a-z]{{2,20}})\. (?P<it>{TENS}[ -]{ONE})(?=\.(?: |$))",
            0.6,
            _is_behind_a_name,
        ),
    ),
)
WOULD_BE = Group(
    "AGE",
    every(any_word("be"), matching_lowered(r"(?:will|would|['\u2019](?:ll|d)) be [a-z\d]")),
    (
        Rule(
            "would be",
            rf"\b(?:i|he|she|they|you|we|baby|{KIN}|{MANY_KIN})"
            r"(?: (?:will|would)|['\u2019](?:ll|d))"
            rf" be (?P<it>{AGE}|\bone\b)"
            r" (?:today|tomorrow|this (?:week|month|year)|next (?:week|month|year|birthday))\b",
            0.6,
        ),
        Rule(
            "will be, on a day",
            rf"\b(?:he|she|baby|{KIN})(?: (?:will|would)|['\u2019](?:ll|d))"
            rf" be (?P<it>{AGE}|\bone\b)"
            r" on (?:mon|tues|wednes|thurs|fri|satur|sun)day\b",
            0.6,
        ),
    ),
)
_SEEMING = r"(?: like| to be)?"
_MORE_OR_LESS = r" (?:about|around|barely|maybe|roughly|hardly|not a day over|no more than)"
#: A word with a capital that is not "It" or the like.
_NAME = r"(?-i:\b(?!(?:It|This|That|There|Which|What|They|These|Those)\b)[A-Z][\w'\u2019-]{1,20})"
FELT = Group(
    "AGE",
    every(any_word("felt feel feeling sound sounds sounded look looks looked day"), NUMBER),
    (
        Rule(
            "felt about",
            rf"(?:^|(?<=[.!?] ))fe(?:lt|el|eling){ABOUT}"
            rf" (?P<it>twelve|{WORDS_FROM_13}){CLAUSE_END}",
            0.6,
        ),
        Rule(
            "sounded about",
            rf"(?:^|(?<=[.!?] )|\b(?:he|she|they) )(?:sounded|looked){_SEEMING}{ABOUT}"
            rf" (?P<it>{AGE}){CLAUSE_END}",
            0.6,
        ),
        Rule("a day over", rf"\ba day (?:over|older than) (?P<it>{AGE}){CLAUSE_END}", 0.6),
    ),
)
LOOKED = Group(
    "AGE",
    every(
        any_word("sound sounds sounded look looks looked"),
        NUMBER,
        matching_lowered(rf"(?:look|sound)(?:s|ed)?{_SEEMING}{_MORE_OR_LESS} "),
    ),
    (
        Rule(
            "somebody looked about",
            rf"(?:\b(?:{SOMEBODY}|{ROLE}|{KIN}|(?:mrs?|ms|miss|mx|dr)\.? \w{{2,20}})|{_NAME}),? "
            rf"(?:sounds?|sounded|looks?|looked){_SEEMING}{_MORE_OR_LESS} (?P<it>{AGE})"
            r"(?=\s*(?:[.,;!?)]|$)| (?:and|but)\b(?! \d))",
            0.6,
        ),
    ),
)
GROUPS = (GONE, TODAY, NAMED, WOULD_BE, FELT, LOOKED)
