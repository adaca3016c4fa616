"""Words that the first layers are unsure of are judged again by further layers."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForTokenClassification

from worker.anonymizer.taggers import second_look
from worker.anonymizer.taggers.networks import PaddedNetwork, UnpaddedNetwork
from worker.models.unpadded.bert import Encoder

CPU = torch.device("cpu")
LENGTHS = (9, 4, 40, 2, 70)


def looking_twice() -> Any:
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=50,
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=64,
        initializer_range=0.5,
        id2label={0: "O", 1: "PERSON", 2: "LOCATION"},
        label2id={"O": 0, "PERSON": 1, "LOCATION": 2},
    )
    config.first_layers = 1
    model = BertForTokenClassification(config).eval()
    model.classifier.weight.data.mul_(0.25)  # often unsure
    return model


def sequences() -> list[list[int]]:
    draw = torch.Generator().manual_seed(3)
    return [
        [2, *torch.randint(4, 50, (length - 2,), generator=draw).tolist(), 3] for length in LENGTHS
    ]


def looks(model: Any, ids: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """The logits behind the first layers and behind all, by the library."""
    with torch.inference_mode():
        found = model(input_ids=torch.tensor([ids]), output_hidden_states=True)
        return model.classifier(found.hidden_states[1])[0], found.logits[0]


def test_a_token_counts_by_how_unsure_the_first_look_is() -> None:
    inside = torch.tensor([0.01, *[0.02] * 4, 0.15, *[0.02] * 4, 0.5, *[0.999] * 4, 0.925, 0.5])
    logits = torch.stack([1 - inside, inside], dim=1).log()
    found = second_look.shares(logits, [1], [len(inside)])
    assert found[[0, 2, 5, 10, 14]].tolist() == pytest.approx([0.0, 0.0, 0.5, 1.0, 0.5], abs=1e-4)
    assert found[8:13].tolist() == [1.0] * 5


def test_special_tokens_do_not_count_however_unsure() -> None:
    inside = torch.tensor([0.5, 0.01, 0.01, 0.5, 0.5, 0.01, 0.5])
    logits = torch.stack([1 - inside, inside], dim=1).log()
    assert second_look.shares(logits, [1], [4, 3]).tolist() == [0.0] * 7


@pytest.mark.parametrize("kind", [UnpaddedNetwork, PaddedNetwork])
def test_what_is_unsure_gets_the_logits_of_all_layers(
    monkeypatch: pytest.MonkeyPatch, kind: type
) -> None:
    monkeypatch.setattr(second_look, "CONTEXT", 100)
    model = looking_twice()
    last = torch.float32 if kind is UnpaddedNetwork else CPU
    passes = kind(model, last, CPU) if kind is UnpaddedNetwork else kind(model, CPU, 0)
    texts = sequences()
    found = passes.logits(texts, None)
    start, twice = 0, 0
    for ids in texts:
        first, second = looks(model, ids)
        mine = found[start : start + len(ids)]
        shares = second_look.shares(first, [1, 2], [len(ids)])
        inner = slice(1, len(ids) - 1)
        expected = torch.lerp(first, second, shares[:, None])
        assert torch.allclose(mine[inner], expected[inner], atol=1e-4)
        twice += int((shares[inner] == 1.0).sum())
        start += len(ids)
    assert twice > 5


def test_a_sure_first_look_is_not_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    model = looking_twice()
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.copy_(torch.tensor([9.0, 0.0, 0.0]))
    passes = UnpaddedNetwork(model, torch.float32, CPU)
    monkeypatch.setattr(passes, "_more", [lambda *_: pytest.fail("looked again")])
    assert passes.logits(sequences(), None).argmax(dim=1).tolist() == [0] * sum(LENGTHS)


def test_excerpts_hold_the_unsure_with_what_stands_around_them_and_no_other_text() -> None:
    unsure = np.zeros(sum(LENGTHS), dtype=bool)
    bounds = np.cumsum((0, *LENGTHS)).tolist()
    places = [bounds[0] + 3, bounds[2] + 20, bounds[4] + 1, bounds[4] + 60]
    unsure[places] = True
    found = [excerpt.tolist() for excerpt in second_look.excerpts(unsure, LENGTHS)]
    assert sorted(map(len, found)) == list(map(len, found))
    for place in places:
        (excerpt,) = (one for one in found if place in one)
        a, b = next((a, b) for a, b in pairwise(bounds) if a <= place < b)
        near = second_look.CONTEXT
        wanted = range(max(a + 1, place - near), min(b - 1, place + near + 1))
        assert excerpt == [a, *wanted, b - 1]


def test_unsure_words_near_one_another_are_read_together() -> None:
    unsure = np.zeros(60, dtype=bool)
    near = second_look.CONTEXT
    unsure[[10, 10 + 2 * near]] = True
    (excerpt,) = second_look.excerpts(unsure, [60])
    assert excerpt.tolist() == [0, *range(10 - near, 10 + 3 * near + 1), 59]


def test_special_tokens_alone_are_not_read_again() -> None:
    assert second_look.excerpts(np.array([True, True]), [2]) == []


def test_a_tagger_that_looks_once_has_all_its_layers_in_its_first_look() -> None:
    model = looking_twice()
    del model.config.first_layers
    passes = UnpaddedNetwork(model, torch.float32, CPU)
    assert passes._more == []
    assert len(Encoder(model.bert, torch.float32)._layers) == 3
    for ids in sequences():
        assert torch.allclose(passes.logits([ids], None), looks(model, ids)[1], atol=1e-4)
