"""Words of the lexicon that nobody is called by."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from worker.anonymizer.taggers import lexicon

if TYPE_CHECKING:
    import random

#: Uncommon and common words of English, the uncommon ones twice as often; rarer ones are too often
#: names that no list has.
_ENGLISH = ((2, 0, 0, 0, 0), (2, 0, 0, 0, 0), (3, 0, 0, 0, 0))
#: Words of other languages that are no or rare words of English.
_FOREIGN = ((0, 0, 0, 0, 1), (1, 0, 0, 0, 1))


def draw_english(rng: random.Random) -> str:
    """An English word in lower case."""
    return rng.choice(rng.choice(_lists(_ENGLISH)))


def draw_foreign(rng: random.Random) -> str:
    """A word of another language in lower case."""
    return rng.choice(rng.choice(_lists(_FOREIGN)))


@cache
def _lists(kinds: tuple[tuple[int, ...], ...]) -> tuple[tuple[str, ...], ...]:
    by_kind = lexicon.words_by_kind()
    return tuple(by_kind[lexicon.combine(kind)] for kind in kinds)
