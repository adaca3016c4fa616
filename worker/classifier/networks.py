"""The classifier's forward passes: without padding for BERT, in the ordinary way for others."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from worker.classifier.cls_token import AVERAGES
from worker.classifier.last_layer import LastLayer
from worker.models.padding import pad, similar_lengths
from worker.models.precision import DTYPES, Precision, convert, finite
from worker.models.unpadded.bert import Encoder, can_be_unpadded
from worker.models.unpadded.sequences import full_passes, full_rows, lay_out, on_device

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from worker.models.windows import Window

#: Most tokens in one forward pass, padding included. On a CPU the activations of a small pass stay
#: in the cache (256 to 2,048 tokens were within 10% of one another); a GPU needs large ones.
PASS_TOKENS = {"cpu": 1024, "cuda": 32_768}


class Network(Protocol):
    """Scores windows of texts."""

    #: Whether the sentences of a window are scored in the same pass.
    scores_sentences: bool

    def passes(self, lengths: Sequence[int]) -> Iterable[list[int]]:
        """Which windows to compute together, given the number of tokens of each."""

    def computed(self, lengths: Sequence[int]) -> int:
        """How many tokens a pass computes, padding included, for windows of these lengths."""

    def prepare(self, most_tokens: int) -> None:
        """Do beforehand what the first pass of each size up to so many tokens would have to do."""

    def logits(self, windows: Sequence[Window]) -> torch.Tensor:
        """The logits of windows, each followed by its sentences if those are scored.

        Returns:
            Of shape `(rows, labels)`, in fp32 on the CPU.

        Raises:
            FloatingPointError: a value is NaN or infinite.
        """


def network(model: Any, precision: Precision, device: torch.device, padding_id: int) -> Network:
    """The forward pass of a model.

    Args:
        model: a classifier in fp32 on `device`, in evaluation mode; it stays as it is.
        precision: the precision of its matrix products.
        device: where to compute.
        padding_id: the id of the padding token.

    Raises:
        StartupError: this build of torch has no kernels for int8.
    """
    if can_be_unpadded(model) and precision in DTYPES:
        return UnpaddedNetwork(model, DTYPES[precision], device)
    if precision is not Precision.FP32:
        model = convert(copy.deepcopy(model), precision, device)
    return PaddedNetwork(model, device, padding_id)


class PaddedNetwork:
    """The library's own forward pass, for any architecture.

    Args:
        model: a classifier in evaluation mode.
        device: where it is.
        padding_id: the id of the padding token.
    """

    scores_sentences = False

    def __init__(self, model: Any, device: torch.device, padding_id: int) -> None:
        self._model = model
        self._device = device
        self._padding_id = padding_id

    def passes(self, lengths: Sequence[int]) -> Iterable[list[int]]:
        """See `Network`."""
        return similar_lengths(lengths, PASS_TOKENS[self._device.type])

    def computed(self, lengths: Sequence[int]) -> int:
        """See `Network`."""
        return len(lengths) * max(lengths)

    def prepare(self, most_tokens: int) -> None:
        """Nothing; see `Network`."""

    def logits(self, windows: Sequence[Window]) -> torch.Tensor:
        """See `Network`."""
        batch = pad([window.token_ids for window in windows], self._padding_id)
        ids, mask = batch.ids.to(self._device), batch.mask.to(self._device)
        with torch.inference_mode():
            logits = self._model(input_ids=ids, attention_mask=mask.long()).logits
            return finite(logits.float().cpu())


class UnpaddedNetwork:
    """BERT with the windows of a pass laid end to end, and its last layer for `[CLS]` alone.

    Args:
        model: a `BertForSequenceClassification` in fp32 on `device`.
        dtype: the precision of the matrix products and of the attention.
        device: where to compute.
    """

    def __init__(self, model: Any, dtype: torch.dtype, device: torch.device) -> None:
        self.scores_sentences = bool(getattr(model.config, AVERAGES, False))
        self._device = device
        layers = model.bert.encoder.layer
        self._encoder = Encoder(model.bert, dtype, len(layers) - 1)
        self._last = LastLayer(layers[-1], dtype)
        self._pooler = model.bert.pooler
        self._head = model.classifier

    def passes(self, lengths: Sequence[int]) -> Iterable[list[int]]:
        """See `Network`."""
        return full_passes(lengths, PASS_TOKENS[self._device.type])

    def computed(self, lengths: Sequence[int]) -> int:
        """See `Network`."""
        return sum(lengths)

    def prepare(self, most_tokens: int) -> None:
        """See `Network`."""
        self._encoder.prepare(most_tokens)

    def logits(self, windows: Sequence[Window]) -> torch.Tensor:
        """See `Network`."""
        parts, rows = self._parts(windows)
        count = rows.shape[1]
        more = full_rows(count, self._device) - count
        rows = np.pad(rows, ((0, 0), (0, more)))  # the whole of the first window again
        with torch.inference_mode():
            batch = lay_out([window.token_ids for window in windows], self._device)
            flat, texts, numbers = on_device([parts.ravel(), *rows], self._device)
            states = self._encoder(batch)
            states = self._last(
                states, batch, flat.view(parts.shape), torch.stack([texts, numbers])
            )[:count]
            pooled = self._pooler.activation(self._pooler.dense(states))
            # Copied before it is looked at: one wait for a GPU, not two.
            return finite(self._head(pooled).float().cpu())

    def _parts(self, windows: Sequence[Window]) -> tuple[np.ndarray, np.ndarray]:
        """What `LastLayer` is told of the parts of windows: the whole and the sentences."""
        of_windows = [
            [
                (0, len(window.token_ids)),
                *((s.first, s.last) for s in window.sentences if self.scores_sentences),
            ]
            for window in windows
        ]
        counts = [len(parts) for parts in of_windows]
        table = np.empty((len(windows), max(counts), 2), dtype=np.int64)
        for at, parts in enumerate(of_windows):
            table[at] = parts[0]  # also where a window has fewer sentences than others
            table[at, : len(parts)] = parts
        texts = np.repeat(np.arange(len(windows)), counts)
        numbers = np.concatenate([np.arange(count) for count in counts])
        return table, np.stack([texts, numbers])
