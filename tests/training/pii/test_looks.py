"""What the two looks of a tagger learn from."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import BertConfig, BertForTokenClassification

from training.pii.encoding import IGNORED, LABELS
from training.pii.looks import loss_of_looks


def tagger(*, first: int | None) -> Any:
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=40,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        initializer_range=0.5,
        id2label=dict(enumerate(LABELS)),
        label2id={label: i for i, label in enumerate(LABELS)},
    )
    if first:
        config.first_layers = first
    return BertForTokenClassification(config).eval()


def batch() -> dict[str, torch.Tensor]:
    ids = torch.tensor([[2, 7, 8, 9, 3], [2, 11, 3, 0, 0]])
    attended = (ids > 0).long()
    labels = torch.where((ids > 3), ids % 3, IGNORED)
    return {
        "input_ids": ids,
        "token_type_ids": torch.zeros_like(ids),
        "attention_mask": attended,
        "labels": labels,
    }


def test_the_loss_of_one_look_is_that_of_the_library() -> None:
    model = tagger(first=None)
    expected = model(**batch()).loss
    assert torch.allclose(loss_of_looks(model, batch()), expected, atol=1e-5)


def test_the_loss_of_two_looks_is_that_of_both() -> None:
    model = tagger(first=1)
    whole = model(**batch(), output_hidden_states=True)
    first = model.classifier(whole.hidden_states[1])
    loss = torch.nn.functional.cross_entropy(
        first.flatten(0, 1), batch()["labels"].flatten(), ignore_index=IGNORED
    )
    assert torch.allclose(loss_of_looks(model, batch()), loss + whole.loss, atol=1e-5)


@pytest.mark.parametrize("sure_of", ["O", "PERSON"])
def test_the_second_look_learns_nothing_from_what_the_first_is_sure_of(sure_of: str) -> None:
    model = tagger(first=1)
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.zero_()
        model.classifier.bias[LABELS.index(sure_of)] = 30.0
    loss_of_looks(model, batch()).backward()
    second = model.bert.encoder.layer[1]
    assert all(parameter.grad is None for parameter in second.parameters())
