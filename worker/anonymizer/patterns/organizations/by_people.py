"""Organizations by the people who are of them or who get in touch: "Gareth from New Leaf".

Many are named by ordinary words. Scores are below those of the tagger, whose type counts.
"""

from __future__ import annotations

import re

from worker.anonymizer.patterns.capitals import CAPITAL, ONE_OR_MORE, TWO_OR_MORE
from worker.anonymizer.patterns.gates import any_word, every, matching
from worker.anonymizer.patterns.organizations.by_context import NO_PART, begins_with_no_word
from worker.anonymizer.patterns.rules import BY_CONTEXT, Group, Rule
from worker.anonymizer.taggers import lexicon

_SCORE = BY_CONTEXT
_SOMEBODY_FROM = re.compile(r"([A-Z][\w'\u2019-]{1,20}) from (?:the )?\Z", re.IGNORECASE)
_LONGEST_BEFORE = 40


def _is_where_somebody_is_from(text: str, start: int, _: int) -> bool:
    """Whether a first name stands before "from"."""
    found = _SOMEBODY_FROM.search(text, max(0, start - _LONGEST_BEFORE), start)
    if found is None:
        return False
    frequency, first_name, surname, *_rest = lexicon.properties(lexicon.kind(found[1]))
    return first_name >= lexicon.RATHER_A_NAME or (not frequency and bool(surname))


_PEOPLE_WORDS = (
    "man men woman women lady ladies lad lads girl girls boy boys people someone somebody nurse "
    "carer carers volunteer volunteers lot guy guys chap worker therapist counsellor counselor "
    "coach others friend friends staff owner manager"
)
_PEOPLE = rf"(?:{'|'.join(_PEOPLE_WORDS.split())})"
#: Where people work who are of no organization with that name.
_NO_DEPARTMENT = (
    r"(?!(?:Accounts|Sales|Marketing|Finance|Payroll|Legal|Reception|Security|Procurement|Logistics|Admin"
    r"|Upstairs|Downstairs|Support|Engineering|Design|Operations|Facilities|Maternity|Outpatients)\b)"
)
MEMBERS = Group(
    "ORGANIZATION",
    every(any_word("from"), matching("(?i: from (?:the )?)[A-Z][a-z]")),
    (
        Rule(
            "somebody from",
            rf"(?-i:(?<!\w)[A-Z][a-z][\w'\u2019-]{{0,20}}) from (?:the )?\K{TWO_OR_MORE}",
            _SCORE,
            _is_where_somebody_is_from,
        ),
        Rule(
            "somebody from the",
            rf"(?-i:(?<!\w)[A-Z][a-z][\w'\u2019-]{{0,20}}) from the \K{CAPITAL}",
            _SCORE,
            _is_where_somebody_is_from,
        ),
        Rule(
            "people from",
            rf"\b{_PEOPLE} from (?:the )?\K(?-i:{_NO_DEPARTMENT}){ONE_OR_MORE}",
            _SCORE,
        ),
    ),
)
_KINDS = "group club team choir band gang crew class society charity company firm"
BRACKETS = Group(
    "ORGANIZATION",
    every(any_word(_KINDS), matching(r"[a-z] \((?i:our|my) ")),
    (
        Rule(
            "... (our study group)",
            r"\bthe (?-i:(?P<it>[a-z]{3,15} [a-z]{3,15}))"
            rf"(?= \((?:our|my) (?:\w{{2,12}} ){{0,2}}(?:{'|'.join(_KINDS.split())})\b)",
            _SCORE,
        ),
    ),
)
QUIZ = Group(
    "ORGANIZATION",
    any_word("quiz"),
    (
        Rule(
            "quiz with the",
            r"\bquiz(?: night| nite)? (?:with|w|against|vs) the (?P<it>"
            rf"{NO_PART}[^\W\d_]{{3,15}} [^\W\d_]{{3,14}}s)\b",
            _SCORE,
        ),
    ),
)
_TOUCHED = (
    "rung rang ringing phoned phoning emailed emailing contacted messaged texted joined joining"
)
IN_TOUCH = Group(
    "ORGANIZATION",
    every(any_word(_TOUCHED), matching("[a-z] [A-Z][a-z]")),
    (
        Rule(
            "rung ...",
            rf"(?-i:(?<=[a-z\u2019'] )(?:{'|'.join(_TOUCHED.split())}) \K{TWO_OR_MORE})",
            _SCORE,
        ),
    ),
)
_ROOMS = (
    "gym salon barbers cafe bakery diner pizza pizzeria garage nursery kitchen takeaway chippy "
    "deli bookshop"
)
OWNED = Group(
    "ORGANIZATION",
    every(any_word(_ROOMS), matching("['\u2019]s (?i:gym|[a-z]+)")),
    (
        Rule(
            "carlo's pizza",
            r"\b(?:at|from|outside|to|near|behind|opposite) (?P<it>[^\W\d_]{4,15}['\u2019]s "
            rf"(?:{'|'.join(_ROOMS.split())}))\b",
            _SCORE,
            begins_with_no_word,
        ),
    ),
)
SCHOOLS = Group(
    "ORGANIZATION",
    any_word("uni comp infirmary polytechnic"),
    (
        Rule(
            "durnford uni",
            r"\b(?P<it>(?!post|under|over)[^\W\d_]{4,16}(?<!ing) (?:road |park |lane "
            r"|hill )?(?:uni|comp|infirmary"
            r"|polytechnic))\b",
            _SCORE,
            begins_with_no_word,
        ),
    ),
)
_SHOPS = "jewellers jewelers microfinance vets comp"
BUSINESS = Group(
    "ORGANIZATION",
    any_word(_SHOPS),
    (
        Rule(
            "outside best friends vets",
            r"\b(?:at|from|outside|behind|near|opposite|past|to|of|in|the)"
            rf" (?P<it>(?!(?:nearest|usual|family"
            rf"|new)\b)(?:{NO_PART}[^\W\d_]{{3,15}} ){{1,3}}(?:{'|'.join(_SHOPS.split())}))\b",
            _SCORE,
        ),
    ),
)
GROUPS = (MEMBERS, BRACKETS, QUIZ, IN_TOUCH, OWNED, SCHOOLS, BUSINESS)
