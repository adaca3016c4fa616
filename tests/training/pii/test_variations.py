"""Variations of examples: other ordinary words around the same personal data."""

from __future__ import annotations

import random

import pytest

from training.pii.generation import variations
from training.pii.generation.example import Example
from training.pii.generation.variations import vary
from training.pii.values.ordinary_words import draw_english
from worker.anonymizer.offsets import Span
from worker.anonymizer.taggers import lexicon

TEXT = "Yesterday Olumide brought lentils to the garden in Velmora, and nobody complained."
SPANS = tuple(
    Span(TEXT.index(name), TEXT.index(name) + len(name), kind)
    for name, kind in (("Olumide", "PERSON"), ("Velmora", "LOCATION"))
)


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    for share in ("EXCHANGED_SHARE", "BEHEADED_SHARE", "FOREIGN_SHARE", "STRESSED_SHARE"):
        monkeypatch.setattr(variations, share, 1.0)


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("seed", range(30))
def test_spans_keep_their_words_through_every_variation(seed: int) -> None:
    found = vary(Example(TEXT, SPANS), random.Random(seed))
    assert found.text != TEXT
    assert [found.text[s.start : s.end] for s in found.spans] == ["Olumide", "Velmora"]


@pytest.mark.usefixtures("always")
def test_any_word_may_begin_a_sentence() -> None:
    text = "Nobody at work noticed anything"
    firsts = {vary(Example(text, ()), random.Random(i)).text.split()[0] for i in range(60)}
    assert len(firsts) > 4


def test_words_that_are_put_in_are_no_names() -> None:
    rng = random.Random(1)
    for _ in range(200):
        frequency, *others = lexicon.properties(lexicon.kind(draw_english(rng)))
        assert frequency > 0
        assert not any(others)
