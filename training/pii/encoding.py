"""From examples to the tensors that the tagger learns from."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch

from training.pii.values.slot_types import TYPES
from worker.anonymizer.taggers import lexicon
from worker.anonymizer.taggers.bert import WINDOW_TOKENS
from worker.anonymizer.taggers.entity_types import OUTSIDE
from worker.anonymizer.taggers.words import CASINGS, encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from training.pii.generation.example import Example
    from worker.anonymizer.taggers.words import Words

LABELS = (OUTSIDE, *TYPES)
#: The label that the loss leaves out: of special tokens and padding.
IGNORED = -100
#: Examples that are tokenized at once.
_BATCH = 1_000
#: How often all is unknown of a word inside personal data, by how common it is in English.
_UNKNOWN_SHARES = (0.18, 0.18, 0.1, 0.0, 0.0)
#: How often it is unknown of such a word that it is a name.
_NO_NAME_SHARES = (0.2, 0.25, 0.25, 0.2, 0.05)
#: The same of a word outside: what no list has may be no name.
_UNKNOWN_SHARES_OUTSIDE = (0.02, 0.12, 0.06, 0.02, 0.01)


def encoded(tokenizer: Any, examples: Iterable[Example], *, seed: int) -> list[dict[str, Any]]:
    """Token ids, token types and labels of each example, cut off where the tagger's window ends.

    Args:
        tokenizer: the base's.
        examples: generated or annotated ones.
        seed: of which words are treated as if the lexicon had them not.
    """
    examples = list(examples)
    rng = random.Random(seed)  # noqa: S311 - nothing secret
    rows = []
    for start in range(0, len(examples), _BATCH):
        batch = examples[start : start + _BATCH]
        texts = [example.text for example in batch]
        for example, words in zip(batch, encode(tokenizer, texts), strict=True):
            room = WINDOW_TOKENS - 2
            labels = _labels(example, words)
            types = _partly_unknown(words, labels, rng)
            ids = [tokenizer.cls_token_id, *words.ids[:room], tokenizer.sep_token_id]
            rows.append(
                {
                    "input_ids": ids,
                    "token_type_ids": [0, *types[:room], 0],
                    "labels": [IGNORED, *labels[:room], IGNORED],
                    "length": len(ids),
                }
            )
    return rows


def _labels(example: Example, words: Words) -> list[int]:
    """The label of each token: a word is of a type if it touches a span of it."""
    labels: list[int] = []
    for first, behind in pairwise(words.starts):
        a, b = words.offsets[first][0], words.offsets[behind - 1][1]
        kind = next((s.type for s in example.spans if s.start < b and s.end > a), OUTSIDE)
        labels += [LABELS.index(kind)] * (behind - first)
    return labels


def _partly_unknown(words: Words, labels: list[int], rng: random.Random) -> list[int]:
    """The token types, some of them of words of which the lexicon would not know everything.

    The names of the examples stand in the lists that the lexicon was made of; those of diaries do
    not always.
    """
    types = list(words.types)
    for first, behind in pairwise(words.starts):
        kind, casing = divmod(types[first], CASINGS)
        if kind:
            known = _forget(lexicon.properties(kind), rng, outside=not labels[first])
            types[first:behind] = [casing + CASINGS * lexicon.combine(known)] * (behind - first)
    return types


def _forget(known: tuple[int, ...], rng: random.Random, *, outside: bool) -> tuple[int, ...]:
    frequency, roll = known[0], rng.random()
    all_share = (_UNKNOWN_SHARES_OUTSIDE if outside else _UNKNOWN_SHARES)[frequency]
    if roll < all_share:
        return (0,) * len(known)
    if not outside and roll < all_share + _NO_NAME_SHARES[frequency]:
        return (frequency, 0, 0, 0, known[-1])
    return known


def collate(rows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
    """Rows padded to the longest: tensors of shape `(rows, tokens)`."""
    width = max(row["length"] for row in rows)
    shape = (len(rows), width)
    batch = {
        "input_ids": torch.zeros(shape, dtype=torch.long),
        "token_type_ids": torch.zeros(shape, dtype=torch.long),
        "attention_mask": torch.zeros(shape, dtype=torch.long),
        "labels": torch.full(shape, IGNORED),
    }
    for at, row in enumerate(rows):
        for name in ("input_ids", "token_type_ids", "labels"):
            batch[name][at, : row["length"]] = torch.tensor(row[name])
        batch["attention_mask"][at, : row["length"]] = 1
    return batch
