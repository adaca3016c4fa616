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
        dataset: the columns `input_ids`, `length`, `labels` and `weight`, shortest first; no text.
            With sentences also `parts`, the first and last token (exclusive) of each, and
            `part_labels`, what is to be learnt of each; empty where nothing is.
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
            to 1; every window if left out. For training: a label is to be learnt from the window
            with its evidence; where that is not marked, it is most often in the first one.
        weights: how much each text counts; the same by default.

    Raises:
        DataError: no text has a token that the model knows.
    """
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
    rows = raw.map(
        _Cutter(tokenizer, window_tokens, only_at_place=places is not None),
        batched=True,
        batch_size=_MAP_BATCH,
        remove_columns=raw.column_names,
        keep_in_memory=True,
        load_from_cache_file=False,
    )
    if not len(rows):
        raise DataError("the model knows no word of these entries")
    # Similar lengths side by side: little padding where windows are taken in order.
    rows = rows.select(np.argsort(rows["length"], kind="stable"), keep_in_memory=True)
    index = np.asarray(rows["index"], dtype=np.int64)
    return Windows(rows.remove_columns("index"), index, len(texts))


class _Cutter:
    """Turns a batch of texts into rows of windows, for `datasets.Dataset.map`.

    Args:
        tokenizer: a fast tokenizer.
        window_tokens: most tokens in a window, special tokens included.
        only_at_place: of each text keep only the window that holds its place.
    """

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, window_tokens: int, *, only_at_place: bool
    ) -> None:
        self._tokenizer = tokenizer
        self._before, self._after = special_tokens(tokenizer)
        self._room = window_tokens - len(self._before) - len(self._after)
        self._only_at_place = only_at_place

    def __call__(self, batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
        """Columns of the windows, from the columns of the texts."""
        encoded = tokenize_with_offsets(self._tokenizer, batch["text"])
        columns: dict[str, list[Any]] = {
            name: [] for name in ("input_ids", "labels", "length", "index", "weight")
        }
        for at, text in enumerate(batch["text"]):
            ids, offsets = encoded["input_ids"][at], encoded["offset_mapping"][at]
            pieces = self._pieces(text, ids, offsets)
            if self._only_at_place and len(pieces) > 1:
                pieces = [_holding(batch["place"][at] * len(text), pieces, offsets)]
            for first, last in pieces:
                full = [*self._before, *ids[first:last], *self._after]
                columns["input_ids"].append(full)
                columns["length"].append(len(full))
                for name in ("labels", "index", "weight"):
                    columns[name].append(batch[name][at])
        return columns

    def _pieces(
        self, text: str, ids: list[int], offsets: list[tuple[int, int]]
    ) -> list[tuple[int, int]]:
        """First and last token (exclusive) of each window, without special tokens."""
        ends = windows.sentence_ends(text) if len(ids) > self._room else []
        return windows.cut(ids, offsets, ends, self._room)


def _holding(
    character: float, pieces: Sequence[tuple[int, int]], offsets: Sequence[tuple[int, int]]
) -> tuple[int, int]:
    """The piece that holds this character of the text, or the last one if it lies behind all."""
    return next((p for p in pieces if offsets[p[1] - 1][1] > character), pieces[-1])


class Collator:
    """Pads windows to the longest of their batch, no further."""

    def __init__(self, pad_token_id: int) -> None:
        self._pad = pad_token_id

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        """Tensors `input_ids` and `attention_mask` of shape `(rows, longest)`.

        Also `labels` of shape `(rows, labels)`, NaN where unknown, and `weights` of `(rows,)`. With
        parts also `parts` of shape `(rows, most parts, longest)`, true at the tokens of each and
        elsewhere the whole window, and `part_labels` of shape `(rows, most parts, labels)`.
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
        batch = {"input_ids": ids, "attention_mask": mask, "labels": labels, "weights": weights}
        return batch | _parts(rows, mask.bool(), labels.shape[1])


def _parts(
    rows: Sequence[dict[str, Any]], mask: torch.Tensor, labels: int
) -> dict[str, torch.Tensor]:
    most = max(len(row.get("parts", ())) for row in rows)
    if not most:
        return {}
    parts = mask[:, None].repeat(1, most, 1)
    targets = torch.full((len(rows), most, labels), float("nan"))
    for at, row in enumerate(rows):
        for number, (first, last) in enumerate(row["parts"]):
            parts[at, number] = False
            parts[at, number, first:last] = True
        for number, known in enumerate(row.get("part_labels", ())):
            targets[at, number] = torch.tensor(known)
    return {"parts": parts, "part_labels": targets}
