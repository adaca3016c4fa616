"""Examples as people write them: in one casing, with typing errors, without punctuation."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from training.pii.generation.example import Example
from worker.anonymizer.offsets import Span

if TYPE_CHECKING:
    import random

#: How often an example is all lower case, all upper case, or has its slots alone changed.
LOWER_SHARE, UPPER_SHARE, SLOT_SHARE = 0.33, 0.12, 0.12
_SLOT_LOWER_SHARE = 0.6
_TYPO_SHARE, _PLAIN_TYPO_SHARE = 0.15, 0.35
#: The share of the words of such an example that get one.
_TYPO_RATE = 0.17
#: Two letters swapped, one twice, one lost, one beside the right one, one hit as well.
_SLIPS = ("swap", "swap", "twice", "lost", "beside", "also")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_BARE_SHARE = 0.12
_EMOJI = ("🙂", "😭", "❤️", "😂", "🎉", "🥲", ":)", "<3")
_EMOJI_SHARE = 0.06


def _neighbours() -> dict[str, str]:
    """For each letter those beside it on a keyboard."""
    near: dict[str, str] = {}
    for row, below in pairwise((*_ROWS, "")):
        for i, letter in enumerate(row):
            for other in (*row[i + 1 : i + 2], *below[max(0, i - 1) : i + 1]):
                near[letter] = near.get(letter, "") + other
                near[other] = near.get(other, "") + letter
    return near


_NEIGHBOURS = _neighbours()


def written(example: Example, rng: random.Random) -> Example:
    """The example as some people write: in one casing, with typos, without punctuation."""
    text = example.text
    roll = rng.random()
    if roll < LOWER_SHARE:
        text = _cased(text, str.lower)
    elif roll < LOWER_SHARE + UPPER_SHARE:
        text = _cased(text, str.upper)
    elif roll < LOWER_SHARE + UPPER_SHARE + SLOT_SHARE:
        change = str.lower if rng.random() < _SLOT_LOWER_SHARE else str.upper
        for span in example.spans:
            if span.type in ("PERSON", "LOCATION", "ORGANIZATION"):
                inside = _cased(text[span.start : span.end], change)
                text = text[: span.start] + inside + text[span.end :]
    example = Example(text, example.spans)
    # Sentences without personal data get more typos: a misspelt word is not a name.
    if rng.random() < (_TYPO_SHARE if example.spans else _PLAIN_TYPO_SHARE):
        example = _edited(example, lambda word: _typo(word, rng))
    if rng.random() < _BARE_SHARE:
        example = _edited(example, lambda word: re.sub(r"[.,!?;:'’\"]", "", word))  # noqa: RUF001
    if rng.random() < _EMOJI_SHARE:
        example = Example(f"{example.text} {rng.choice(_EMOJI)}", example.spans)
    return example


def _cased(text: str, change: object) -> str:
    """Changed letter by letter, so that positions stay (ß stays ß)."""
    assert callable(change)
    return "".join(c if len(change(c)) != 1 else change(c) for c in text)


def _edited(example: Example, edit: object) -> Example:
    """The words between the spans, each put through `edit`."""
    assert callable(edit)
    text, spans, last = "", [], 0
    for span in (*example.spans, None):
        between = example.text[last : span.start if span else None]
        text += re.sub(r"\S+", lambda match: edit(match[0]), between)
        if span:
            spans.append(Span(len(text), len(text) + span.end - span.start, span.type))
            text += example.text[span.start : span.end]
            last = span.end
    return Example(text, tuple(spans))


def _typo(word: str, rng: random.Random) -> str:
    """The word, with one typing error in the share `_TYPO_RATE` of the cases."""
    if len(word) < 4 or rng.random() > _TYPO_RATE:  # noqa: PLR2004
        return word
    at = rng.randrange(0, len(word) - 1)
    kind = rng.choice(_SLIPS)
    if kind == "swap":
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == "twice":
        return word[:at] + word[at] + word[at:]
    if kind == "lost":
        return word[: at + 1] + word[at + 2 :]
    near = rng.choice(_NEIGHBOURS.get(word[at].lower(), word[at]))
    return word[:at] + near + word[at + (kind == "beside") :]
