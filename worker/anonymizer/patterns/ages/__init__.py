"""Ages in figures and in words, with the words that make an age of a number.

A number alone is a score, a dose, a price or a time. It is an age where somebody "is" or "turned"
it and nothing that could be counted follows (`stated`), where it is told what happened at it
(`lived`), or where it begins a sentence about somebody's life (`alone`).
"""

from __future__ import annotations

from worker.anonymizer.patterns.ages import alone, lived, stated

GROUPS = (*stated.GROUPS, *lived.GROUPS, *alone.GROUPS)
