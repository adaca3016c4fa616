"""A fit learns from encoders of several architectures, with real weights and real sentences."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer

from tests.training.finetuning.architectures import ARCHITECTURES, write_base
from tests.training.fitting import metrics_of, run_fit
from training.entries.multi_hot import multi_hot
from training.entries.reading import SHIPPED_DATA
from training.entries.record import Record
from training.errors import BaseModelError
from training.finetuning.base_model import find_base
from training.finetuning.linear_probe import fit_head
from training.finetuning.model import freeze, load_base
from training.finetuning.windows import tokenize
from training.progress import Progress
from worker.models.folder import WEIGHTS
from worker.models.loading import most_tokens

LABELS = ("Mind Reading", "Should Statements")
_EACH = 60


def thoughts() -> list[Record]:
    """Short thoughts with one of two labels, and as many reframes without any."""
    found: dict[str, list[Record]] = {label: [] for label in (*LABELS, "")}
    for line in SHIPPED_DATA.with_name("thoughts.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        labels = [label for label in row["labels"] if label in LABELS]
        if len(labels) == 1 and len(row["text"]) < 110:
            found[labels[0]].append(Record(row["text"], tuple(labels)))
            found[""].append(Record(row["reframe"], ()))
    return [record for records in found.values() for record in records[:_EACH]]


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("bases")
    texts = [record.text for record in thoughts()]
    return {kind: write_base(kind, folder / kind, texts) for kind in ARCHITECTURES}


@torch.no_grad()
def states(base: Path) -> torch.Tensor:
    tokenizer: Any = AutoTokenizer.from_pretrained(base)
    inputs = tokenizer(
        ["They all think I am slow.", "I should have called her."],
        padding=True,
        return_tensors="pt",
    )
    model = AutoModel.from_pretrained(base)
    found: torch.Tensor = model(
        input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]
    ).last_hidden_state
    return found[inputs["attention_mask"] > 0]


@pytest.mark.parametrize("kind", ARCHITECTURES[1:])
def test_the_architectures_of_these_tests_compute_the_same(
    kind: str, bases: dict[str, Path]
) -> None:
    assert torch.allclose(states(bases[kind]), states(bases["bert"]), atol=1e-4)


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_a_fit_learns_real_labels_from_every_architecture(
    kind: str, bases: dict[str, Path], tmp_path: Path, progress: Progress
) -> None:
    folder = run_fit(
        bases[kind], tmp_path / "model", progress, records=thoughts(), epochs=2, learning_rate=3e-4
    )
    metrics = metrics_of(folder)
    # A third of the entries has each label; the same score for all would reach that.
    assert metrics["validation"]["mean_average_precision"] > 0.55
    assert not metrics["learnt_nothing"]


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_every_architecture_reads_as_many_tokens_as_it_is_taken_to_read(
    kind: str, bases: dict[str, Path]
) -> None:
    model, _ = load_base(
        find_base(str(bases[kind])), LABELS, window_tokens=64, allow_download=False
    )
    longest = most_tokens(model)
    assert longest == 64
    ids = torch.full((1, longest), 5)
    with torch.no_grad():
        assert model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits.shape == (1, 2)


def test_weights_saved_in_half_precision_are_learnt_in_full(
    bases: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "half"
    AutoModel.from_pretrained(bases["bert"]).to(torch.bfloat16).save_pretrained(folder)
    AutoTokenizer.from_pretrained(bases["bert"]).save_pretrained(folder)
    model, _ = load_base(find_base(str(folder)), LABELS, window_tokens=64, allow_download=False)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def test_the_head_makes_no_leap_of_features_that_hardly_differ(
    bases: dict[str, Path], progress: Progress
) -> None:
    model, tokenizer = load_base(
        find_base(str(bases["bert"])), LABELS, window_tokens=64, allow_download=False
    )
    records = thoughts()
    windows = tokenize(
        [record.text for record in records],
        multi_hot((record.labels for record in records), LABELS),
        tokenizer,
        window_tokens=64,
    )
    fit_head(model, windows, 1, progress)
    assert float(model.classifier.weight.detach().abs().max()) < 5


def learning(base: Path, train_layers: int) -> set[str]:
    """The parameters that get a gradient, without the classification head's."""
    model, _ = load_base(find_base(str(base)), LABELS, window_tokens=64, allow_download=False)
    freeze(model, train_layers)
    ids = torch.full((1, 8), 5)
    model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits.sum().backward()
    encoder = {id(parameter) for parameter in model.base_model.parameters()}
    return {
        name
        for name, parameter in model.named_parameters()
        if parameter.grad is not None and id(parameter) in encoder and "pooler" not in name
    }


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_of_every_architecture_only_the_upper_layers_learn_if_that_is_asked_for(
    kind: str, bases: dict[str, Path]
) -> None:
    assert learning(bases[kind], 0) == set()
    upper = learning(bases[kind], 1)
    assert len(upper) == 16  # of a layer, weights and biases
    assert all(".layer.0." in name for name in upper)
    with pytest.raises(BaseModelError, match="--train-layers 2: the base has 1"):
        learning(bases[kind], 2)


def test_a_fit_of_the_head_alone_leaves_the_encoder_as_it_is(
    bases: dict[str, Path], tmp_path: Path, progress: Progress
) -> None:
    base = bases["roberta"]
    folder = run_fit(
        base, tmp_path / "model", progress, records=thoughts(), epochs=1, train_layers=0
    )
    before, after = load_file(base / "model.safetensors"), load_file(folder.path / WEIGHTS)
    assert all(torch.equal(value, after[f"roberta.{name}"]) for name, value in before.items())
