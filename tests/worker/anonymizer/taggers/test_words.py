"""Words, their tokens, and their casing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from transformers import AutoTokenizer

from worker.anonymizer.taggers import lexicon
from worker.anonymizer.taggers.words import (
    CASINGS,
    LOWER,
    MIXED,
    TITLE,
    UPPER,
    casing,
    encode,
    token_type,
)
from worker.models.folder import SHIPPED_TAGGER

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("anna", LOWER),
        ("Anna", TITLE),
        ("ANNA", UPPER),
        ("A", TITLE),
        ("McCoy", MIXED),
        ("12", LOWER),
        ("é", LOWER),
        ("!", LOWER),
    ],
)
def test_casing(word: str, expected: int) -> None:
    assert casing(word) == expected


def test_words_hold_every_token_once() -> None:
    text = "Told Olumide's  mum, in Zwolle-Zuid: PHENOMENAL!"
    (words,) = encode(AutoTokenizer.from_pretrained(SHIPPED_TAGGER), [text])
    assert words.starts[0] == 0
    assert words.starts[-1] == len(words.ids) == len(words.types) == len(words.offsets)
    assert words.starts == sorted(set(words.starts))


@pytest.mark.parametrize("change", [str.lower, str.capitalize, str.upper])
def test_what_is_known_of_the_most_common_words_is_as_of_any_other(
    change: Callable[[str], str],
) -> None:
    common = lexicon.most_common_words()
    assert {"the", "and"} <= set(common)
    words = [*map(change, common), *",.!?'-", "xyzzy"]
    assert [token_type(word) for word in words] == [
        casing(word) + CASINGS * lexicon.kind(word) for word in words
    ]
