"""Ages of which is told what happened at them, what comes at them, and about which they are."""

from __future__ import annotations

from worker.anonymizer.patterns.ages.parts import (
    AGE,
    CLAUSE_END,
    FOLLOWED,
    LAST_OF_ABOUT,
    NO_COUNT,
    NO_UNIT,
    NUMBER,
)
from worker.anonymizer.patterns.gates import any_word, either, every, matching, matching_lowered
from worker.anonymizer.patterns.numerals import (
    FIGURE,
    FIRST_LETTERS,
    FROM_13,
    FROM_25,
    ONE,
    SMALL,
    TENS,
    TENS_AND_ONE,
    WORDS,
    WORDS_FROM_13,
)
from worker.anonymizer.patterns.people.words import (
    ABOUT,
    BEGUN,
    EVENT,
    KIN,
    LIFE_EVENT,
    SOMEBODY,
)
from worker.anonymizer.patterns.rules import Group, Rule

_TURN = rf"\bturn(?:s|ed|ing)?{ABOUT}"

TURNED = Group(
    "AGE",
    every(NUMBER, any_word("turn turns turned turning going big")),
    (
        Rule("turned", rf"{_TURN} (?P<it>{FIGURE}|{WORDS}){NO_UNIT}", 0.6),
        Rule(
            "turned small", rf"{_TURN} (?P<it>(?:{SMALL}|\bone\b)(?: and a half\b)?){FOLLOWED}", 0.6
        ),
        Rule("going on", rf"(?P<it>{AGE}) going on (?P<it>{AGE}){NO_UNIT}", 0.6),
        Rule("the big", rf"\bthe big (?P<it>[3-9]-?[0o]\b|{ONE}[ -]oh?\b|{TENS}\b)", 0.6),
    ),
)
OF = Group(
    "AGE",
    every(NUMBER, matching_lowered(rf"\b(?:{LAST_OF_ABOUT}|for(?: a)?) {FIRST_LETTERS}")),
    (
        Rule(
            "a man of",
            r"\b(?:son|daughter|niece|nephew|grandson|granddaughter|brother|sister|"
            rf"{SOMEBODY}) of{ABOUT} (?P<it>{FIGURE}|{WORDS}|{SMALL}){NO_UNIT}(?! \w+s\b)",
            0.6,
        ),
        Rule(
            "good for",
            r"\b(?:not bad|bad|good|great|fit|young|old|spry|sharp|well|amazing|fantastic|healthy"
            rf"|agile|active|strong) for (?:a )?(?P<it>{FROM_13}|{WORDS_FROM_13}){CLAUSE_END}",
            0.6,
        ),
        Rule(
            "tall for",
            rf"\b(?:tall|small|big|mature|wise|clever)(?: {SOMEBODY})? for (?:a )?(?P<it>{AGE})"
            rf"{CLAUSE_END}",
            0.6,
        ),
    ),
)
AT = Group(
    "AGE",
    every(NUMBER, matching_lowered(rf"(?:at|by)(?: just| only| barely)? {FIRST_LETTERS}")),
    (
        Rule(
            "at, and somebody",
            rf"\bat (?:just |only |barely )?(?P<it>{FROM_25}|{WORDS_FROM_13})(?: years)?,?"
            r" (?:i|he|she|you|your|we|they)"
            r"(?:['\u2019]\w{1,2})?\b",
            0.6,
        ),
        Rule(
            "at, and somebody did",
            rf"\bat (?P<it>{FROM_13}|{SMALL}|{WORDS}),? (?:i|he|she) (?:was|had|left|married|knew"
            r"|thought|moved|became|could|believed|wanted|learned|learnt)\b",
            0.6,
        ),
        Rule("life event at", rf"\b{LIFE_EVENT} at (?P<it>{AGE}){NO_COUNT}", 0.6),
        Rule("event at", rf"\b{EVENT} at (?P<it>{FROM_13}|{WORDS_FROM_13}){NO_COUNT}", 0.6),
        Rule(
            "began at",
            rf"\b{BEGUN} at (?P<it>{FROM_25}|{WORDS_FROM_13}){NO_UNIT}",
            0.6,
        ),
        Rule(
            "first at",
            r"\b(?:my first(?: \w{2,12}){1,3}|first (?:drink|kiss|cigarette|joint|job|period"
            r"|panic attack|boyfriend|girlfriend|love|child|baby|tattoo|seizure"
            r"|marriage)|started (?:smoking|drinking|cutting|purging|dieting|working|dancing"
            r"|playing|singing|school)|too (?:old|young)"
            rf"(?: for \w{{2,12}})?) at (?P<it>{FROM_13}|{WORDS_FROM_13}){NO_COUNT}",
            0.6,
        ),
        Rule(
            "at, in tens and ones",
            r"(?<!stuck |stands |sits |stayed |set |is |are |was |were |weigh |scored )\bat "
            rf"(?P<it>{TENS}[ -]{ONE}){CLAUSE_END}",
            0.6,
        ),
        Rule(
            "had somebody at",
            rf"\b(?:had|lost) (?:me|him|her|us|(?:my|his|her|our) {KIN}|a (?:baby|child)|kids) at "
            rf"(?P<it>{FROM_13}|{WORDS_FROM_13}){NO_COUNT}",
            0.6,
        ),
        Rule("by", rf"\bby (?P<it>{FROM_25}|{TENS_AND_ONE}),? (?:i|he|she)\b", 0.6),
    ),
)
BETWEEN = Group(
    "AGE",
    every(NUMBER, any_word("between maybe perhaps barely all")),
    (
        Rule(
            "between",
            rf"\bbetween (?:the ages of )?(?P<it>{AGE}) and (?P<it>{FROM_13}|{WORDS_FROM_13}),? "
            r"(?:i|he|she|we)\b",
            0.6,
        ),
        Rule(
            "maybe",
            r"\b(?:small|little|tiny|young|old|tall|thin|there|man|woman|boy|girl|lad|lass|kid|child"
            rf"|baby), (?:maybe|perhaps|barely) (?P<it>{AGE})(?=[,.])(?!, (?:maybe|perhaps) )",
            0.6,
        ),
        Rule(
            "all the years of somebody",
            rf"\ball (?P<it>(?:{FIGURE}|{WORDS}) years) of (?:her|him|me|them|us)\b",
            0.6,
        ),
    ),
)
LIVED = Group(
    "AGE",
    every(
        NUMBER,
        any_word(
            "lived live lives got made lasted hit reach reached being feel feels felt look",
            "looks side end closer nearer",
        ),
        matching_lowered(
            rf"(?:to|be|hit|reach|reached|of|{LAST_OF_ABOUT}|being|fe[el]\w*|looks?) "
            rf"{FIRST_LETTERS}"
        ),
    ),
    (
        Rule(
            "lived to",
            r"\bli(?:ved?|ves) (?:only |just )?to (?:be )?"
            rf"(?P<it>{FROM_13}|{WORDS_FROM_13}){FOLLOWED}",
            0.6,
        ),
        Rule(
            "got to",
            rf"\b{KIN} (?:only |just |never |even |barely |both ){{0,2}}(?:got|made it|lasted) "
            rf"(?:only |just )?to (?P<it>{FROM_25}|{WORDS_FROM_13}){CLAUSE_END}",
            0.6,
        ),
        Rule(
            "just hit",
            r"\b(?:(?:i|he|she)(?:['\u2019]ve|['\u2019]s| have| has)? (?:just|recently|finally) "
            r"(?:hit|reached)|(?:i|he|she)(?:['\u2019]ll| will) (?:hit|reach)) "
            rf"(?P<it>{FROM_25}|{WORDS_FROM_13}){CLAUSE_END}",
            0.6,
        ),
        Rule(
            "feels",
            rf"\b(?:i|you|he|she|{KIN}|don['\u2019]?t|doesn['\u2019]?t|didn['\u2019]?t) "
            rf"(?:feels?|felt|looks?){ABOUT} (?P<it>{FROM_25}|{WORDS_FROM_13})"
            rf"(?:{CLAUSE_END}|(?= (?:with (?:a|an|my|the) (?!wind)|again\b|inside\b)))",
            0.6,
        ),
        Rule(
            "being",
            rf"\bbeing{ABOUT} (?P<it>{FROM_13}|{WORDS_FROM_13})"
            rf"(?:{CLAUSE_END}|(?= (?:is|isn['\u2019]?t|was|means|meant|sucks|feels|and|with)\b))",
            0.6,
        ),
        Rule(
            "closer to",
            rf"(?:['\u2019]m|['\u2019]s|\bam|\bis|\bwas) (?:closer|nearer) to (?P<it>{FROM_25}"
            rf"|{WORDS_FROM_13}) than (?:to )?(?P<it>{FROM_25}|{WORDS_FROM_13}){CLAUSE_END}",
            0.6,
        ),
        Rule(
            "the wrong side of",
            r"\b(?:wrong|right|far|other) (?:side|end) of "
            rf"(?P<it>{FROM_25}|{WORDS_FROM_13}){NO_COUNT}",
            0.6,
        ),
    ),
)
_DECADE_WORDS = "twenties thirties forties fourties fifties sixties seventies eighties nineties"
_DECADE = rf"(?:{'|'.join(_DECADE_WORDS.split())}|[2-9]0['\u2019]?s)"
DECADES = Group(
    "AGE",
    either(
        any_word(_DECADE_WORDS),
        matching("[2-9]0['\u2019]?[sS]"),
        matching_lowered("(?:ty|0)[- ]?(?:something|ish)"),
    ),
    (
        Rule(
            "in their forties",
            rf"\b(?:in|into|out of|of|to|hit|hits|reach(?:ed|es)?) (?:my|his|her|their|our|your) "
            rf"(?P<it>(?:(?:very )?(?:early|mid|middle|late)[ -])?{_DECADE})\b",
            0.6,
        ),
        Rule(
            "early forties",
            rf"(?<!\bthe |\bthe very )\b(?P<it>(?:early|mid|middle|late)[ -]{_DECADE})\b",
            0.6,
        ),
        Rule(
            "forty-something",
            rf"\b(?:a|an|the|as|of|her|his|my|our|another|every|i['\u2019]?m|s?he['\u2019]?s|is)"
            rf" (?:single |lonely |tired )?(?P<it>(?:{TENS}|[2-9]0)[- ]?(?:something|ish))s?"
            r"(?! (?:pieces?|people|percent|quid|pages?|minutes?|hours?|miles?|years?|days?|things"
            r"|emails|messages|photos|of|degrees|pounds|dollars|euros)\b)",
            0.6,
        ),
    ),
)
GROUPS = (TURNED, OF, AT, BETWEEN, LIVED, DECADES)
