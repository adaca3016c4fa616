"""BERT's embeddings and layers, computed without padding.

The outputs are those of Hugging Face's `BertModel`, but for rounding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from worker.models.unpadded.attention import attend
from worker.models.unpadded.linear import Linear
from worker.models.unpadded.model import BertWeights
from worker.models.unpadded.sequences import numbers_of_rows

if TYPE_CHECKING:
    from worker.models.unpadded.sequences import Sequences

_ACTIVATION = "gelu"
#: Hugging Face's class, told by its name: to import it takes seconds, and few models are of it.
_LIBRARY = ("transformers.models.bert.modeling_bert", "BertModel")
#: So many token types are added to all positions beforehand.
_FEW_TYPES = 8


def can_be_unpadded(model: Any) -> bool:
    """Whether a model is a plain BERT with a head; others compute in the ordinary way."""
    bert: Any = getattr(model, "bert", None)
    return (
        _is_bert(bert)
        and bert.config.model_type == "bert"
        and bert.config.hidden_act == _ACTIVATION
        and not bert.config.is_decoder
    )


def _is_bert(model: Any) -> bool:
    names = ((base.__module__, base.__name__) for base in type(model).__mro__)
    return isinstance(model, BertWeights) or _LIBRARY in names


class Layer:
    """One layer of BERT: attention, a feed-forward part, and a normalized sum behind each.

    Sums and their normalization stay in fp32 whatever `dtype` is: they are little work, and scores
    differ a third less from those in fp32.

    Args:
        layer: a `BertLayer`.
        dtype: the precision of the matrix products and of the attention.
        projected: whether queries, keys and values are needed.
    """

    def __init__(self, layer: Any, dtype: torch.dtype, *, projected: bool = True) -> None:
        attention = layer.attention.self
        self.heads: int = attention.num_attention_heads
        parts = (attention.query, attention.key, attention.value)
        self._project = Linear(parts, dtype) if projected else None
        self._attended = Linear([layer.attention.output.dense], dtype)
        self._attended_norm = layer.attention.output.LayerNorm
        self._inner = Linear([layer.intermediate.dense], dtype)
        self._outer = Linear([layer.output.dense], dtype)
        self._outer_norm = layer.output.LayerNorm

    def __call__(self, states: torch.Tensor, batch: Sequences) -> torch.Tensor:
        """From the output of the layer below to that of this one: `(tokens, hidden)`, fp32."""
        assert self._project is not None
        return self.after_attention(attend(self._project(states), batch, self.heads), states)

    def prepare(self, most_rows: int) -> None:
        """Let oneDNN make its programs for every number of rows up to this, where it computes."""
        if self._project is None or not self._project.is_packed:
            return
        with torch.inference_mode():
            for rows in numbers_of_rows(most_rows):
                states = torch.zeros(rows, *self._outer_norm.normalized_shape)
                self._project(states)
                self.after_attention(states, states)

    def after_attention(self, context: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
        """What the layer makes of what tokens took from others.

        Args:
            context: what each token took, of shape `(tokens, hidden)`.
            states: the output of the layer below for these tokens, of the same shape.
        """
        states = _normalized(self._attended_norm, self._attended(context), states)
        return _normalized(self._outer_norm, self._outer(self._inner.gelu(states)), states)


def _normalized(norm: Any, change: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
    """The sum of both, normalized: of shape `(tokens, hidden)`, fp32."""
    return functional.layer_norm(
        change + states, norm.normalized_shape, norm.weight, norm.bias, norm.eps
    )


class Encoder:
    """The embeddings of a BERT model and its lower layers.

    Args:
        bert: a `BertModel` in fp32; its linear layers are not needed afterwards.
        dtype: the precision of the matrix products and of the attention.
        layers: how many layers to compute, from below; all by default.
    """

    def __init__(self, bert: Any, dtype: torch.dtype, layers: int | None = None) -> None:
        embeddings = bert.embeddings
        self._words = embeddings.word_embeddings.weight.detach()
        self._norm = embeddings.LayerNorm
        positions = embeddings.position_embeddings.weight.detach()
        types = embeddings.token_type_embeddings.weight.detach()
        # The sums of each position with each type, so that a token needs one of them. Of many types
        # they would take hundreds of megabytes: then types are told by their differences from the
        # first, of which there are sums.
        self._changes = types - types[0] if len(types) > _FEW_TYPES else None
        summed = types if self._changes is None else types[:1]
        self._places = (summed[:, None] + positions[None]).flatten(0, 1)
        self._positions = len(positions)
        self._layers = [Layer(layer, dtype) for layer in bert.encoder.layer[:layers]]

    def prepare(self, most_rows: int) -> None:
        """Prepare for passes of up to so many rows; see `Layer.prepare`. All layers are alike."""
        for layer in self._layers[:1]:
            layer.prepare(most_rows)

    def __call__(self, batch: Sequences) -> torch.Tensor:
        """The states of all tokens behind the layers, of shape `(tokens, hidden)`, in fp32."""
        states = functional.embedding(batch.ids, self._words)
        places = batch.positions
        if batch.types is not None:
            if self._changes is None:
                places = places + self._positions * batch.types
            else:
                states += functional.embedding(batch.types, self._changes)
        states += functional.embedding(places, self._places)
        norm = self._norm
        states = functional.layer_norm(
            states, norm.normalized_shape, norm.weight, norm.bias, norm.eps
        )
        for layer in self._layers:
            states = layer(states, batch)
        return states
