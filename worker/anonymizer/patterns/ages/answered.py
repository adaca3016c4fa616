"""Ages that answer a question, or tell of a body: "my knees at 43", "gave up smoking at 47"."""

from __future__ import annotations

from worker.anonymizer.patterns.ages.parts import AGE, CLAUSE_END, NO_COUNT, NUMBER
from worker.anonymizer.patterns.gates import any_word, either, every, matching_lowered
from worker.anonymizer.patterns.numerals import (
    FIRST_LETTERS,
    FROM_13,
    FROM_25,
    ONE,
    TEEN,
    TENS,
    WORDS_FROM_13,
)
from worker.anonymizer.patterns.people.words import KIN, SOMEBODY, SOMEBODY_WORDS
from worker.anonymizer.patterns.rules import Group, Rule

_GROWN = rf"(?:{FROM_13}|{WORDS_FROM_13})"
_QUOTE = r"[\"\u201c\u201d]"

ASKED = Group(
    "AGE",
    every(any_word("old age"), either(NUMBER, any_word("one"))),
    (
        Rule(
            "how old?",
            rf"\bhow old\b[^.!?\n]{{0,40}}\?{_QUOTE}? {_QUOTE}?(?P<it>{AGE}|one)"
            rf"(?={_QUOTE}|\s*(?:[.,;!?)]|$))",
            0.6,
        ),
        Rule(
            "how old? I told him",
            rf"\b(?:how|are you) old\b[^\n]{{0,40}}\b(?:told (?:him|her|them)|said|says) {_QUOTE}?"
            rf"(?P<it>{AGE})(?={_QUOTE}|\s*(?:[.,;!?)]|$))",
            0.6,
        ),
        Rule(
            "my age, I said",
            rf"\b(?:my|his|her) age\b[^.!?\n]{{0,24}}\b(?:said|say|says|wrote|put|lied),? {_QUOTE}?"
            rf"(?P<it>{AGE})(?={_QUOTE}|\s*(?:[.,;!?)]|$))",
            0.6,
        ),
    ),
)
EVERY_ONE = Group(
    "AGE",
    every(NUMBER, any_word("years"), any_word("my his her")),
    (
        Rule(
            "every one of my fifty-two years",
            rf"\b(?:every one|each|all|most|any|half) of (?:my|his|her) (?P<it>{AGE} years)\b",
            0.6,
        ),
        Rule(
            "in all my sixty years",
            rf"\b(?:in|after|for) all (?:my|his|her) (?P<it>{_GROWN} years)"
            r"(?=\s*(?:[.,;!?)]|$)| (?:i|he|she|and|but|on)\b)",
            0.6,
        ),
    ),
)
FOREVER = Group(
    "AGE",
    every(NUMBER, any_word("forever")),
    (
        Rule("forever", rf"(?P<it>{_GROWN}) forever\b", 0.6),
        Rule("forever young", rf"\bforever (?P<it>{_GROWN}){CLAUSE_END}", 0.6),
    ),
)
BODY = Group(
    "AGE",
    every(NUMBER, matching_lowered(rf"\bat {FIRST_LETTERS}")),
    (
        Rule(
            "my knees at 43",
            r"\b(?:my|his|her) (?:knees?|back|hips?|body|eyes|hair|skin|memory|hands|brain|figure"
            rf"|metabolism|hearing|eyesight|teeth) at (?P<it>{_GROWN}){NO_COUNT}",
            0.6,
        ),
        Rule(
            "a stroke at 31",
            r"\b(?:an?|his|her|my) (?:hernia|stroke|heart attack|hysterectomy|bypass|divorce"
            r"|vasectomy|breakdown|mid-?life crisis|miscarriage|pacemaker|mastectomy|bald patch"
            rf"|hip replacement|new (?:hip|knee)) at (?P<it>{_GROWN}){NO_COUNT}",
            0.6,
        ),
        Rule(
            "gave up smoking at 47",
            r"\b(?:gave up|giving up|quit|quitting|stopped|took up|taking up"
            r"|taught (?:my|him|her)self)"
            rf" (?:to )?\w{{3,14}} at (?P<it>{FROM_25}|{WORDS_FROM_13}){NO_COUNT}",
            0.6,
        ),
        Rule(
            "came out at fifty",
            rf"\b(?:(?:i|he|she|{KIN}) came out|coming out|went (?:grey|gray|bald|deaf|blind)"
            r"|got sober|retrained|fell in love|had mine|grow(?:ing)? up|grew up|settled down"
            r"|back (?:to|at) (?:school|college|uni|university))"
            rf" at (?P<it>{_GROWN}){NO_COUNT}",
            0.6,
        ),
    ),
)
FELT = Group(
    "AGE",
    every(NUMBER, any_word("feel feels felt")),
    (
        Rule(
            "my knees feel ninety",
            r"\b(?:my|his|her) (?:knees?|back|hips?|body|bones|joints|brain|heart) (?:feels?|felt)"
            rf"(?: like| about)? (?P<it>{_GROWN}){CLAUSE_END}",
            0.6,
        ),
        Rule(
            "more like twelve than sixty",
            rf"\b(?:i|he|she|you) (?:feels?|felt) more like (?P<it>{AGE}) than (?P<it>{_GROWN})\b",
            0.6,
        ),
    ),
)
SAID_OF = Group(
    "AGE",
    every(NUMBER, any_word("feels felt who be school home so")),
    (
        Rule(
            "twenty-three feels the same",
            rf"(?:^|(?<=[.!?] ))(?P<it>{_GROWN}) (?:feels|felt) (?:the same|no different|different"
            r"|old|older|young|younger|strange|weird)\b",
            0.6,
        ),
        Rule(
            "who at six thinks",
            rf"\bwho at (?P<it>{AGE}) (?:thinks|thought|is|was|can|could|still|already|has|had"
            r"|loves|loved|hates|hated|knows|knew|believes|believed)\b",
            0.6,
        ),
        Rule(
            "allowed to be fifty-two",
            r"\b(?:allowed|old|strange|weird|nice|good|hard|funny|awful|great|young) to be "
            rf"(?P<it>{_GROWN})"
            rf"(?:{CLAUSE_END}|(?= and (?:i|he|she|[a-z]{{3,9}}(?:ed|y|le|ne|id))\b))",
            0.6,
        ),
        Rule(
            "left school at thirteen to work",
            r"\bleft (?:school|home) at (?P<it>1[3-9]|(?:thir|four|fif|six|seven|eigh|nine)teen)"
            r"(?= to [a-z]{2})",
            0.6,
        ),
        Rule(
            "working at sixty-three so that",
            rf"\bat (?P<it>{TENS}[ -]{ONE})(?= so (?:that|i|he|she|we|you)\b)",
            0.6,
        ),
    ),
)
REACHED = Group(
    "AGE",
    every(
        NUMBER, matching_lowered(r"\breached |: the age|on th(?:is|e) (?:earth|planet)|and over\b")
    ),
    (
        Rule(
            "reached fifty-eight without",
            rf"\breached (?P<it>{FROM_25}|{WORDS_FROM_13})"
            r"(?= (?:without (?:an?|any|ever|him|her|children|kids)|with no|unmarried|single)\b)",
            0.6,
        ),
        Rule("forty-four: the age", rf"(?P<it>{_GROWN})(?=: the age\b)", 0.6),
        Rule(
            "years on this earth",
            rf"(?P<it>{AGE} years) on (?:this|the) (?:earth|planet)\b",
            0.6,
        ),
        Rule("of fifty and over", rf"\b(?:of|aged) (?P<it>{_GROWN}) and over\b(?! the\b)", 0.6),
    ),
)
_HUNDRED = rf"(?:a|one) hundred(?: and (?:{ONE}|{TEEN}))?"
HUNDRED = Group(
    "AGE",
    any_word("hundred"),
    (
        Rule(
            "she'll be one hundred",
            rf"\b(?:he|she|{KIN})(?: is| was|['\u2019]s| will be|['\u2019]ll be| turns| turned"
            rf"| would have been)(?: nearly| almost| about)? (?P<it>{_HUNDRED})"
            r"(?=\s*(?:[.,;!?)]|$)"
            r"| (?:and (?!\w+ty\b)|but|if|when|now|today|tomorrow|next|in|on)\b)",
            0.6,
        ),
    ),
)
GUESSED = Group(
    "AGE",
    every(NUMBER, any_word("maybe perhaps tops most"), any_word(SOMEBODY_WORDS)),
    (
        Rule(
            "a girl at the stop, fifteen maybe,",
            rf"\b{SOMEBODY}\b[^.!?,\n]{{0,40}}, (?P<it>{AGE}),? "
            r"(?:maybe|perhaps|tops|at (?:the )?most)(?=[,.])",
            0.6,
        ),
    ),
)
GROUPS = (ASKED, EVERY_ONE, FOREVER, BODY, FELT, SAID_OF, REACHED, HUNDRED, GUESSED)
