"""The last layer of a BERT classifier, computed for its `[CLS]` token alone.

The classifier's head reads nothing else of that layer. The queries, the output projection and the
feed-forward part of all other tokens would be computed for nothing: with five layers, a sixth of
all work. The logits are the same. This is for training; what a worker computes is
`worker.classifier.last_layer`.

`[CLS]` can also be computed several times in one pass: attending to the whole text, and attending
to one sentence at a time. The layers below are shared, so this costs next to nothing. Where the
last layer averages the values of the tokens it attends to, as the averaging layer of
`training.finetuning.averaging_layer` does, the logits of a sentence tell whether it carries a
label.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def cls_logits(
    model: Any, ids: torch.Tensor, mask: torch.Tensor, parts: torch.Tensor | None = None
) -> torch.Tensor:
    """Logits of a BERT classifier for whole texts and for parts of them.

    Args:
        model: a `BertForSequenceClassification`.
        ids: token ids of shape `(texts, tokens)`.
        mask: true where there is a token and not padding, of shape `(texts, tokens)`.
        parts: true at the tokens of each part, of shape `(texts, parts, tokens)`; no parts by
            default.

    Returns:
        Logits of shape `(texts, 1 + parts, labels)`: the whole text first.
    """
    logits: torch.Tensor = model.classifier(model.dropout(cls_pooled(model, ids, mask, parts)))
    return logits


def cls_pooled(
    model: Any, ids: torch.Tensor, mask: torch.Tensor, parts: torch.Tensor | None = None
) -> torch.Tensor:
    """What the head of a BERT classifier reads; arguments as of `cls_logits`.

    Returns:
        Shape `(texts, 1 + parts, hidden)`.
    """
    layers = model.bert.encoder.layer
    whole = mask[:, None, None, :]
    states = model.bert.embeddings(ids)
    for layer in layers[:-1]:
        states = layer(states, attention_mask=whole.expand(-1, 1, ids.shape[1], -1))
    masks = whole if parts is None else torch.cat([whole, parts[:, None]], dim=2)
    pooler = model.bert.pooler
    pooled: torch.Tensor = pooler.activation(pooler.dense(_cls_states(layers[-1], states, masks)))
    return pooled


def _forward(
    layer: Any, states: torch.Tensor, attention_mask: torch.Tensor | None = None, *_: Any, **__: Any
) -> torch.Tensor:
    """`BertLayer.forward` for `[CLS]`: from `(texts, tokens, hidden)` to `(texts, 1, hidden)`.

    The mask is of shape `(texts, 1, tokens, tokens)`, true or 0 where attention is allowed.
    """
    return _cls_states(layer, states, None if attention_mask is None else attention_mask[:, :, :1])


def _cls_states(layer: Any, states: torch.Tensor, masks: torch.Tensor | None) -> torch.Tensor:
    """A layer's output for `[CLS]`, once for each mask.

    Args:
        layer: a `BertLayer`.
        states: the output of the layer below, of shape `(texts, tokens, hidden)`.
        masks: what `[CLS]` attends to, of shape `(texts, 1, masks, tokens)`; all tokens if None.

    Returns:
        Hidden states of shape `(texts, masks, hidden)`.
    """
    attention = layer.attention.self
    count = 1 if masks is None else masks.shape[2]
    cls = states[:, :1]
    heads = (len(states), -1, attention.num_attention_heads, attention.attention_head_size)
    context = functional.scaled_dot_product_attention(
        attention.query(cls).view(heads).transpose(1, 2).expand(-1, -1, count, -1),
        attention.key(states).view(heads).transpose(1, 2),
        attention.value(states).view(heads).transpose(1, 2),
        attn_mask=masks,
        dropout_p=attention.dropout.p if layer.training else 0.0,
    )
    context = context.transpose(1, 2).flatten(2)
    result: torch.Tensor = layer.feed_forward_chunk(
        layer.attention.output(context, cls.expand(-1, count, -1))
    )
    return result
