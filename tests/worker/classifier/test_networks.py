"""The classifier's forward passes: the same scores as those of Hugging Face's own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import torch
from transformers import DistilBertConfig, DistilBertForSequenceClassification

from tests.tiny_model import LABELS, write_tiny_model
from worker.classifier.classifier import Classifier
from worker.classifier.encoder import Encoder
from worker.classifier.networks import PaddedNetwork, UnpaddedNetwork, network
from worker.models.compute import EXACT
from worker.models.folder import SHIPPED_MODEL, ModelFolder
from worker.models.loading import load_parts
from worker.models.precision import Precision
from worker.models.tokenization import BatchTokenizer
from worker.models.windows import Window

if TYPE_CHECKING:
    from pathlib import Path

CPU = torch.device("cpu")
#: The first two have the same number of tokens for the tiny model.
TEXTS = (
    "it rained. they hate me! so be it",
    "we talked. she left us! oh my god",
    "a b c",
    "one. two.",
    "x",
    "I know that they all think little of me. I will fail again. So what? Nobody minded, I think.",
)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    path = tmp_path_factory.mktemp("averaging") / "model"
    write_tiny_model(path, window_tokens=128, threshold=1e-6, averages=True)
    return ModelFolder.open(path)


@pytest.fixture(scope="module", params=["random", "shipped"])
def parts(request: pytest.FixtureRequest, tiny: ModelFolder) -> tuple[Any, list[Window]]:
    """A model, and the windows of the texts."""
    folder = tiny if request.param == "random" else ModelFolder.open(SHIPPED_MODEL)
    tokenizer, model = load_parts(folder)
    return model, Encoder(BatchTokenizer(tokenizer), folder.window_tokens).windows(TEXTS)


def library_logits(model: Any, windows: list[Window]) -> torch.Tensor:
    """Of each window alone."""
    with torch.inference_mode():
        return torch.cat([model(torch.tensor([w.token_ids])).logits for w in windows])


def without_sentences(windows: list[Window]) -> list[Window]:
    return [replace(window, sentences=()) for window in windows]


def test_scores_of_windows_are_those_of_the_library(parts: tuple[Any, list[Window]]) -> None:
    model, windows = parts
    passes = network(model, Precision.FP32, CPU, 0)
    assert isinstance(passes, UnpaddedNetwork)
    found = passes.logits(without_sentences(windows))
    expected = library_logits(model, windows)
    assert (found.sigmoid() - expected.sigmoid()).abs().max() < 1e-5


def test_a_window_scores_the_same_whatever_stands_beside_it(
    parts: tuple[Any, list[Window]],
) -> None:
    model, windows = parts
    passes = network(model, Precision.FP32, CPU, 0)
    together = passes.logits(windows).sigmoid()
    alone = torch.cat([passes.logits([window]) for window in windows]).sigmoid()
    assert (together - alone).abs().max() < 1e-5


def test_a_sentence_scores_as_if_the_last_layer_saw_nothing_else(
    parts: tuple[Any, list[Window]],
) -> None:
    """The library's last layer, kept to a sentence by a mask."""
    model, windows = parts
    found = network(model, Precision.FP32, CPU, 0).logits(windows).sigmoid()
    row = 0
    for window in windows:
        for sentence in window.sentences:
            row += 1
            expected = kept_to(model, window, sentence.first, sentence.last)
            assert (found[row] - expected.sigmoid()).abs().max() < 1e-5
        row += 1
    assert row == len(found)


def kept_to(model: Any, window: Window, first: int, last: int) -> torch.Tensor:
    """The library's logits where the last layer attends to some tokens only."""
    ids = torch.tensor([window.token_ids])
    mask = torch.zeros(1, 1, len(window.token_ids), len(window.token_ids), dtype=torch.bool)
    mask[..., first:last] = True
    with torch.inference_mode():
        states = model.bert.embeddings(ids)
        for layer in model.bert.encoder.layer[:-1]:
            states = layer(states)
        states = model.bert.encoder.layer[-1](states, attention_mask=mask)
        logits: torch.Tensor = model.classifier(model.bert.pooler(states))[0]
    return logits


def test_sentences_are_scored_with_their_text_in_one_pass(
    tiny: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier = Classifier.load(tiny, EXACT)
    passes = []
    compute = classifier._scorer.network.logits
    monkeypatch.setattr(
        classifier._scorer.network,
        "logits",
        lambda given: passes.append(len(given)) or compute(given),
    )
    found = classifier.classify(TEXTS)
    assert passes == [len(TEXTS)]
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


@pytest.mark.parametrize("precision", [Precision.FP32, Precision.BF16])
def test_another_architecture_computes_in_the_ordinary_way(precision: Precision) -> None:
    torch.manual_seed(3)
    config = DistilBertConfig(
        vocab_size=100, dim=32, n_layers=2, n_heads=2, hidden_dim=64, num_labels=len(LABELS)
    )
    model = DistilBertForSequenceClassification(config).eval()
    windows = [window_of([2, 9, 8, 3]), window_of([2, 7, 3]), window_of([2, 5, 6, 7, 3])]
    passes = network(model, precision, CPU, 0)
    assert isinstance(passes, PaddedNetwork)
    assert not passes.scores_sentences
    difference = passes.logits(windows).sigmoid() - library_logits(model, windows).sigmoid()
    assert difference.abs().max() < (1e-5 if precision is Precision.FP32 else 0.02)


def window_of(ids: list[int]) -> Window:
    return Window(0, tuple(ids), 0, 1)


@pytest.mark.parametrize(
    ("name", "value"), [("hidden_act", "relu"), ("is_decoder", True), ("model_type", "other")]
)
def test_a_bert_of_another_build_computes_in_the_ordinary_way(
    tiny: ModelFolder, name: str, value: object
) -> None:
    model = load_parts(tiny)[1]
    setattr(model.config, name, value)
    assert isinstance(network(model, Precision.FP32, CPU, 0), PaddedNetwork)


def test_a_model_is_not_changed_by_what_is_made_of_it(tiny_model: Path) -> None:
    model = load_parts(ModelFolder.open(tiny_model))[1]
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    for precision in (Precision.FP32, Precision.BF16, Precision.INT8):
        network(model, precision, CPU, 0)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
