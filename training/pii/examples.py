"""Training examples for the tagger: templates with their slots filled, written in many ways."""

from __future__ import annotations

import random
import re
import zlib
from dataclasses import dataclass, replace
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING

from training.errors import DataError
from training.pii.mining import mine, mined_texts
from training.pii.values.slot_types import TYPE_OF_SLOT
from training.pii.values.slots import Slots
from worker.anonymizer.offsets import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SLOT = re.compile(r"\{([A-Z]+)\}")
#: How often an example is all lower case, all upper case, or has its slots alone changed.
LOWER_SHARE, UPPER_SHARE, SLOT_SHARE = 0.33, 0.12, 0.12
#: How often one example is made of several templates, as a diary's entry is of sentences.
JOINED_SHARE = 0.35
MOST_JOINED = 4
_SLOT_LOWER_SHARE = 0.6
#: How often a text is drawn from each pool of templates, in their order.
_POOL_SHARES = (0.46, 0.22, 0.13, 0.19)
_TYPO_SHARE, _PLAIN_TYPO_SHARE = 0.15, 0.35
#: The share of the words of such an example that get one.
_TYPO_RATE = 0.17
#: Two letters swapped, one twice, one lost, one beside the right one, one hit as well.
_SLIPS = ("swap", "swap", "twice", "lost", "beside", "also")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_BARE_SHARE = 0.12
_EMOJI = ("🙂", "😭", "❤️", "😂", "🎉", "🥲", ":)", "<3")
_EMOJI_SHARE = 0.06
#: One template in so many is not learnt from.
HELD_OUT_EVERY = 20


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


@dataclass(frozen=True, slots=True)
class Example:
    """A text and its personal data, in order and disjoint."""

    text: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Templates:
    """Texts with slots in braces.

    Attributes:
        people: about people.
        other: with other personal data.
        traps: with none, but with words that look like some (May, Will, Hope).
        plain: with none.
    """

    people: tuple[str, ...]
    other: tuple[str, ...]
    traps: tuple[str, ...]
    plain: tuple[str, ...]

    @classmethod
    def shipped(cls) -> Templates:
        """Those written for this project, and the entries of the classifier's training data."""
        folder = files("training").joinpath("data", "pii")
        people, other, traps = (
            [
                line
                for line in folder.joinpath(f"{name}.txt").read_text("utf-8").splitlines()
                if line.strip()
            ]
            for name in ("people", "other", "none")
        )
        mined_people, mined_none = mine(mined_texts())
        return cls(tuple(people + mined_people), tuple(other), tuple(traps), tuple(mined_none))

    def _pools(self) -> tuple[tuple[str, ...], ...]:
        return self.people, self.other, self.traps, self.plain

    def split(self) -> tuple[Templates, Templates]:
        """Those to learn from, and every twentieth, by its hash, to judge by."""
        pools = [_split(pool) for pool in self._pools()]
        learnt, held_out = zip(*pools, strict=True)
        return Templates(*learnt), Templates(*held_out)


def _split(templates: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The same wherever a template stands, so that new ones move no other."""
    held_out = tuple(t for t in templates if zlib.crc32(t.encode()) % HELD_OUT_EVERY == 0)
    learnt = tuple(t for t in templates if t not in set(held_out))
    return learnt or held_out, held_out or learnt[:1]


def generate(templates: Templates, count: int, seed: int) -> Iterator[Example]:
    """Examples, the same for the same seed.

    Raises:
        DataError: a template names a slot that does not exist.
    """
    rng = random.Random(seed)  # noqa: S311 - nothing secret
    slots = Slots(rng)
    pools = (templates.people, templates.other, templates.traps, templates.plain)
    for _ in range(count):
        parts = 1 if rng.random() > JOINED_SHARE else rng.randint(2, MOST_JOINED)
        chosen = [rng.choice(rng.choices(pools, _POOL_SHARES)[0]) for _ in range(parts)]
        example = concatenated([fill(t, slots) for t in chosen], rng)
        yield written(example, rng)


def fill(template: str, slots: Slots) -> Example:
    """A template with a value in each slot; equal slots of one template get different values."""
    text, spans, last = "", [], 0
    for match in _SLOT.finditer(template):
        text += template[last : match.start()]
        try:
            value = slots.draw(match[1])
        except KeyError:
            raise DataError(f"unknown slot {match[0]} in a template") from None
        if (kind := TYPE_OF_SLOT.get(match[1])) is not None:
            spans.append(Span(len(text), len(text) + len(value), kind))
        text += value
        last = match.end()
    return Example(text + template[last:], tuple(spans))


def concatenated(examples: Sequence[Example], rng: random.Random) -> Example:
    """Several texts as one, with a gap of one kind between them."""
    gap = rng.choice((" ", " ", " ", "\n", ". ", ", "))
    text, spans = "", []
    for example in examples:
        if text:
            text += gap
        spans += [
            replace(s, start=s.start + len(text), end=s.end + len(text)) for s in example.spans
        ]
        text += example.text
    return Example(text, tuple(spans))


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
