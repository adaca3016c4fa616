"""The last layer of a BERT classifier for its `[CLS]` token alone, without keys and values.

The classifier's head reads nothing else of that layer. `[CLS]` can be computed several times at
little cost: attending to the whole text, and attending to one sentence at a time. Where the layer
averages the values of the tokens it attends to, as the averaging layer of
`training.finetuning.averaging_layer` does, the logits of a sentence tell whether it carries a
label.

As only one token of a text asks, no token needs its own keys and values. The score of a token is
`q . (K x) = (K^T q) . x`: one vector for each head, multiplied with the tokens as they are. What is
taken is a weighted mean of values, which is the value of the weighted mean: `sum(a V x) =
V sum(a x)`. (The bias of the keys adds the same to all scores of a head, and softmax ignores it.)
For a text of 64 tokens that is a tenth of the products.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

from worker.models.unpadded.bert import Layer

if TYPE_CHECKING:
    from worker.models.unpadded.sequences import Sequences


class LastLayer:
    """Computes `[CLS]` once for each part of each text.

    Args:
        layer: a `BertLayer`, whose attention is computed in fp32.
        dtype: the precision of the other matrix products.
    """

    def __init__(self, layer: Any, dtype: torch.dtype) -> None:
        attention = layer.attention.self
        by_head = (attention.num_attention_heads, attention.attention_head_size, -1)
        self._query = attention.query
        self._keys = attention.key.weight.detach().view(by_head)
        self._values = attention.value.weight.detach().view(by_head)
        self._value_bias = attention.value.bias.detach()
        self._scale = 1.0 / math.sqrt(attention.attention_head_size)
        self._layer = Layer(layer, dtype, projected=False)

    def __call__(
        self, states: torch.Tensor, batch: Sequences, parts: torch.Tensor, rows: torch.Tensor
    ) -> torch.Tensor:
        """The states of `[CLS]` behind this layer, of shape `(rows, hidden)`, in fp32.

        Args:
            states: the output of the layer below, of shape `(tokens, hidden)`.
            batch: the texts.
            parts: the first token of each part of each text, and the one behind its last, counted
                from the start of the text: of shape `(texts, parts, 2)`. No part is empty.
            rows: for each state wanted its text and its part, of shape `(2, rows)`.
        """
        starts = batch.bounds[:-1]
        places = torch.arange(max(batch.lengths), device=states.device)
        # Behind the end of a text stand tokens of others: they are in no part of it.
        tokens = states[(starts[:, None] + places).clamp_(max=len(states) - 1)]
        cls = states[starts]
        queries = self._query(cls).view(len(cls), *self._keys.shape[:2]) * self._scale
        asked = torch.einsum("thd,hdk->thk", queries, self._keys)
        scores = asked @ tokens.transpose(1, 2)
        inside = (places >= parts[..., :1]) & (places < parts[..., 1:])
        weights = scores[:, None].masked_fill(~inside[:, :, None], -math.inf).softmax(dim=-1)
        means = (weights.flatten(1, 2) @ tokens).view(*weights.shape[:3], -1)
        taken = torch.einsum("rhk,hdk->rhd", means[rows[0], rows[1]], self._values)
        context = taken.flatten(1) + self._value_bias
        return self._layer.after_attention(context, cls[rows[0]])
