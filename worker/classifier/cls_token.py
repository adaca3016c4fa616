"""Computing a BERT classifier's last layer for its first token only.

The classifier reads nothing else of that layer, so the queries, the output projection and the
feed-forward part of all other tokens are work for nothing: with five layers, a sixth of it all.
The results are the same.

The first token can also read the text more than once: as a whole, and each sentence by itself,
with its attention kept to that sentence. Everything below is shared, so this costs next to
nothing. It tells which sentence carries a label where the last layer gathers what the others
found, as the averaging layer of `training.finetuning.averaging_layer` does.
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

#: In the model's configuration: its last layer averages, see `training.finetuning.averaging_layer`.
AVERAGES = "averaging_layer"


def is_bert(model: PreTrainedModel) -> bool:
    """Whether a model is built as this module expects."""
    return bool(model.config.model_type == "bert")


@contextmanager
def first_token_only(model: PreTrainedModel) -> Iterator[None]:
    """Within the block the last layer of a BERT model gives one token; others are left alone."""
    if not is_bert(model):
        yield
        return
    last = model.base_model.encoder.layer[-1]
    last.forward = partial(_forward, last)
    try:
        yield
    finally:
        del last.forward


def read(
    model: Any, ids: torch.Tensor, mask: torch.Tensor, parts: torch.Tensor | None = None
) -> torch.Tensor:
    """Logits of a BERT classifier for whole texts and for parts of them.

    Args:
        model: a `BertForSequenceClassification` in evaluation mode.
        ids: token ids of shape `(texts, tokens)`.
        mask: true where there is a token, of the same shape.
        parts: true where a part has its tokens, of shape `(texts, parts, tokens)`; none by default.

    Returns:
        Logits of shape `(texts, 1 + parts, labels)`: the whole text first.
    """
    encoder = model.bert.encoder.layer
    seen = mask[:, None, None, :]
    states = model.bert.embeddings(ids)
    for layer in encoder[:-1]:
        states = layer(states, attention_mask=seen.expand(-1, 1, ids.shape[1], -1))
    readings = seen if parts is None else torch.cat([seen, parts[:, None]], dim=2)
    gathered = _gather(encoder[-1], states, readings)
    pooler = model.bert.pooler
    logits: torch.Tensor = model.classifier(pooler.activation(pooler.dense(gathered)))
    return logits


def _forward(
    layer: Any, states: torch.Tensor, attention_mask: torch.Tensor | None = None, *_: Any, **__: Any
) -> torch.Tensor:
    """`BertLayer.forward` for the first token: `(batch, tokens, hidden)` to `(batch, 1, hidden)`.

    The mask is of shape `(batch, 1, tokens, tokens)`, true or 0 where attention is allowed.
    """
    return _gather(layer, states, None if attention_mask is None else attention_mask[:, :, :1])


def _gather(layer: Any, states: torch.Tensor, readings: torch.Tensor | None) -> torch.Tensor:
    """The layer's first token, once for each reading: `(batch, readings, hidden)`.

    A reading is a mask of what the first token attends to; all are of shape
    `(batch, 1, readings, tokens)`. Without any it attends to all tokens.
    """
    attention = layer.attention.self
    count = 1 if readings is None else readings.shape[2]
    first = states[:, :1]
    heads = (len(states), -1, attention.num_attention_heads, attention.attention_head_size)
    context = functional.scaled_dot_product_attention(
        attention.query(first).view(heads).transpose(1, 2).expand(-1, -1, count, -1),
        attention.key(states).view(heads).transpose(1, 2),
        attention.value(states).view(heads).transpose(1, 2),
        attn_mask=readings,
        dropout_p=attention.dropout.p if layer.training else 0.0,
    )
    context = context.transpose(1, 2).flatten(2)
    result: torch.Tensor = layer.feed_forward_chunk(
        layer.attention.output(context, first.expand(-1, count, -1))
    )
    return result
