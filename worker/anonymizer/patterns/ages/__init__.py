"""Ages in figures and in words, with the words that make an age of a number.

A number alone is a score, a dose, a price or a time. It is an age where somebody "is" or "turned"
it and nothing that could be counted follows (`stated`), where it is told what happened at it
(`lived`) or its birthday (`birthdays`), where it begins a sentence or tells what somebody seems
(`alone`), where it is told in passing (`asides`), or where it answers a question or tells of a body
(`answered`).
"""

from __future__ import annotations

from worker.anonymizer.patterns.ages import alone, answered, asides, birthdays, lived, stated

GROUPS = (
    *stated.GROUPS,
    *lived.GROUPS,
    *birthdays.GROUPS,
    *alone.GROUPS,
    *asides.GROUPS,
    *answered.GROUPS,
)
