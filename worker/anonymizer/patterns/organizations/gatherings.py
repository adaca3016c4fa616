"""Groups that people meet in ("the Thursday Knitters"), and names beside what tells their kind.

"Quiet Waters" is no name that a tagger sees, "the rehab place, Quiet Waters" tells that it is one.
Scores are below those of the tagger, whose type counts.
"""

from __future__ import annotations

from worker.anonymizer.patterns.capitals import (
    CAPITAL,
    ONE_OR_MORE,
    TWO_OR_MORE,
    may_be_a_name,
)
from worker.anonymizer.patterns.gates import any_word, every, matching
from worker.anonymizer.patterns.organizations.by_context import NO_PART
from worker.anonymizer.patterns.rules import BY_CONTEXT, Group, Rule
from worker.anonymizer.taggers import lexicon

_SCORE = BY_CONTEXT
_MEALS_WORDS = "cake coffee brunch lunch dinner breakfast pint pints drinks cocktails tapas"
_MEMBERS_WORDS = (
    "knitters stitchers quilters crafters weavers spinners runners joggers striders harriers "
    "walkers ramblers hikers strollers wheelers cyclists swimmers dippers paddlers rowers singers "
    "strummers ringers rovers rangers wanderers strikers tigers lions sharks hawks eagles bears "
    "falcons ravens wolves panthers badgers otters squad crew posse collective ensemble troupe "
    "guild sisterhood brotherhood quartet choir chorus players howlers turners readers growers "
    "makers diggers bakers"
)
#: Members, or the kind of their group, with the capital that a name has.
_MEMBERS = rf"(?:{'|'.join(word.capitalize() for word in _MEMBERS_WORDS.split())})"
_NAMED_BY = (
    r"(?!(?:The|A|An|My|Our|His|Her|Their|These|Those|All|Some|Many|Most|No|Two|Three|Four|And|But)\b)"
    r"[A-Z][a-z][\w'\u2019-]{0,20}"
)
MEMBERS = Group(
    "ORGANIZATION",
    every(any_word(_MEMBERS_WORDS), matching(rf"[A-Z][\w'\u2019-]+ {_MEMBERS}\b")),
    (Rule("members", rf"(?-i:(?<![\w'])(?:{_NAMED_BY} ){{1,3}}{_MEMBERS}\b)", _SCORE),),
)
_PEOPLE_OF = "women mothers mums friends voices daughters sisters carers parents fathers dads"
FRIENDS = Group(
    "ORGANIZATION",
    every(any_word(_PEOPLE_OF), matching(r"[A-Z][a-z]+s|[MW]o(?:men|ms) of (?:the )?[A-Z]")),
    (
        Rule(
            "friends of",
            rf"(?-i:(?:{'|'.join(word.capitalize() for word in _PEOPLE_OF.split())}) of (?:the )?"
            rf"{CAPITAL}(?: {CAPITAL}){{0,2}})(?!['\u2019])",
            _SCORE,
        ),
    ),
)
_KINDS = (
    "place unit practice provider shelter refuge retreat ward agency label publisher studio salon "
    "landlord firm company clinic rehab hospice school nursery home centre center bookshop bakery "
    "restaurant pub bar hotel hostel gym"
)
BESIDE = Group(
    "ORGANIZATION",
    every(any_word(_KINDS), matching(r"[a-z], (?:the )?[A-Z][a-z][\w'\u2019-]* (?:\w+ )?[A-Z]")),
    (
        Rule(
            "the rehab place, ...",
            rf"\b(?:the|a|an|my|our|his|her|their|this|that|new) (?:\w{{2,14}} ){{0,2}}"
            rf"(?:{'|'.join(_KINDS.split())}), (?:the )?\K{TWO_OR_MORE}(?=\s*(?:[.,;:!?)]|$))",
            _SCORE,
        ),
    ),
)
_SHOPS = (
    "bookshop bookstore cafe caf\u00e9 bakery restaurant pub bar gym salon barbers studio nursery "
    "clinic surgery school shop store hotel hostel gallery brewery library charity firm company "
    "agency"
)
#: Places of everyday life, which are no names: "the corner shop, the man there".
_NO_NAME = (
    r"(?!\w+ (?:shop|store|hall|pool|station|stop|park|beach|market|library|office|desk|gate|door"
    r"|window|table|hospital|centre|center|bank|place|house|room|school|church|garden|gym|bar|cafe"
    r"|line|counter|queue|till|ward|unit|clinic|surgery|end|corner|side|top|bottom|moment|time)\b)"
)
_TWO_SMALL = rf"(?-i:(?P<it>{NO_PART}[a-z]{{3,15}} [a-z]{{3,15}}))"
_TRADES = (
    "greengrocer baker butcher florist barber hairdresser newsagent chemist optician fishmonger "
    "ironmonger takeaway chippy launderette jeweller dentist vet"
)
PLACES = Group(
    "ORGANIZATION",
    every(
        any_word("where", _TRADES, _SHOPS, _MEALS_WORDS),
        matching(r"(?:[Aa]t|[Ii]n|[Ff]rom|[Tt]o) (?:the )?[A-Z][a-z]"),
    ),
    (
        Rule(
            "..., the new greengrocer",
            rf"\b(?:at|in|from|to) \K{CAPITAL}(?=, (?:the|a|our|my|that) (?:\w{{2,12}} ){{0,2}}"
            rf"(?:{'|'.join((*_TRADES.split(), *_SHOPS.split()))})\b)",
            _SCORE,
        ),
        Rule(
            "where they do",
            rf"\b(?:at|in|to) the \K{CAPITAL}(?=,?(?: you know,?)? where they (?:do|have|serve"
            r"|sell|run|play|make|give|let)\b)",
            _SCORE,
            may_be_a_name,
        ),
        Rule(
            "lunch at ...",
            rf"\b(?:{'|'.join(_MEALS_WORDS.split())}) at (?:the )?\K{CAPITAL}(?<!['\u2019]s)",
            _SCORE,
            may_be_a_name,
        ),
    ),
)
_PLAYED = (
    r"(?:bass|drums|guitar|keys|keyboards|piano|violin|fiddle|trumpet|sax|saxophone|percussion)"
)
BANDS = Group(
    "ORGANIZATION",
    any_word("plays play played playing band"),
    (
        Rule(
            "plays bass in",
            rf"\bplay(?:s|ed|ing)? {_PLAYED} (?:in|for|with) (?-i:(?P<it>{NO_PART}[a-z]{{3,15}}"
            r" (?!group|band|orchestra|church|school|bars?|pubs?|clubs?|weddings?)[a-z]{3,15}))"
            r"(?=\s*(?:[.,!?;]|$))",
            _SCORE,
        ),
        Rule(
            "a band named",
            r"\bband\b[^.?\n]{0,12}[!.,]{1,3} ?(?:our |the |its |it['\u2019]s )?name is (?:the )?"
            rf"(?P<it>{NO_PART}[^\W\d_]{{3,15}}(?: [^\W\d_]{{3,15}})?)(?=\s*(?:[.,!?;]|$))",
            _SCORE,
        ),
    ),
)
SMALL = Group(
    "ORGANIZATION",
    matching(
        r"\b(?:at|with|from|to|in) (?:the )?[a-z]+ [a-z]+"
        r"(?:, (?:that|the|this|a|an|our) |,? that['\u2019]?s )"
    ),
    (
        Rule(
            "..., that bookshop",
            rf"\b(?:start(?:s|ed|ing)?|work(?:s|ed|ing)?|job|shifts?|interview|trial|done|finished)"
            rf" (?:at|with) (?:the )?{_TWO_SMALL}, (?:that|the|this|a|an|our)(?: \w{{2,12}}){{0,1}}"
            rf" (?:{'|'.join(_SHOPS.split())})\b",
            _SCORE,
        ),
        Rule(
            "... thats the charity shop",
            rf"\b(?:at|from|to|in) (?:the )?{_TWO_SMALL},? that['\u2019]?s (?:the|a|an|our)"
            rf"(?: \w{{2,12}})? (?:{'|'.join(_SHOPS.split())})\b",
            _SCORE,
        ),
        Rule(
            "..., the therapist there",
            rf"\b(?:at|with|from|to) (?:the )?{_NO_NAME}{_TWO_SMALL}, the (?:\w{{2,12}} )?"
            r"(?:therapist|teacher|nurse|doctor|manager|boss|receptionist|owner|waiter|waitress"
            r"|coach|tutor|people|staff|girls|lads|counsell?or|trainer|instructor|dentist|vet|midwife"
            r"|barista) there\b",
            _SCORE,
        ),
    ),
)
#: How common uncommon words are at most, see `lexicon.PROPERTIES`.
_UNCOMMON = 2


def _is_no_everyday_place(text: str, start: int, end: int) -> bool:
    """Whether a name has several words, or one that is not common."""
    frequency = lexicon.properties(lexicon.kind(text[start:end]))[0]
    return " " in text[start:end] or frequency <= _UNCOMMON


#: Within a sentence "The" has a capital where it is part of a name.
THE = Group(
    "ORGANIZATION",
    matching("[a-z,] (?:at|to|from|in|joined|against|near|outside|see) The [A-Z][a-z]"),
    (
        Rule(
            "in The ...",
            r"(?-i:(?<=[a-z,] )(?:at|to|from|in|joined|against|near|outside|see) The "
            rf"\K{ONE_OR_MORE})",
            _SCORE,
            _is_no_everyday_place,
        ),
    ),
)
GROUPS = (MEMBERS, FRIENDS, BESIDE, PLACES, BANDS, SMALL, THE)
