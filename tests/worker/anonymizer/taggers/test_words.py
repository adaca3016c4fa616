"""Words, their tokens, and their casing."""

from __future__ import annotations

import pytest
from transformers import AutoTokenizer

from worker.anonymizer.taggers.words import LOWER, MIXED, TITLE, UPPER, casing, encode
from worker.models.folder import SHIPPED_TAGGER


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
