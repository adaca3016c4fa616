"""Ages in figures and in words, with the words that make an age of a number.

A number alone is a score, a dose, a price or a time. It is an age where somebody "is" or "turned"
it and nothing that could be counted follows, or where a cue such as "aged" or "a man of" stands
before it.
"""

from __future__ import annotations

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
    DIGIT_WORDS,
    FIGURE,
    FIRST_LETTERS,
    FROM_13,
    FROM_25,
    MONTHS,
    ONE,
    ORDINAL,
    SMALL,
    TEEN_WORDS,
    TENS,
    TENS_AND_ONE,
    TENS_WORDS,
    TWO_DIGITS,
    UNITS,
    WORDS,
    WORDS_FROM_13,
)
from worker.anonymizer.patterns.people import (
    ABOUT,
    BEGUN,
    EVENT,
    IS,
    KIN,
    KIN_WORDS,
    LIFE_EVENT,
    MANY_KIN,
    MANY_KIN_WORDS,
    ROLE,
    ROLE_WORDS,
    SOMEBODY,
    SOMEBODY_WORDS,
)
from worker.anonymizer.patterns.rules import Group, Rule

_AGE = rf"(?:{FIGURE}|{WORDS}|{SMALL})(?: and a half\b)?"
_LIST = rf"(?P<it>{_AGE})(?:(?:,? and |, ?| & |,? or )(?P<it>{_AGE})){{0,5}}"
#: The same where a range of ages may be meant.
_IN_RANGE = rf"(?:(?<![\d.,:/])(?:1[01]\d|[1-9]\d?)\b(?![%\u00b0]|[.,:/]\d)|{WORDS}|{SMALL})"
_NO_MEASURE = r"(?! ?(?:min|mins|minutes?|hours?|hrs?|days|km|miles?|kg|lbs?|pounds|times|am|pm)\b)"
_NO_COUNT = rf"(?!\s*{UNITS})"
_NO_UNIT = (
    rf"(?!\s*(?:{UNITS}|in\b(?! (?:{MONTHS})\b)"
    r"|on\b(?! (?:the|my|his|her|our|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b)))"
)
#: What may follow an age: the end of a clause, or a word that begins another.
_FOLLOWED = (
    r"(?=\s*(?:[.,;:!?)\]\"\u201d\u2026\u2014]|\u2013|$)|\s+(?:and|but|now|when|today|so|or|because"
    r"|cause|cuz|yet|then|already|soon|tomorrow|tonight|this|next|last|who|which|if|while|as|again"
    r"|i|he|she|we|they|you|my|too|though|lol|going|turning|at (?:the time|school|home|christmas)"
    rf"|in (?:{MONTHS})|on (?:the|my|his|her|our|monday|tuesday|wednesday|thursday|friday|saturday"
    r"|sunday))\b)"
)
_TURN = rf"\bturn(?:s|ed|ing)?{ABOUT}"
_UNIT_OLD = r"(?:years?|yrs?|y|months?|mos?|weeks?|wks?)"
_NUMBER = either(has_digit, any_word(TEEN_WORDS, TENS_WORDS, DIGIT_WORDS.removeprefix("one ")))
_CLAUSE_END = r"(?=\s*(?:[.,;!?)]|$))"

OLD = Group(
    "AGE",
    every(either(_NUMBER, any_word("one")), any_word("old olds age young yo o y yr yrs")),
    (
        Rule(
            "years old",
            rf"\b(?:1[01]\d|[1-9]?\d(?:\.5|\u00bd)?|{TWO_DIGITS}|{ONE})(?: and a half)?"
            rf"[ -]?{_UNIT_OLD}[ -](?:olds?|young|of age)\b",
            0.8,
        ),
        Rule("y/o", r"\b(?:1[01]\d|[1-9]?\d)(?= ?(?:y/?o|yo|yrs?\.? old|y\.o\.?)\b)", 0.8),
    ),
)
CUED = Group(
    "AGE",
    every(_NUMBER, any_word("aged age ages")),
    (
        Rule(
            "aged",
            r"\b(?:aged|ages?)(?: ?[:=-]| is| was| \()?(?: (?:of|between|about|around|only|just"
            rf"|nearly|almost|only))? ?(?P<it>{_IN_RANGE})(?:(?:,? and |, ?| & |,? or | to "
            rf"| ?[-\u2013] ?)(?P<it>{_IN_RANGE})){{0,5}}{_NO_MEASURE}",
            0.8,
        ),
    ),
)
#: The last words of `ABOUT`, and "of".
_LAST_OF_ABOUT = (
    r"of|only|just|still|now|already|about|around|almost|nearly|even|yet|barely|maybe|roughly"
    r"|probably|like|over|past|approaching|pushing|nearing|hitting|turning|rising|actually|finally"
    r"|officially|basically|be|turn|least|really|most"
)
#: The words that stand before an age where somebody is of it: the last of `IS` and of `ABOUT`.
_BEFORE_AGE = (
    r"(?:s|m|re|t|am|are|were|been|turned|look|looked|seem|seemed|became|have|had|has"
    rf"|{_LAST_OF_ABOUT}) {FIRST_LETTERS}"
)
BEING = Group(
    "AGE",
    every(
        _NUMBER,
        any_word("i im he hes she shes they theyre we who whos must", KIN_WORDS, MANY_KIN_WORDS),
        matching_lowered(_BEFORE_AGE),
    ),
    (
        Rule(
            "somebody is",
            # From the number back: there are fewer of them than of words that may be somebody.
            rf"\b(?=[\dtfsen])(?<=\b(?!is\b)(?:i|he|she|they|who|{KIN}|{MANY_KIN}){IS}{ABOUT} )"
            rf"{_LIST}{_FOLLOWED}",
            0.6,
        ),
        Rule(
            "I am",
            rf"\b(?:i['\u2019]?m|i am){ABOUT} (?P<it>{FIGURE}|{WORDS}){_NO_UNIT}",
            0.6,
        ),
        Rule(
            "was, in words",
            rf"\b(?:i was|s?he is|s?he[' \u2019]?s|s?he was) (?P<it>{WORDS}){_NO_UNIT}",
            0.6,
        ),
        Rule(
            "when somebody was",
            r"\b(?:when|since|before|until|till|from when|while) (?:i|he|she|we|they) (?:was|were)"
            rf"{ABOUT} {_LIST}{_NO_UNIT}",
            0.6,
        ),
        Rule("must be", rf"\bmust be{ABOUT} (?P<it>{WORDS_FROM_13}){_FOLLOWED}", 0.6),
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
    every(_NUMBER, any_word(ROLE_WORDS, SOMEBODY_WORDS), matching_lowered(_BEFORE_AGE)),
    (
        Rule(
            "somebody at work is",
            rf"\b(?:{ROLE}|{SOMEBODY}){IS}{ABOUT} (?P<it>{FROM_13}|{WORDS_FROM_13}){_FOLLOWED}",
            0.6,
        ),
    ),
)
YOUNG = Group(
    "AGE",
    every(_NUMBER, any_word("weeks months"), matching_lowered(_BEFORE_AGE)),
    (
        Rule(
            "weeks or months",
            rf"\b(?:she|he|they|{KIN}|{MANY_KIN}){IS}{ABOUT} "
            rf"(?P<it>(?:{FIGURE}|{WORDS}|{SMALL}) (?:weeks|months))"
            r"(?=\s*(?:[.,;!?)]|$)| (?:and|but|now|today|tomorrow)\b)",
            0.6,
        ),
    ),
)
BESIDE = Group(
    "AGE",
    every(
        _NUMBER,
        any_part(", ", " ("),
        any_word("me i he she", KIN_WORDS, MANY_KIN_WORDS, SOMEBODY_WORDS),
        matching_lowered(rf"[a-z](?:, | \(){FIRST_LETTERS}"),
    ),
    (
        Rule(
            "between commas",
            rf"\b(?:{KIN}|{MANY_KIN}|{SOMEBODY}), {_LIST}(?=[,)]|,? and (?:my|his|her|our|a"
            rf"|the)\b)",
            0.6,
        ),
        Rule("in brackets", rf"\b(?:{KIN}|{MANY_KIN}|me|i|he|she) \({_LIST}\)", 0.6),
    ),
)
TURNED = Group(
    "AGE",
    every(_NUMBER, any_word("turn turns turned turning going big")),
    (
        Rule("turned", rf"{_TURN} (?P<it>{FIGURE}|{WORDS}){_NO_UNIT}", 0.6),
        Rule("turned small", rf"{_TURN} (?P<it>{SMALL}|\bone\b){_FOLLOWED}", 0.6),
        Rule("going on", rf"(?P<it>{_AGE}) going on (?P<it>{_AGE}){_NO_UNIT}", 0.6),
        Rule("the big", rf"\bthe big (?P<it>[3-9]-?[0o]\b|{ONE}[ -]oh?\b|{TENS}\b)", 0.6),
    ),
)
OF = Group(
    "AGE",
    every(_NUMBER, matching_lowered(rf"\b(?:{_LAST_OF_ABOUT}|for(?: a)?) {FIRST_LETTERS}")),
    (
        Rule(
            "a man of",
            rf"\b{SOMEBODY} of{ABOUT} (?P<it>{FIGURE}|{WORDS}|{SMALL}){_NO_UNIT}(?! \w+s\b)",
            0.6,
        ),
        Rule(
            "good for",
            r"\b(?:not bad|bad|good|great|fit|young|old|spry|sharp|well|amazing|fantastic|healthy"
            rf"|agile|active|strong) for (?:a )?(?P<it>{FROM_13}|{WORDS_FROM_13}){_CLAUSE_END}",
            0.6,
        ),
        Rule(
            "tall for",
            rf"\b(?:tall|small|big|mature|wise|clever) for (?:a )?(?P<it>{_AGE}){_CLAUSE_END}",
            0.6,
        ),
    ),
)
AT = Group(
    "AGE",
    every(_NUMBER, matching_lowered(rf"(?:at|by) {FIRST_LETTERS}")),
    (
        Rule(
            "at, and somebody",
            rf"\bat (?P<it>{FROM_25}|{WORDS_FROM_13})(?: years)?,? (?:i|he|she)"
            r"(?:['\u2019]\w{1,2})?\b",
            0.6,
        ),
        Rule(
            "at, and somebody did",
            rf"\bat (?P<it>{FROM_13}|{SMALL}|{WORDS}),? (?:i|he|she) (?:was|had|left|married|knew"
            r"|thought|moved|became|could|believed|wanted|learned|learnt)\b",
            0.6,
        ),
        Rule("life event at", rf"\b{LIFE_EVENT} at (?P<it>{_AGE}){_NO_COUNT}", 0.6),
        Rule("event at", rf"\b{EVENT} at (?P<it>{FROM_13}|{WORDS_FROM_13}){_NO_COUNT}", 0.6),
        Rule(
            "began at",
            rf"\b{BEGUN} at (?P<it>{FROM_25}|{WORDS_FROM_13}){_NO_UNIT}",
            0.6,
        ),
        Rule("by", rf"\bby (?P<it>{FROM_25}|{TENS_AND_ONE}),? (?:i|he|she)\b", 0.6),
    ),
)
BIRTHDAY = Group(
    "AGE",
    any_word("birthday bday b"),
    (
        Rule("birthday", rf"\b(?:1[01]\d|[1-9]?\d){ORDINAL}(?= (?:birthday|bday|b-day)\b)", 0.7),
        Rule(
            "birthday in words",
            r"\b(?:(?:thir|four|fif|six|seven|eigh|nine)teenth|(?:twent|thirt|fou?rt|fift|sixt|sevent"
            rf"|eight|ninet)ieth|{TENS}[ -](?:first|second|third|fourth|fifth|sixth|seventh|eighth"
            r"|ninth))(?= (?:birthday|bday|b-day)\b)",
            0.7,
        ),
    ),
)
SEX = Group(
    "AGE",
    every(has_digit, matching(r"\d ?/? ?[mfMF](?![a-zA-Z])|[(\[][mfMF] ?/? ?\d")),
    (
        Rule(
            "age and sex",
            r"(?<=[(\[])(?:1[01]\d|[1-9]?\d) ?/? ?[mf](?=[)\]])"
            r"|(?<=[(\[])[mf] ?/? ?(?:1[01]\d|[1-9]?\d)(?=[)\]])",
            0.7,
        ),
        Rule(
            "age and sex in the open",
            r"\b(?:i['\u2019]?m|i am|as an?|me|i)(?:,| a)? \K(?-i:[1-9]\d[MF])\b",
            0.6,
        ),
    ),
)
GONE = Group(
    "AGE",
    every(_NUMBER, any_word("died passed funeral buried birthday")),
    (
        Rule(
            "a sentence of its own",
            r"\b(?:died|passed(?: away)?|funeral|buried|birthday)\b[^.!?\n]{0,60}[.!?] "
            rf"(?P<it>{FROM_25}|{TENS_AND_ONE})(?=[.!])",
            0.6,
        ),
    ),
)
GROUPS = (OLD, CUED, BEING, ROLES, YOUNG, BESIDE, TURNED, OF, AT, BIRTHDAY, SEX, GONE)
