"""What the lexicon knows of words."""

from __future__ import annotations

import functools
import gc
from typing import TYPE_CHECKING

import pytest

from worker.anonymizer.taggers import lexicon
from worker.anonymizer.taggers.words import CASINGS, LOWER, TITLE, TOKEN_TYPES, UPPER, token_type

if TYPE_CHECKING:
    from worker.anonymizer.anonymizer import Anonymizer


def test_every_combination_of_properties_has_a_number_of_its_own() -> None:
    numbers = [lexicon.combine(lexicon.properties(kind)) for kind in range(lexicon.KINDS)]
    assert numbers == list(range(lexicon.KINDS))


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("table", (4, 0, 0, 0, 0)),
        ("kneaded", (1, 0, 0, 0, 0)),
        ("jessica", (3, 3, 0, 0, 0)),
        ("hope", (4, 1, 0, 1, 0)),
        ("krankenhaus", (0, 0, 0, 0, 1)),
        ("qxzvt", (0, 0, 0, 0, 0)),
    ],
)
def test_words_are_told_from_names(word: str, expected: tuple[int, ...]) -> None:
    assert lexicon.properties(lexicon.kind(word)) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("osme", True),
        ("strengtg", True),
        ("cotinue", True),
        ("disturbimg", True),
        ("qxzv", False),
        ("some", False),  # is known
        ("kaite", False),  # Katie
        ("mamo", False),  # too short for a letter more
    ],
)
def test_misspelt_common_words_are_told_from_names(word: str, expected: bool) -> None:
    assert lexicon.is_misspelt(word) is expected


def test_a_word_is_known_in_any_casing() -> None:
    kinds = {casing: token_type(word) for word, casing in _JESSICA.items()}
    assert [kind % CASINGS for kind in kinds.values()] == list(kinds)
    assert len({kind // CASINGS for kind in kinds.values()}) == 1
    assert max(kinds.values()) < TOKEN_TYPES


_JESSICA = {"jessica": LOWER, "Jessica": TITLE, "JESSICA": UPPER}


def test_no_cache_of_ours_is_filled_by_the_words_of_texts(anonymizer: Anonymizer) -> None:
    """Words of a diary would stay in the memory of the process, names among them."""
    anonymizer.anonymize(["A first text, of Aldi and Boots, by which what is read once is read."])
    assert not lexicon.is_misspelt("quarrington")
    caches = [one for one in gc.get_objects() if type(one) is functools._lru_cache_wrapper]
    ours = [one for one in caches if one.__module__.startswith("worker.anonymizer.")]
    before = [one.cache_info().currsize for one in ours]
    anonymizer.anonymize([f"met quarrin{i}gton and marywether{i * 'a'} too" for i in range(9)])
    assert not lexicon.is_misspelt("marywethers")
    assert ours
    assert [one.cache_info().currsize for one in ours] == before
