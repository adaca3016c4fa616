"""Ages in figures and in words, with the words that make an age of a number.

A number alone is a score, a dose, a price or a time. It is an age where somebody "is" or "turned"
it and nothing that could be counted follows (`stated`), where it is told what happened at it
(`lived`) or its birthday (`birthdays`), or where it begins a sentence or tells what somebody seems
(`alone`).
"""

from __future__ import annotations

from worker.anonymizer.patterns.ages import alone, birthdays, lived, stated

GROUPS = (*stated.GROUPS, *lived.GROUPS, *birthdays.GROUPS, *alone.GROUPS)
