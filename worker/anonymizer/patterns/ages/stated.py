"""Ages that are told of somebody: "she is", "aged", "years old", behind a name, in brackets."""

from __future__ import annotations

from worker.anonymizer.patterns.ages.parts import (
    FOLLOWED,
    IN_RANGE,
    LAST_OF_ABOUT,
    LIST,
    NO_MEASURE,
    NO_THING,
    NO_UNIT,
    NUMBER,
)
from worker.anonymizer.patterns.gates import (
    any_part,
    any_word,
    either,
    every,
    has_digit,
    matching,
    matching_lowered,
)
from worker.anonymizer.patterns.numerals import (
    FIGURE,
    FIRST_LETTERS,
    FROM_13,
    ONE,
    SMALL,
    TWO_DIGITS,
    WORDS,
    WORDS_FROM_13,
)
from worker.anonymizer.patterns.people.words import (
    ABOUT,
    IS,
    KIN,
    KIN_WORDS,
    MANY_KIN,
    MANY_KIN_WORDS,
    ROLE,
    ROLE_WORDS,
    SOMEBODY,
    SOMEBODY_WORDS,
)
from worker.anonymizer.patterns.rules import Group, Rule

_UNIT_OLD = r"(?:years?|yrs?|y|months?|mos?|weeks?|wks?)"
#: Of some: "the wee one", "half of them".
_ONE_OF_THEM = (
    r"(?:wee|little|big|young|old|older|younger|other) one"
    r"|(?:my|our) (?:smallest|littlest|two|three|four|five)"
    r"|(?:all|half|most|some|both|none) of (?:them|us)"
)
_ROUGHLY = r"(?:maybe|perhaps|about|around|barely|only|just|nearly|almost|now|all of)"

OLD = Group(
    "AGE",
    every(either(NUMBER, any_word("one")), any_word("old olds age young yo o y yr yrs")),
    (
        Rule(
            "years old",
            rf"\b(?:1[01]\d|[1-9]?\d(?:\.5|\u00bd)?|{TWO_DIGITS}|{ONE})(?: and a half)?"
            rf"[ -]?{_UNIT_OLD}[ -](?:olds?|young|of age)\b{NO_THING}",
            0.8,
        ),
        Rule(
            "y/o",
            rf"\b(?:1[01]\d|[1-9]?\d|{TWO_DIGITS}|{ONE}) ?(?:y/?o|yo|yrs?\.? old|y\.o\.?)\b",
            0.8,
        ),
    ),
)
CUED = Group(
    "AGE",
    every(NUMBER, any_word("aged age ages")),
    (
        Rule(
            "aged",
            r"\b(?:aged|ages?)(?: ?[:=-]| is| was| \()?(?: (?:of|between|about|around|only|just"
            rf"|nearly|almost|only))? ?(?P<it>{IN_RANGE})(?:(?:,? and |, ?| & |,? or | to "
            rf"| ?[-\u2013] ?)(?P<it>{IN_RANGE})){{0,5}}{NO_MEASURE}",
            0.8,
        ),
    ),
)
#: The words that stand before an age where somebody is of it: the last of `IS` and of `ABOUT`.
_BEFORE_AGE = (
    r"(?:s|m|re|t|am|are|were|been|turned|look|looked|seem|seemed|became|have|had|has"
    rf"|{LAST_OF_ABOUT}) {FIRST_LETTERS}"
)


def _with_is(words: str) -> str:
    """Words, and each with the "s" of a "dad's" that was typed without its apostrophe."""
    return " ".join(f"{word} {word}s" for word in words.split())


BEING = Group(
    "AGE",
    every(
        NUMBER,
        any_word(
            "i im you he hes she shes they theyre we who whos must one them us",
            "smallest littlest two three four five",
            _with_is(KIN_WORDS),
            _with_is(MANY_KIN_WORDS),
        ),
        matching_lowered(_BEFORE_AGE),
    ),
    (
        Rule(
            "somebody is",
            # From the number back: there are fewer of them than of words that may be somebody.
            rf"\b(?=[\dtfsen])(?<=\b(?!is\b)(?:i|you|he|she|they|who|{KIN}|{MANY_KIN}|{_ONE_OF_THEM})"
            rf"{IS}{ABOUT} )"
            rf"{LIST}{FOLLOWED}",
            0.6,
        ),
        Rule(
            "I am",
            rf"\b(?:i['\u2019]?m|i am){ABOUT} (?P<it>{FIGURE}|{WORDS}){NO_UNIT}",
            0.6,
        ),
        Rule(
            "was, in words",
            rf"\b(?:i was|s?he is|s?he[' \u2019]?s|s?he was) (?P<it>{WORDS}){NO_UNIT}",
            0.6,
        ),
        Rule(
            "when somebody was",
            r"\b(?:when|since|before|until|till|from when|while) (?:i|he|she|we|they) (?:was|were)"
            rf"{ABOUT} {LIST}{NO_UNIT}",
            0.6,
        ),
        Rule("must be", rf"\bmust be{ABOUT} (?P<it>{WORDS_FROM_13}){FOLLOWED}", 0.6),
        Rule(
            "has years",
            rf"\b(?:i|he|she) ha(?:ve|s|d) (?P<it>(?:{FIGURE}|{WORDS}) years)"
            r"(?=\s*(?:[.,;!?]|$)| and (?:i|he|she)\b)",
            0.6,
        ),
    ),
)
ROLES = Group(
    "AGE",
    every(
        NUMBER,
        any_word(_with_is(ROLE_WORDS), _with_is(SOMEBODY_WORDS)),
        matching_lowered(_BEFORE_AGE),
    ),
    (
        Rule(
            "somebody at work is",
            rf"\b(?:{ROLE}|{SOMEBODY}){IS}{ABOUT} (?P<it>{FROM_13}|{WORDS_FROM_13}){FOLLOWED}",
            0.6,
        ),
    ),
)
YOUNG = Group(
    "AGE",
    every(NUMBER, any_word("hours days weeks months"), matching_lowered(_BEFORE_AGE)),
    (
        Rule(
            "weeks or months",
            rf"\b(?:she|he|they|(?:{KIN}|{MANY_KIN})(?: [^\W\d_]{{2,14}})?){IS}{ABOUT} "
            rf"(?P<it>(?:{FIGURE}|{WORDS}|{SMALL}) (?:weeks|months|(?:hours|days) old))"
            r"(?=\s*(?:[.,;!?)]|$)| (?:and|but|now|today|tomorrow)\b)",
            0.6,
        ),
    ),
)
BESIDE = Group(
    "AGE",
    every(
        NUMBER,
        any_part(", ", " ("),
        any_word("me i he she one", KIN_WORDS, MANY_KIN_WORDS, SOMEBODY_WORDS),
        matching_lowered(rf"[a-z](?:, | \()(?:{_ROUGHLY} )?{FIRST_LETTERS}"),
    ),
    (
        Rule(
            "between commas",
            rf"\b(?:{KIN}|{MANY_KIN}|{SOMEBODY}|(?:little|wee|big|older|younger) one),"
            rf" (?:{_ROUGHLY} )?{LIST}(?=[,).!?;]|$|,? and (?:my|his|her|our|a|the)\b)",
            0.6,
        ),
        Rule(
            "behind a comma",
            rf"\b(?:{KIN}|{SOMEBODY}), (?:{_ROUGHLY} )?(?P<it>{FROM_13}|{WORDS_FROM_13})"
            r"(?= and (?!(?:an?|i|my|his|her|our|the|counting)\b)[a-z])",
            0.6,
        ),
        Rule("in brackets", rf"\b(?:{KIN}|{MANY_KIN}|me|i|he|she) \((?:{_ROUGHLY} )?{LIST}\)", 0.6),
    ),
)
SEX = Group(
    "AGE",
    every(has_digit, matching(r"\d ?/? ?[mfMF](?![a-zA-Z])|[(\[][mfMF],? ?/? ?\d")),
    (
        Rule(
            "age and sex",
            r"(?<=[(\[])(?:1[01]\d|[1-9]?\d) ?/? ?[mf](?=[)\]])"
            r"|(?<=[(\[])[mf],? ?/? ?(?:1[01]\d|[1-9]?\d)(?=[)\]])",
            0.7,
        ),
        Rule(
            "age and sex in the open",
            r"\b(?:i['\u2019]?m|i am|as an?|me|i|sober|single|married|divorced|widowed|straight"
            r"|gay|trans)"
            r"(?:,| a)? \K(?-i:[1-9]\d[MF])\b"
            r"|(?m:^)(?-i:[1-9]\d[MF])(?=[,.:]| here\b)",
            0.6,
        ),
    ),
)
GROUPS = (OLD, CUED, BEING, ROLES, YOUNG, BESIDE, SEX)
