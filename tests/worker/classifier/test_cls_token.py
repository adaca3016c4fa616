"""Scoring a text as a whole and sentence by sentence in one pass."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.tiny_model import write_tiny_model
from worker.classifier.classifier import Classifier
from worker.classifier.cls_token import cls_logits
from worker.models.compute import EXACT
from worker.models.folder import ModelFolder

TEXTS = ["it rained. they hate me! so be it", "a b c", "one. two."]


@pytest.fixture(scope="module")
def averaging(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    path = tmp_path_factory.mktemp("averaging") / "model"
    write_tiny_model(path, threshold=1e-6, averages=True)
    return Classifier.load(ModelFolder.open(path), EXACT)


def inputs(classifier: Classifier) -> tuple[torch.Tensor, torch.Tensor]:
    encoded = classifier._tokenizer(TEXTS, padding=True, return_tensors="pt")
    return encoded["input_ids"], encoded["attention_mask"].bool()


def test_logits_of_whole_texts_are_those_of_the_library(averaging: Classifier) -> None:
    ids, mask = inputs(averaging)
    parts = mask[:, None].repeat(1, 2, 1)
    with torch.inference_mode():
        expected = averaging._model(input_ids=ids, attention_mask=mask.long()).logits
        found = cls_logits(averaging._model, ids, mask, parts)
        assert torch.allclose(cls_logits(averaging._model, ids, mask)[:, 0], expected, atol=1e-5)
    assert found.shape == (3, 3, 3)
    for part in range(3):  # a part that is the whole has the logits of the whole
        assert torch.allclose(found[:, part], expected, atol=1e-5)


def test_the_last_layer_sees_nothing_outside_a_part(averaging: Classifier) -> None:
    """Attention kept to some tokens equals a last layer whose other tokens are not there."""
    model: Any = averaging._model
    ids, mask = inputs(averaging)
    parts = torch.zeros_like(mask)[:, None]
    parts[:, 0, 1:3] = True
    weights: list[torch.Tensor] = []
    with torch.inference_mode():
        one = cls_logits(model, ids, mask, parts)[:, 1]
        layer = model.bert.encoder.layer[-1]
        value = layer.attention.self.value
        hook = value.register_forward_hook(
            lambda _module, _inputs, out: weights.append(out) or out + 9.0 * ~parts[:, 0, :, None]
        )
        try:  # whatever stands in the other tokens' values, nothing of it is seen
            assert torch.allclose(cls_logits(model, ids, mask, parts)[:, 1], one, atol=1e-5)
        finally:
            hook.remove()
    assert weights


def test_sentences_are_scored_with_their_text_in_one_pass(
    averaging: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes = []
    compute = averaging._probabilities

    def watched(*given: Any) -> torch.Tensor:
        passes.append(given[0].ids.shape)
        return compute(*given)

    monkeypatch.setattr(averaging, "_probabilities", watched)
    found = averaging.classify(TEXTS)
    assert len(passes) == 1
    assert all(item.evidence for item in found)
    text = TEXTS[0]
    cut = {text[start:end] for ranges in found[0].evidence for start, end in ranges}
    assert cut <= {
        "it rained.",
        "they hate me!",
        "so be it",
        "it rained. they hate me!",
        "they hate me! so be it",
        text,
    }
    assert cut != {text}
