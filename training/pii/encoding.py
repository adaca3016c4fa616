"""From examples to the tensors that the tagger learns from."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch

from training.pii.values.slot_types import TYPES
from worker.anonymizer.taggers.bert import OUTSIDE, WINDOW_TOKENS
from worker.anonymizer.taggers.words import encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from training.pii.examples import Example
    from worker.anonymizer.taggers.words import Words

LABELS = (OUTSIDE, *TYPES)
#: The label that the loss leaves out: of special tokens and padding.
IGNORED = -100
#: Examples that are tokenized at once.
_BATCH = 1_000


def encoded(tokenizer: Any, examples: Iterable[Example]) -> list[dict[str, Any]]:
    """Token ids, token types and labels of each example, cut off where the tagger's window ends."""
    examples = list(examples)
    rows = []
    for start in range(0, len(examples), _BATCH):
        batch = examples[start : start + _BATCH]
        texts = [example.text for example in batch]
        for example, words in zip(batch, encode(tokenizer, texts), strict=True):
            room = WINDOW_TOKENS - 2
            ids = [tokenizer.cls_token_id, *words.ids[:room], tokenizer.sep_token_id]
            rows.append(
                {
                    "input_ids": ids,
                    "token_type_ids": [0, *words.types[:room], 0],
                    "labels": [IGNORED, *_labels(example, words)[:room], IGNORED],
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
