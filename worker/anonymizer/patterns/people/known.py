"""People whom everybody knows: of public life, of sports, stages and screens.

The tagger knows no names by heart, and "trump" in lower case looks like a word. Where somebody
listens to them, or reads or watches them, their name stands for a work, and stays.
"""

from __future__ import annotations

import re
from functools import cache

from worker.anonymizer.patterns.listed import Listed, names
from worker.anonymizer.patterns.rules import Group

FIGURES = "public_figures.txt"
CELEBRITIES = "celebrities.txt"
_ENJOYED_BEFORE = re.compile(
    r"\b(?:listen(?:ed|s|ing)? to|put(?:ting)? on|blasting|singing|sang|humming|hummed|dancing to"
    r"|danced to|(?:re-?)?watch(?:ed|ing)|(?:re-?)?read(?:ing)?|(?:half|pages?|chapters?|bit) of"
    r"|(?:songs?|album|record|novel|book|film|movie|poem|poster|concert|gig|documentary|podcast"
    r"|interview|playlist|cover) (?:by|of|about|on)"
    r"|(?:play(?:ed|ing)?|sing(?:ing)?|sang|danc(?:e|ed|ing)|rap(?:ped|ping)?) like)"
    r" (?:(?:some|a|an|old|more|too much|the new|lots of|a lot of|a bit of) )?\Z",
    re.IGNORECASE,
)
_ENJOYED_BEHIND = re.compile(
    r"(?:['\u2019]s?)?,? (?:on (?:the )?(?:radio|telly|tv|speakers?|stereo|repeat|shuffle"
    r"|headphones|spotify)|(?:songs?|albums?|records?|novels?|books?|films?|movies?|concert|gig|documentary"
    r"|podcast|posters?|playlist|lyrics|biography|ones?|version|era|quote|impression)\b"
    r"|(?:was |is |were |came )?(?:playing (?:from|on|in the (?:background|kitchen|car|shop|cafe)"
    r"|softly|quietly)|on in the background)"
    r"|(?:got out|was out|out) for a duck|took (?:\w+ )?wickets|hit (?:a|the) (?:six|four"
    r"|century))",
    re.IGNORECASE,
)
#: What stands behind a namesake who is met: "listened to Emma Thompson for an hour".
_MET_BEHIND = re.compile(
    r"['\u2019]s (?:coat|jumper|jacket|shoes|hat|shirt)\b"
    r"| (?:for (?:an?|half|two|three|hours)|the riot|a story|about|cry|talk|tell|say|moan|complain"
    r"|sleep|leave|walk|play with|eat|on the phone|in the (?:staff|meeting|kitchen|car)|from our"
    r"|by accident)\b|,? (?:my|he|she|who)\b",
    re.IGNORECASE,
)
_LONGEST_BEFORE = 32


def _wherever_it_stands(_text: str, _start: int, _end: int) -> bool:
    """Nobody says "taylor swift" of anything else, common as both words are."""
    return True


def is_enjoyed(text: str, start: int, end: int) -> bool:
    """Whether a name is one of a celebrity whom somebody listens to, reads or watches.

    Args:
        text: the text of an entry.
        start: where the name starts.
        end: where it ends.
    """
    if text[start:end].lower() not in _famous():
        return False
    if is_met_there(text, end):
        return False
    before = text[max(0, start - _LONGEST_BEFORE) : start]
    return bool(_ENJOYED_BEFORE.search(before) or _ENJOYED_BEHIND.match(text, end))


def is_met_there(text: str, end: int) -> bool:
    """Whether the words behind a name that ends at `end` tell of somebody who is met."""
    return _MET_BEHIND.match(text, end) is not None


@cache
def celebrities() -> frozenset[str]:
    """Their names, in lower case."""
    return frozenset(names(CELEBRITIES))


@cache
def _famous() -> frozenset[str]:
    return celebrities() | frozenset(names(FIGURES))


_LISTED = Listed(FIGURES, _wherever_it_stands, unless=is_enjoyed)
_CELEBRITIES = Listed(CELEBRITIES, unless=is_enjoyed)
GROUPS = (
    Group("PERSON", _LISTED.gate, (_LISTED,)),
    Group("PERSON", _CELEBRITIES.gate, (_CELEBRITIES,)),
)
