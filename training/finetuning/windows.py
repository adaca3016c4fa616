"""From texts to token windows, in memory only: no text may reach a cache file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import datasets
import numpy as np
import torch

from training.errors import DataError
from worker.models import windows
from worker.models.tokenization import special_tokens, tokenize_with_offsets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerBase

#: `datasets` tokenizes this many texts at once.
_MAP_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Windows:
    """Tokenized windows of a list of texts.

    Attributes:
        dataset: the columns `input_ids`, `length` and `labels`, shortest first; no text.
        text_index: which text each window comes from, shape `(windows,)`.
        texts: how many texts there were.
    """

    dataset: datasets.Dataset
    text_index: NDArray[np.int64]
    texts: int

    def best_by_text(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """The maximum over each text's windows, as the worker takes it.

        Args:
            scores: of each window, shape `(windows, labels)`, none below 0.

        Returns:
            Shape `(texts, labels)`; 0 for a text without any window.
        """
        best = np.zeros((self.texts, scores.shape[1]), dtype=np.float32)
        np.maximum.at(best, self.text_index, scores)
        return best


def tokenize(
    texts: Sequence[str],
    labels: NDArray[np.float32],
    tokenizer: PreTrainedTokenizerBase,
    *,
    window_tokens: int,
    places: Sequence[float] | None = None,
    weights: Sequence[float] | None = None,
) -> Windows:
    """Cut texts into sentence-aligned windows, the same as the worker's classifier does.

    Args:
        texts: anonymized texts.
        labels: what to learn, shape `(texts, labels)`; a window carries those of its text.
        tokenizer: a fast tokenizer.
        window_tokens: most tokens in a window, special tokens included.
        places: keep of each text only the window that holds this place, from 0 for its beginning
            to 1; every window if left out. For training: a label is to be learnt from where it
            lies, and where that is not known, the first window is right most often.
        weights: how much each text counts; the same by default.
    """
    before, after = special_tokens(tokenizer)
    room = window_tokens - len(before) - len(after)

    def cut(batch: dict[str, Any]) -> dict[str, list[Any]]:
        encoded = tokenize_with_offsets(tokenizer, batch["text"])
        columns: dict[str, list[Any]] = {
            "input_ids": [],
            "labels": [],
            "length": [],
            "index": [],
            "weight": [],
        }
        for at, text in enumerate(batch["text"]):
            ids, offsets = encoded["input_ids"][at], encoded["offset_mapping"][at]
            ends = windows.sentence_ends(text) if len(ids) > room else []
            pieces = windows.cut(ids, offsets, ends, room)
            if places is not None and len(pieces) > 1:
                mark = batch["place"][at] * len(text)
                pieces = [next(p for p in pieces if offsets[p[1] - 1][1] > mark or p == pieces[-1])]
            for first, last in pieces:
                full = [*before, *ids[first:last], *after]
                columns["input_ids"].append(full)
                columns["length"].append(len(full))
                columns["labels"].append(batch["labels"][at])
                columns["index"].append(batch["index"][at])
                columns["weight"].append(batch["weight"][at])
        return columns

    datasets.disable_caching()
    datasets.disable_progress_bars()
    raw = datasets.Dataset.from_dict(
        {
            "text": list(texts),
            "labels": labels.tolist(),
            "index": list(range(len(texts))),
            "weight": list(weights or [1.0] * len(texts)),
            "place": list(places or [0.0] * len(texts)),
        }
    )
    cut_up = raw.map(
        cut,
        batched=True,
        batch_size=_MAP_BATCH,
        remove_columns=raw.column_names,
        keep_in_memory=True,
        load_from_cache_file=False,
    )
    if not len(cut_up):
        raise DataError("the model knows no word of these entries")
    # Similar lengths side by side: little padding where windows are taken in order.
    cut_up = cut_up.select(np.argsort(cut_up["length"], kind="stable"), keep_in_memory=True)
    index = np.asarray(cut_up["index"], dtype=np.int64)
    return Windows(cut_up.remove_columns("index"), index, len(texts))


class Collator:
    """Pads windows to the longest of their batch, no further."""

    def __init__(self, pad_token_id: int) -> None:
        self._pad = pad_token_id

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        """Tensors `input_ids` and `attention_mask` of shape `(rows, longest)`.

        Also `labels` of shape `(rows, labels)`, NaN where unknown, and `weights` of `(rows,)`.
        """
        width = max(len(row["input_ids"]) for row in rows)
        ids = torch.full((len(rows), width), self._pad)
        mask = torch.zeros((len(rows), width), dtype=torch.long)
        for at, row in enumerate(rows):
            tokens = torch.tensor(row["input_ids"])
            ids[at, : len(tokens)] = tokens
            mask[at, : len(tokens)] = 1
        labels = torch.tensor([row["labels"] for row in rows], dtype=torch.float32)
        weights = torch.tensor([row.get("weight", 1.0) for row in rows])
        return {"input_ids": ids, "attention_mask": mask, "labels": labels, "weights": weights}
