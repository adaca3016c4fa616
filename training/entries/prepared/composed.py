"""Entries put together from a calm one and a short thought.

What a distortion looks like is learnt mostly from short thoughts, and what a long day looks like
from entries without any: so a model takes length for calm, or many sentences for many chances of a
label. A thought among the sentences of another entry, and its reframe among others, teaches it to
tell one from the other wherever it stands. The same is done with the marked sentences of long
entries, and with those that stand in their place in reframes.
"""

from __future__ import annotations

import random
from itertools import pairwise
from typing import TYPE_CHECKING

from training.entries.prepared.sentences import counterparts, quoted
from training.entries.record import Record
from worker.models.windows import sentence_ends

if TYPE_CHECKING:
    from collections.abc import Sequence

#: A calm entry has this many sentences at least, and lends this many at least and at most.
_FEWEST_SENTENCES = 4
_FEWEST_LENT, _MOST_LENT = 2, 8
#: Characters of the longest text that counts as one thought.
_LONGEST_THOUGHT = 260
#: What stands between a thought and its neighbours, as often as people make a paragraph of it.
_BETWEEN = (" ", " ", " ", "\n\n")


def composed(records: Sequence[Record], count: int, *, seed: int) -> list[Record]:
    """New entries, each of sentences of one calm entry with one thought among them.

    Args:
        records: to take from. Thoughts are short records that come with reframes, these reframes
            themselves, and marked sentences with their counterparts; calm entries have no label
            and several sentences.
        count: how many to make; none are made of records that lack either.
        seed: of the random choices.
    """
    reframed = {r.group for r in records if r.group and not r.labels}
    short = [r for r in records if r.group in reframed and len(r.text) <= _LONGEST_THOUGHT]
    cut = [sentence for r in records for sentence in quoted(r)] + counterparts(records)
    # As often one as the other, however many there are of each.
    kinds = [kind for kind in (short, cut) if kind]
    calm = [
        sentences
        for r in records
        if not (r.labels or r.shares) and len(sentences := _sentences(r.text)) >= _FEWEST_SENTENCES
    ]
    if not kinds or not calm:
        return []
    rng = random.Random(seed)  # noqa: S311 - not for secrets
    return [_composed(rng.choice(calm), rng.choice(rng.choice(kinds)), rng) for _ in range(count)]


def _composed(calm: list[str], thought: Record, rng: random.Random) -> Record:
    lent = rng.randint(_FEWEST_LENT, min(_MOST_LENT, len(calm)))
    first = rng.randint(0, len(calm) - lent)
    at = rng.randint(first, first + lent)
    before, after = " ".join(calm[first:at]), " ".join(calm[at : first + lent])
    text = thought.text
    if before:
        text = f"{before}{rng.choice(_BETWEEN)}{text}"
    if after:
        text = f"{text}{rng.choice(_BETWEEN)}{after}"
    return Record(
        text,
        thought.labels,
        shares=thought.shares,
        unknown=thought.unknown,
        evidence=tuple((label, thought.text) for label in thought.labels),
        weight=thought.weight,
    )


def _sentences(text: str) -> list[str]:
    pieces = (text[a:b].strip() for a, b in pairwise([0, *sentence_ends(text), len(text)]))
    return [piece for piece in pieces if piece]
