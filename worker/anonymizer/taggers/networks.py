"""The tagger's forward passes: without padding for BERT, in the ordinary way for others."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Protocol

import torch

from worker.models.padding import pad, similar_lengths
from worker.models.precision import DTYPES, Precision, convert, finite
from worker.models.unpadded.bert import Encoder, can_be_unpadded
from worker.models.unpadded.sequences import full_passes, lay_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Most tokens, padding included, in one forward pass.
PASS_TOKENS = {"cpu": 1024, "cuda": 32_768}


class Network(Protocol):
    """Scores the tokens of sequences."""

    def passes(self, lengths: Sequence[int]) -> Iterable[list[int]]:
        """Which sequences to compute together, given the number of tokens of each."""

    def prepare(self, most_tokens: int) -> None:
        """Do beforehand what the first pass of each size up to so many tokens would have to do."""

    def logits(
        self, sequences: Sequence[Sequence[int]], types: Sequence[Sequence[int]] | None
    ) -> torch.Tensor:
        """The logits of the tokens of all sequences, one sequence behind the other.

        Args:
            sequences: token ids, special tokens included; at least one sequence.
            types: the token type of each token; none are given to the model by default.

        Returns:
            Of shape `(tokens, labels)`, in fp32 on the CPU.

        Raises:
            FloatingPointError: a value is NaN or infinite.
        """


def network(model: Any, precision: Precision, device: torch.device, padding_id: int) -> Network:
    """The forward pass of a model.

    Args:
        model: a token classifier in fp32 on `device`, in evaluation mode; it stays as it is.
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
        model: gives logits of shape `(texts, tokens, labels)` for token ids.
        device: where it is.
        padding_id: the id of the padding token.
    """

    def __init__(self, model: Any, device: torch.device, padding_id: int) -> None:
        self._model = model
        self._device = device
        self._padding_id = padding_id

    def passes(self, lengths: Sequence[int]) -> Iterable[list[int]]:
        """See `Network`."""
        return similar_lengths(lengths, PASS_TOKENS[self._device.type])

    def prepare(self, most_tokens: int) -> None:
        """Nothing; see `Network`."""

    def logits(
        self, sequences: Sequence[Sequence[int]], types: Sequence[Sequence[int]] | None
    ) -> torch.Tensor:
        """See `Network`."""
        batch = pad(sequences, self._padding_id)
        given = {"input_ids": batch.ids, "attention_mask": batch.mask.long()}
        if types is not None:
            given["token_type_ids"] = batch.like(types)
        with torch.inference_mode():
            logits = self._model(**{name: t.to(self._device) for name, t in given.items()}).logits
            return finite(logits.float().cpu()[batch.mask])


class UnpaddedNetwork:
    """BERT with the sequences of a pass laid end to end.

    Args:
        model: a `BertForTokenClassification` in fp32 on `device`.
        dtype: the precision of the matrix products and of the attention.
        device: where to compute.
    """

    def __init__(self, model: Any, dtype: torch.dtype, device: torch.device) -> None:
        self._device = device
        self._encoder = Encoder(model.bert, dtype)
        self._head = model.classifier

    def passes(self, lengths: Sequence[int]) -> Iterable[list[int]]:
        """See `Network`."""
        return full_passes(lengths, PASS_TOKENS[self._device.type])

    def prepare(self, most_tokens: int) -> None:
        """See `Network`."""
        self._encoder.prepare(most_tokens)

    def logits(
        self, sequences: Sequence[Sequence[int]], types: Sequence[Sequence[int]] | None
    ) -> torch.Tensor:
        """See `Network`."""
        with torch.inference_mode():
            batch = lay_out(sequences, self._device, types)
            states = self._encoder(batch)[: batch.tokens]
            # Copied before it is looked at: one wait for a GPU, not two.
            return finite(self._head(states).float().cpu())
