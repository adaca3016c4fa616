"""Variations of an example that keep its personal data and put other ordinary words around it.

Templates are few, and a tagger that saw only their words takes others for names: words that begin a
sentence, rare ones, words of other languages.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from training.pii.generation.example import Example
from training.pii.values.ordinary_words import draw_english, draw_foreign

if TYPE_CHECKING:
    import random

#: How often words of an example are exchanged for rarer ones, its first words are left out, a
#: phrase of another language is put into it, and words are stressed by capitals.
EXCHANGED_SHARE, BEHEADED_SHARE, FOREIGN_SHARE, STRESSED_SHARE = 0.18, 0.14, 0.06, 0.06
_MOST_EXCHANGED, _MOST_FOREIGN, _MOST_BEHEADED = 3, 6, 4
_FIRST_SHARE = 0.3
#: Shorter words carry a sentence's grammar.
_SHORTEST = 4
_WORD = re.compile(r"[^\W\d_]+(?!['’])")  # noqa: RUF001
_GAP = re.compile(r"(?<=\w)[,.]? (?=\w)")


def vary(example: Example, rng: random.Random) -> Example:
    """The example with some of the variations."""
    if rng.random() < BEHEADED_SHARE:
        example = _beheaded(example, rng)
    if rng.random() < EXCHANGED_SHARE:
        example = _exchanged(example, rng, rng.randint(1, _MOST_EXCHANGED))
    if rng.random() < FOREIGN_SHARE:
        example = _with_foreign_words(example, rng)
    if rng.random() < STRESSED_SHARE:
        example = _stressed(example, rng)
    return example


def replaced(example: Example, start: int, end: int, text: str) -> Example:
    """The example with `text` in place of a range that lies in none of its spans."""
    moved = len(text) - (end - start)
    spans = tuple(
        replace(span, start=span.start + moved, end=span.end + moved) if span.start >= end else span
        for span in example.spans
    )
    return Example(example.text[:start] + text + example.text[end:], spans)


def _free(example: Example, start: int, end: int) -> bool:
    """Whether a range touches none of the spans."""
    return all(end < span.start or start > span.end for span in example.spans)


def _beheaded(example: Example, rng: random.Random) -> Example:
    """Without its first words, so that any word may begin a sentence."""
    words = list(_WORD.finditer(example.text))[: _MOST_BEHEADED + 1]
    words = [word for word in words[1:] if _free(example, 0, word.end())]
    if not words:
        return example
    start = rng.choice(words).start()
    first = example.text[start]
    if len(first.upper()) != 1 or not example.text[:1].isupper():
        return replaced(example, 0, start, "")
    return replaced(example, 0, start + 1, first.upper())


def _exchanged(example: Example, rng: random.Random, count: int) -> Example:
    """With rarer words in place of some."""
    for _ in range(count):
        words = [
            word
            for word in _WORD.finditer(example.text)
            if len(word[0]) >= _SHORTEST and _free(example, *word.span())
        ]
        if not words:
            break
        # A sentence may begin with any word, and there its capital tells nothing.
        word = words[0] if rng.random() < _FIRST_SHARE else rng.choice(words)
        other = draw_english(rng)
        if word[0].isupper():
            other = other.upper()
        elif word[0][0].isupper():
            other = other.capitalize()
        example = replaced(example, *word.span(), other)
    return example


def _with_foreign_words(example: Example, rng: random.Random) -> Example:
    """With words of other languages between two words of the text, or as a sentence behind it."""
    words = [draw_foreign(rng) for _ in range(rng.randint(1, _MOST_FOREIGN))]
    gaps = [gap for gap in _GAP.finditer(example.text) if _free(example, *gap.span())]
    phrase = " ".join(words)
    if not gaps or rng.random() < 1 / 3:
        return replace(example, text=f"{example.text.rstrip()} {phrase.capitalize()}.")
    gap = rng.choice(gaps)
    front = gap[0]
    return replaced(example, *gap.span(), f"{front}{phrase}{rng.choice((' ', ', '))}")


def _stressed(example: Example, rng: random.Random) -> Example:
    """With one or two words in capitals, or with a capital in the middle of a sentence."""
    words = [word for word in _WORD.finditer(example.text) if _free(example, *word.span())]
    change = rng.choice((str.upper, str.capitalize))
    for word in rng.sample(words, min(len(words), rng.randint(1, 2))):
        changed = change(word[0])
        if len(changed) == len(word[0]):
            example = replaced(example, *word.span(), changed)
    return example
