"""Which numbers that a tagger took for ages may be ages: no scores, durations or ordinals."""

from __future__ import annotations

import re

from worker.anonymizer.patterns.ages.parts import THINGS

#: What stands before a score or a reading.
_BEFORE_SCORE = re.compile(
    r"\b(?:it(?:['\u2019]s| is| was)|sats|pulse|bpm|bp|scored?|scores|got|marks?|grades?"
    r"|(?:phq|bdi|epds|suds)(?:-?\d+)?|(?:core|gad|k|pcl)-?\d+|maths?|physics"
    r"|chem(?:istry)?|bio(?:logy)?|english|history|geography|science|spelling|bmi|hba1c|crp|egfr"
    r"|temperature|weight|bends to|level|rating|mood|pain"
    r"|sad(?:ness)?|ang(?:er|ry)|anxi(?:ous|ety)|jealous(?:y)?|envy|guilt(?:y)?|shame|ashamed|fear"
    r"|scared|hurt|lonel(?:y|iness)|hopeless(?:ness)?|stress(?:ed)?|worr(?:y|ied)|panic|disgust"
    r"|embarrass(?:ed|ment)|rage|urges?|dread|belief|believe it|fifty[- ])"
    r"(?:(?: (?:is|was|at|of|about))?:? )?\Z",
    re.IGNORECASE,
)
#: What stands before one of several times of day: "up at 1, 3 and 5".
_BEFORE_TIME = re.compile(
    r"\b(?:up|awake|woken?|wakes?|fed|feeds?)(?: at)? (?:\d{1,2}(?:[.:]\d\d)?,? (?:and )?)+\Z",
    re.IGNORECASE,
)
#: What follows a number that is no age: the end of a decade ("the 80's"), a unit, "plus years".
_AFTER_NO_AGE = re.compile(
    r"['\u2019]?s\b|%| (?:miles|minutes|hours|days|times|percent|(?:plus|odd|something) years)\b"
    rf"|(?:[- ]?(?:years?|yrs?|months?)[- ]old)? {THINGS}",
    re.IGNORECASE,
)
#: The end of an ordinal number, and what makes an age of one.
_ORDINAL = re.compile(
    r"(?:first|second|third|eighth|ninth|twelfth|[a-z]{2}th|\dst|\dnd|\drd|\dth)\Z", re.IGNORECASE
)
_BIRTHDAY = re.compile(
    r" (?:birthday|bday|b-day|year\b|(?:is|was) (?:on|in|next|this|a|an|at)\b)", re.IGNORECASE
)
#: What stands before a duration.
_BEFORE_DURATION = re.compile(r"\b(?:for|in|after|within|last|past|next)(?: \w+)? \Z")
_LONGEST_BEFORE = 32


def may_be_age(text: str, start: int, end: int) -> bool:
    """Whether a number that a tagger took for an age may be one.

    Args:
        text: the text of an entry.
        start: where the number starts.
        end: where it ends.
    """
    if _ORDINAL.search(text, start, end) and not _BIRTHDAY.match(text, end):
        return False
    before = text[max(0, start - _LONGEST_BEFORE) : start]
    return not (
        _AFTER_NO_AGE.match(text, end)
        or _BEFORE_DURATION.search(before)
        or _BEFORE_SCORE.search(before)
        or _BEFORE_TIME.search(before)
    )
