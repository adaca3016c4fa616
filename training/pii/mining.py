"""Templates from entries that were written for the classifier: their names become slots.

Written English marks a name by its capital. A sentence whose inner capitals are all known first
names, surnames, months, weekdays or "I" tells where its names are; any other sentence with a
capital inside is left out, because it might hold a name that no list knows.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from training import names
from training.entries.reading import SHIPPED_DATA, read_records
from worker.models.windows import sentence_ends

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")  # noqa: RUF001
_HARMLESS = frozenset(
    """
    I I'm I'd I'll I've January February March April May June July August September October
    November December Monday Tuesday Wednesday Thursday Friday Saturday Sunday Christmas
    Easter TV DVD OK English Mum Mom Dad Gran Grandma Grandpa
    God
    """.split()  # noqa: SIM905
)
_LONGEST, _SHORTEST = 300, 12
#: The files whose entries are mined, all of them shipped. A closed list: texts that are added for
#: the classifier must not change what makes the tagger again.
MINED = ("mental_health_journals.csv", "entries.jsonl", "everyday.jsonl", "thoughts.jsonl")
#: Slots, handles, and numbers that may be an age, a date or an identifier.
_UNCLEAR = re.compile(
    r"[{}@]|\d{4}|\b(?:age[ds]?|old|born|birthday|turn\w*|number|no\.|year|class|room|flat|street"
    r"|road|i'?m|she'?s|he'?s|is|was|are|at|of|on|since|until)\W{1,2}\d|\d\W{0,2}(?:years?|yrs?|st\b"
    r"|nd\b|rd\b|th\b|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)",
    re.IGNORECASE,
)


def mined_texts() -> list[str]:
    """The shipped entries that are mined, with their reframes."""
    folder = SHIPPED_DATA.parent
    return [r.text for name in MINED for r in read_records(folder / name, with_reframes=True)]


def mine(texts: Iterable[str]) -> tuple[list[str], list[str]]:
    """Templates with people in them, and sentences without any personal data.

    Args:
        texts: entries in ordinary English spelling.
    """
    texts = list(texts)
    lower = written_small(texts)
    first, last = names.known_first(), names.known_last()
    people: list[str] = []
    none: list[str] = []
    for text in texts:
        for sentence in _sentences(text):
            template = _template(sentence, lower, first, last)
            if template is not None:
                (people if "{" in template else none).append(template)
    return list(dict.fromkeys(people)), list(dict.fromkeys(none))


def _sentences(text: str) -> list[str]:
    ends = [0, *sentence_ends(text), len(text)]
    found = (text[a:b].strip() for a, b in pairwise(ends))
    return [s for s in found if _SHORTEST <= len(s) <= _LONGEST and not _UNCLEAR.search(s)]


def written_small(texts: Iterable[str]) -> frozenset[str]:
    """Words that occur in lower case: at a sentence's start their capital says nothing."""
    return frozenset(word for text in texts for word in _WORD.findall(text) if word.islower())


def _template(
    sentence: str, lower: frozenset[str], first: frozenset[str], last: frozenset[str]
) -> str | None:
    """The sentence with its names as slots; None if it is not clear what is a name."""
    template, behind = "", 0
    for match in _WORD.finditer(sentence):
        word = match[0]
        stem = re.sub(r"['’]s$", "", word)  # noqa: RUF001
        if not word[0].isupper() or word.replace("’", "'") in _HARMLESS:  # noqa: RUF001
            continue
        opens = not any(c.isalnum() for c in sentence[: match.start()])
        if opens and word.lower() in lower:
            if stem in first and stem.lower() not in lower:
                return None
            continue
        if stem in first and stem.lower() not in lower:
            slot = "{FIRST}"
        elif (
            stem in last
            and stem.lower() not in lower
            and not re.search(r"\b(?:in|at|to|from|near)\s\Z", sentence[: match.start()])
        ):
            slot = "{LAST}"
        else:
            return None
        template += sentence[behind : match.start()] + slot + word[len(stem) :]
        behind = match.end()
    return template + sentence[behind:]
