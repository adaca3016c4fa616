"""The last layer of a BERT classifier, computed for its `[CLS]` token alone.

The classifier's head reads nothing else of that layer. The queries, the output projection and the
feed-forward part of all other tokens would be computed for nothing: with five layers, a sixth of
all work. The logits are the same. This is for training; what a worker computes is
`worker.classifier.last_layer`.
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

#: The key in `config.json` that is true where the last layer of the model averages.
AVERAGES = "averaging_layer"


def is_bert(model: PreTrainedModel) -> bool:
    """Whether a model has BERT's layers, which this module takes apart."""
    return bool(model.config.model_type == "bert")


@contextmanager
def cls_token_only(model: PreTrainedModel) -> Iterator[None]:
    """Within the block the last layer of a BERT model computes `[CLS]` alone.

    Models of other architectures are left as they are.
    """
    if not is_bert(model):
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
    """`BertLayer.forward` for `[CLS]`: from `(texts, tokens, hidden)` to `(texts, 1, hidden)`.

    The mask is of shape `(texts, 1, tokens, tokens)`, true or 0 where attention is allowed.
    """
    attention = layer.attention.self
    cls = states[:, :1]
    heads = (len(states), -1, attention.num_attention_heads, attention.attention_head_size)
    context = functional.scaled_dot_product_attention(
        attention.query(cls).view(heads).transpose(1, 2),
        attention.key(states).view(heads).transpose(1, 2),
        attention.value(states).view(heads).transpose(1, 2),
        attn_mask=None if attention_mask is None else attention_mask[:, :, :1],
        dropout_p=attention.dropout.p if layer.training else 0.0,
    )
    context = context.transpose(1, 2).flatten(2)
    result: torch.Tensor = layer.feed_forward_chunk(layer.attention.output(context, cls))
    return result
