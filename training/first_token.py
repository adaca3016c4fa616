"""Computing a BERT classifier's last layer for its first token only.

The classifier reads nothing else of that layer, so the queries, the output projection and the
feed-forward part of all other tokens are work for nothing: with four layers, a fifth of it all.
The results are the same.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch
    from transformers import PreTrainedModel


@contextmanager
def first_token_only(model: PreTrainedModel) -> Iterator[None]:
    """Within the block the last layer of a BERT model gives one token; others are left alone."""
    if model.config.model_type != "bert":
        yield
        return
    last = model.base_model.encoder.layer[-1]
    last.forward = partial(_forward, last)
    try:
        yield
    finally:
        del last.forward


def _forward(
    layer: Any, states: torch.Tensor, attention_mask: torch.Tensor | None = None, *_: Any, **__: Any
) -> torch.Tensor:
    """`BertLayer.forward` for the first token: `(batch, tokens, hidden)` to `(batch, 1, hidden)`.

    The mask is of shape `(batch, 1, tokens, tokens)`, true or 0 where attention is allowed.
    """
    attention = layer.attention.self
    first = states[:, :1]
    heads = (len(states), -1, attention.num_attention_heads, attention.attention_head_size)
    context = functional.scaled_dot_product_attention(
        attention.query(first).view(heads).transpose(1, 2),
        attention.key(states).view(heads).transpose(1, 2),
        attention.value(states).view(heads).transpose(1, 2),
        attn_mask=None if attention_mask is None else attention_mask[:, :, :1],
        dropout_p=attention.dropout.p if layer.training else 0.0,
    )
    context = context.transpose(1, 2).flatten(2)
    result: torch.Tensor = layer.feed_forward_chunk(layer.attention.output(context, first))
    return result
