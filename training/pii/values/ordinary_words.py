"""Words of the lexicon that nobody is called by."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from worker.anonymizer.taggers import lexicon

if TYPE_CHECKING:
    import random

#: Uncommon and common words of English.
_ENGLISH = ((2, 0, 0, 0, 0), (3, 0, 0, 0, 0))
#: Rare ones are too often names that no list has, except those with an ending of words.
_RARE = (1, 0, 0, 0, 0)
_ENDING = re.compile(r"(?:[^aeious]s|[^y]ies|ing|ings|[^r]ed|ly|ness|less|ful|able|ous|ment|ism)$")
_RARE_SHARE = 0.4
#: Words of other languages that are no or rare words of English.
_FOREIGN = ((0, 0, 0, 0, 1), (1, 0, 0, 0, 1))


def draw_english(rng: random.Random) -> str:
    """An English word in lower case."""
    if rng.random() < _RARE_SHARE:
        return rng.choice(_rare())
    return rng.choice(rng.choice(_lists(_ENGLISH)))


def draw_foreign(rng: random.Random) -> str:
    """A word of another language in lower case."""
    return rng.choice(rng.choice(_lists(_FOREIGN)))


@cache
def _rare() -> tuple[str, ...]:
    words = lexicon.words_by_kind()[lexicon.combine(_RARE)]
    return tuple(word for word in words if _ENDING.search(word))


@cache
def _lists(kinds: tuple[tuple[int, ...], ...]) -> tuple[tuple[str, ...], ...]:
    by_kind = lexicon.words_by_kind()
    return tuple(by_kind[lexicon.combine(kind)] for kind in kinds)
