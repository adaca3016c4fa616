"""How an entry is written: the style its file gives, or what its characters show."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.entries.record import Record

REFRAME = "reframes of distorted thoughts"
LIST, UNPUNCTUATED, LOWER, ORDINARY = "list", "no punctuation", "lower case", "ordinary"
_ITEM = re.compile(r"^\s*(?:[-*\u2022+\u2013]|\d{1,2}[.)])\s*\S", re.MULTILINE)
_FEWEST_ITEMS = 2
#: In fewer words the lack of a full stop says nothing.
_FEWEST_WORDS = 8


def style(record: Record) -> str:
    """The record's own style, or one of the four above; the first of them that fits."""
    if record.style:
        return record.style
    text = record.text
    if len(_ITEM.findall(text)) >= _FEWEST_ITEMS:
        return LIST
    if len(text.split()) >= _FEWEST_WORDS and not re.search(r"[.!?;]", text):
        return UNPUNCTUATED
    return LOWER if text == text.lower() else ORDINARY


def kinds(records: Sequence[Record]) -> list[str]:
    """What each record is: its style, or a reframe, which shares its group with a distortion."""
    distorted = {record.group for record in records if record.labels}
    return [
        REFRAME
        if record.group and not record.labels and record.group in distorted
        else style(record)
        for record in records
    ]
