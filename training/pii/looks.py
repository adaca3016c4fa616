"""The loss of a tagger that looks twice at what it is unsure of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from training.pii.encoding import IGNORED
from worker.anonymizer.taggers import second_look

if TYPE_CHECKING:
    from collections.abc import Mapping

    from transformers import BertForTokenClassification

#: The second look learns from texts with a token that is personal data with a probability between
#: these: a little more than what it is shown later.
_LEAST, _MOST = 0.08, 0.98


def loss_of_looks(
    model: BertForTokenClassification, batch: Mapping[str, torch.Tensor]
) -> torch.Tensor:
    """The cross entropy of the first look, and that of the second where there is one.

    The second look learns from the texts that it will be shown, those in which the first is unsure
    of a word; and what it learns reaches the first layers as well.

    Args:
        model: with token types, in training mode.
        batch: tensors of shape `(texts, tokens)`, see `collate`.
    """
    labels = batch["labels"]
    attended = batch["attention_mask"][:, None, None].bool()
    states = model.bert.embeddings(
        input_ids=batch["input_ids"], token_type_ids=batch["token_type_ids"]
    )
    layers = model.bert.encoder.layer
    first = second_look.first_layers(model) or len(layers)
    for layer in layers[:first]:
        states = layer(states, attended)
    logits = model.classifier(model.dropout(states))
    loss = _cross_entropy(logits, labels)
    if first == len(layers):
        return loss
    unsure = _unsure(logits.detach(), labels, second_look.outside(model))
    if not bool(unsure.any()):
        return loss
    states, attended, labels = states[unsure], attended[unsure], labels[unsure]
    for layer in layers[first:]:
        states = layer(states, attended)
    return loss + _cross_entropy(model.classifier(model.dropout(states)), labels)


def _cross_entropy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED)


def _unsure(logits: torch.Tensor, labels: torch.Tensor, outside: int) -> torch.Tensor:
    """Which texts hold a token that gets a second look, of shape `(texts,)`."""
    inside = 1.0 - torch.softmax(logits, dim=-1)[..., outside]
    seen = (inside > _LEAST) & (inside < _MOST) & (labels != IGNORED)
    return seen.any(dim=1)
