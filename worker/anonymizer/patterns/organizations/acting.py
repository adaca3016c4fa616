"""Whether ordinary words do, or are dealt with, as only an organization of that name would.

"Open hands rang", "told fox and fern that I quit": no article stands before them, and no thing
rings, hires or is told.
"""

from __future__ import annotations

import re

_LONGEST_BEFORE = 40
#: The beginning of a clause.
_BEGINNING = re.compile(
    r"(?:\A|[.!?:;,(\n] ?|\b(?:and|but|so|because|since|cos|coz|that|think|reckons?|says|if|when"
    r"|apparently|today|yesterday|lol) )(?P<the>the )?\Z",
    re.IGNORECASE,
)
_ME = r"(?:me|us|him|her|them)"
_MY = r"(?:my|our|his|her|their)"
#: What only an organization, or a person, does.
_STRONG = (
    r"rang|phoned|emailed|texted|hired|sacked|fired|laid off|overcharged|rejected|(?:is|are) hiring"
    r"|(?:has|have)(?: just| now)? (?:laid off|sacked|fired|hired|banned|rejected|cancelled"
    rf"|put {_ME}"
    rf"|changed (?:the|{_MY})|lost {_MY}|offered|invited|sent)|let {_ME} go|matched {_ME}"
    rf"|charges? (?:{_ME}|[\d\u00a3$\u20ac])|turned {_ME} down|cancelled {_MY}|(?:is|are) closing"
    rf"|(?:says?|said|thinks?) (?:{_MY}|i|he|she|we)|won['\u2019]?t take {_MY}|has a waiting list"
)
#: What several words do only as a name.
_WEAK = (
    rf"told|wants?|needs?|invited|banned|sorted|found {_ME}|sent {_ME}|sent the"
    rf"|gave {_MY}|lost {_MY}|took {_ME} on"
    r"|meets?|ran out of|had (?:soup|no|a)|did (?:my|a)|dropped|closed|shut|reopens?|(?:are|is)"
    r" (?:doing|playing|on|shut)|have|bought|stopped|lost (?:to|\d)|won \d|could|should"
)
_ACTING = re.compile(rf" (?:{_STRONG})\b", re.IGNORECASE)
_ACTING_AS_A_NAME = re.compile(rf" (?:{_STRONG}|{_WEAK})\b", re.IGNORECASE)
#: What is done to an organization, or with it.
_DEALING = re.compile(
    r"\b(?:(?:rang|phoned?|phoning|emailed|emailing|messaged|told|owes?|owed|speak at"
    r"|couldn['\u2019]?t face|let (?:me|him|her|us) go from|left a message with"
    r"|(?:volunteer(?:s|ed|ing)?|shifts?|work(?:s|ed|ing)?|job|gig|training|food drop|phones)"
    r" (?:at|for|with))"
    r"|(?:counter|slot|session|appointment|(?:girls|boys|carer|lot)|keys? in|shifts?|nights)"
    r" (?:at|from)(?: the)?) \Z",
    re.IGNORECASE,
)
#: What stands behind one that somebody has dealt with.
_FOLLOWED = re.compile(
    r"\s*(?:[.,;:!?)]|\Z)|\s+(?:about|that|to|and|but|so|i|he|she|we|they|for|on|in|again|today"
    r"|tonight|tomorrow|yesterday|last|this|because|cos|when|is|was|are|were|\d+|if|since|at)\b",
    re.IGNORECASE,
)


def acts(text: str, start: int, end: int) -> bool:
    """Whether a name does, at the beginning of a clause, what no thing does.

    Args:
        text: of an entry.
        start: where the name begins.
        end: where it ends.
    """
    several = " " in text[start:end]
    if not (_ACTING_AS_A_NAME if several else _ACTING).match(text, end):
        return False
    before = _BEGINNING.search(text[max(0, start - _LONGEST_BEFORE) : start])
    if before is None or text[start:end].isupper():
        return False
    return not before["the"] or (several and _ACTING.match(text, end) is not None)


def is_dealt_with(text: str, start: int, end: int) -> bool:
    """Whether several words are told, rung or worked for.

    Args:
        text: of an entry.
        start: where the name begins.
        end: where it ends.
    """
    if " " not in text[start:end]:
        return False
    before = _DEALING.search(text[max(0, start - _LONGEST_BEFORE) : start])
    return before is not None and _FOLLOWED.match(text, end) is not None
