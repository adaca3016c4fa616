"""Cheap tests that can only say that a pattern cannot match.

Most texts have no digit, no "@" and no word that a given pattern needs. To see that takes a
hundredth of the time of the pattern itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property

#: Characters that a pattern without regard to case takes for an ASCII letter, with that letter.
_LOOKALIKES = str.maketrans({"\u017f": "s", "\u212a": "k", "\u0130": "i", "\u0131": "i"})
_LOOKALIKE = re.compile("[\u017f\u212a\u0130\u0131]")
_APOSTROPHES = str.maketrans("\u2019\u2018", "''")
_DIGIT = re.compile(r"\d")
#: Runs of ASCII letters: a word that a pattern bounds by `\b` is always the whole of one, or part
#: of one with letters that the pattern allows beside it.
_LETTERS = re.compile("[a-z]+")
#: Runs of letters of any script.
WORDS = re.compile(r"[^\W\d_]+")


class Features:
    """What gates look at, computed once for a text.

    Args:
        text: the text of an entry.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.has_digit = _DIGIT.search(text) is not None

    @cached_property
    def lowered(self) -> str:
        """The text in lower case; its characters may have other positions."""
        text = self.text
        if not text.isascii() and _LOOKALIKE.search(text):
            text = text.translate(_LOOKALIKES)
        return text.lower()

    @cached_property
    def aligned(self) -> str:
        """The text in lower case and with plain apostrophes, each character at its position."""
        text = self.text.translate(_APOSTROPHES)
        lowered = text.lower()
        if len(lowered) == len(text):
            return lowered
        return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)

    @cached_property
    def words(self) -> frozenset[str]:
        """All runs of ASCII letters, in lower case."""
        return frozenset(_LETTERS.findall(self.lowered))

    @cached_property
    def all_words(self) -> frozenset[str]:
        """All runs of letters of any script, in lower case."""
        return frozenset(WORDS.findall(self.aligned))


#: Whether patterns may match a text.
Gate = Callable[[Features], bool]


def has_digit(features: Features) -> bool:
    """Whether there is a digit of any script."""
    return features.has_digit


def any_word(*lists: str) -> Gate:
    """Whether one of the words occurs; they stand in strings, parted by spaces, in lower case."""
    wanted = frozenset(word for words in lists for word in words.split())
    return lambda features: not wanted.isdisjoint(features.words)


def any_part(*parts: str) -> Gate:
    """Whether one of the strings, in lower case, occurs, be it inside a word."""
    if len(parts) == 1:
        (part,) = parts
        return lambda features: part in features.lowered
    return either(*map(any_part, parts))


def matching(expression: str) -> Gate:
    """Whether an expression for `re` occurs in the text, whose lookalikes and case are kept."""
    search = re.compile(expression).search
    return lambda features: search(features.text) is not None


def matching_lowered(expression: str) -> Gate:
    """Whether an expression for `re` occurs in the text in lower case, without lookalikes."""
    search = re.compile(expression).search
    return lambda features: search(features.lowered) is not None


def every(first: Gate, *others: Gate) -> Gate:
    """Whether all gates let a text pass; the cheapest should stand first."""
    if not others:
        return first
    rest = every(*others)
    return lambda features: first(features) and rest(features)


def either(first: Gate, *others: Gate) -> Gate:
    """Whether one of the gates lets a text pass; the cheapest should stand first."""
    if not others:
        return first
    rest = either(*others)
    return lambda features: first(features) or rest(features)
