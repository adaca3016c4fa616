"""No text makes a pattern slow."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from worker.anonymizer.patterns.gates import Features
from worker.anonymizer.patterns.recognizer import GROUPS

if TYPE_CHECKING:
    from worker.anonymizer.patterns.rules import Pattern

#: Characters of a text; enough to tell time that grows with the square of it.
LENGTH = 4_000
#: What is repeated: the beginnings of what patterns look for, so that they begin everywhere.
REPEATED = (
    "a",
    "1",
    "1 ",
    "one ",
    "double ",
    "twenty-",
    "i'm ",
    "she is nearly ",
    "aged 1, ",
    "at 30 ",
    "the first of the ",
    "may the ",
    "nineteen ",
    "1.",
    "1.1111,",
    "2024-",
    "1-",
    "1/",
    ":",
    "1:",
    "::",
    "a.",
    "a_",
    "@",
    "a@",
    "(at)",
    "www.",
    "a.com/",
    "AB12 ",
    "A-",
    "B-K ",
    "1ab",
    "Aa",
    "Aa ",
    "Aa and ",
    "at the Aa ",
    "work at Aa ",
    "pin ",
    "code one, ",
    "number: ",
    "call oh ",
    "ref A1-",
    "case 1",
    "id ",
    "my son, ",
    "kids are 4, ",
    "dot at ",
    "a dot ",
    "1\xb011'",
    "7FG8V3PX",
    "SK 1",
    "0x",
    "bc1q",
    "///a.",
    "dm'd a.",
    "a1_",
    "plate A1 ",
    "car, ",
    "12 Aaa ",
    "username ",
    "born ",
    "University of ",
    "BOOTS ",
    "work at boots   ",
    "my dog Aa ",
    "a man called ",
    "Twenty, ",
    "Aa from Aa ",
    "on 01/",
    " ",
    "\n",
    "\u4e00",
)
#: Seconds of CPU for one pattern and one text: so much that only a pattern that searches again from
#: every character takes them, and a slow machine does not.
MOST_SECONDS = 0.5


@pytest.mark.parametrize("rule", [one for group in GROUPS for one in group.patterns])
def test_no_text_makes_a_pattern_slow(rule: Pattern) -> None:
    rule.prepare()  # else the first text pays for it
    slow = []
    for piece in REPEATED:
        text = (piece * LENGTH)[:LENGTH]
        started = time.thread_time()
        for _ in rule.matches(Features(text)):
            pass
        if time.thread_time() - started > MOST_SECONDS:
            slow.append(piece)
    assert slow == []
