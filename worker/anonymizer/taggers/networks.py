"""The tagger's forward passes: without padding for BERT, in the ordinary way for others."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Protocol

import torch

from worker.anonymizer.taggers import second_look
from worker.models.padding import pad, similar_lengths
from worker.models.precision import DTYPES, Precision, convert, finite
from worker.models.unpadded.bert import Encoder, Layer, can_be_unpadded
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
        first = second_look.first_layers(self._model)
        with torch.inference_mode():
            on_device = {name: t.to(self._device) for name, t in given.items()}
            found = self._model(**on_device, output_hidden_states=first is not None)
            logits = found.logits.float().cpu()[batch.mask]
            if first is not None:  # all is read twice, and counts where it would elsewhere
                before = self._model.classifier(found.hidden_states[first])
                before = before.float().cpu()[batch.mask]
                lengths = [len(sequence) for sequence in sequences]
                shares = second_look.shares(before, second_look.names(self._model), lengths)
                logits = torch.lerp(before, logits, shares[:, None])
            return finite(logits)


class UnpaddedNetwork:
    """BERT with the sequences of a pass laid end to end.

    Args:
        model: a `BertForTokenClassification` in fp32 on `device`.
        dtype: the precision of the matrix products and of the attention.
        device: where to compute.
    """

    def __init__(self, model: Any, dtype: torch.dtype, device: torch.device) -> None:
        self._device = device
        first = second_look.first_layers(model)
        self._encoder = Encoder(model.bert, dtype, first)
        # Empty for a tagger that looks once.
        more = model.bert.encoder.layer[first:] if first else []
        self._more = [Layer(layer, dtype) for layer in more]
        self._names = second_look.names(model) if first else []
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
            logits = finite(self._head(states).float().cpu())
            return self._second_look(states, logits, batch.lengths) if self._more else logits

    def _second_look(
        self, states: torch.Tensor, logits: torch.Tensor, lengths: Sequence[int]
    ) -> torch.Tensor:
        """The logits, with those of a second look where the first one is unsure.

        Args:
            states: of the first look, of shape `(tokens, hidden)`.
            logits: of the first look, of shape `(tokens, labels)`.
            lengths: the tokens of each sequence.
        """
        shares = second_look.shares(logits, self._names, lengths)
        found = second_look.excerpts(shares.numpy() > 0.0, lengths)
        if not found:
            return logits
        batch = lay_out([rows.tolist() for rows in found], self._device)  # of rows, not of ids
        again = states[batch.ids]
        for layer in self._more:
            again = layer(again, batch)
        rows = batch.ids[: batch.tokens].cpu()
        judged = finite(self._head(again[: batch.tokens]).float().cpu())
        logits[rows] = torch.lerp(logits[rows], judged, shares[rows, None])
        return logits
