"""Examples from templates: their slots filled, several joined, and written in many ways."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from training.errors import DataError
from training.pii.generation.example import Example
from training.pii.generation.variations import vary
from training.pii.generation.writing import written
from training.pii.values.slot_types import TYPE_OF_SLOT
from training.pii.values.slots import Slots
from worker.anonymizer.offsets import Span
from worker.models.windows import sentence_ends

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from training.pii.generation.templates import Templates

#: A slot, such as `{CITY}`, or words of a type, such as `[[Hope|PERSON]]`.
_SLOT = re.compile(r"\{([A-Z]+)\}|\[\[([^|\]]+)\|([A-Z_]+)\]\]")
#: How often one example is made of several templates, as a diary's entry is of sentences.
JOINED_SHARE = 0.35
MOST_JOINED = 4
#: How often a text is drawn from each pool of templates, in their order.
_POOL_SHARES = (0.18, 0.13, 0.08, 0.08, 0.27, 0.18, 0.08)
#: Of a longer text most examples are an excerpt: the same tokens then hold more different ones.
_LONG, _EXCERPT_SHARE = 160, 0.75
_EXCERPT_CHARACTERS = (40, 240)


def generate(templates: Templates, count: int, seed: int) -> Iterator[Example]:
    """Examples, the same for the same seed.

    Raises:
        DataError: a template names a slot that does not exist.
    """
    rng = random.Random(seed)  # noqa: S311 - nothing secret
    slots = Slots(rng)
    filled = [(p, share) for p, share in zip(templates.pools(), _POOL_SHARES, strict=True) if p]
    pools, shares = zip(*filled, strict=True)
    for _ in range(count):
        parts = 1 if rng.random() > JOINED_SHARE else rng.randint(2, MOST_JOINED)
        chosen = [_excerpt(rng.choice(rng.choices(pools, shares)[0]), rng) for _ in range(parts)]
        example = concatenated([fill(t, slots) for t in chosen], rng)
        yield written(vary(example, rng), rng)


def _excerpt(template: str, rng: random.Random) -> str:
    """Some sentences in a row of a long template, now and then all of it."""
    if len(template) <= _LONG or rng.random() > _EXCERPT_SHARE:
        return template
    ends = [end for end in sentence_ends(template) if _is_outside(template, end)]
    ends = [0, *ends, len(template)]
    first = rng.randrange(len(ends) - 1)
    start, wanted = ends[first], rng.randint(*_EXCERPT_CHARACTERS)
    end = next((end for end in ends[first + 1 :] if end - start >= wanted), ends[-1])
    return template[start:end].strip()


def _is_outside(template: str, position: int) -> bool:
    """Whether a position lies in no slot: the words of one may hold a full stop."""
    return all(not slot.start() < position < slot.end() for slot in _SLOT.finditer(template))


def fill(template: str, slots: Slots) -> Example:
    """A template with a value in each slot; equal slots of one template get different values."""
    text, spans, last = "", [], 0
    for match in _SLOT.finditer(template):
        text += template[last : match.start()]
        try:
            value = slots.draw(match[1]) if match[1] else match[2]
        except KeyError:
            raise DataError(f"unknown slot {match[0]} in a template") from None
        if (kind := TYPE_OF_SLOT.get(match[1], match[3])) is not None:
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
