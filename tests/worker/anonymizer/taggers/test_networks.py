"""The tagger's forward passes: the same scores as those of Hugging Face's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from transformers import (
    AutoModelForTokenClassification,
    BertConfig,
    BertForTokenClassification,
)

from tests.worker.anonymizer.taggers.tiny_token_classifier import write_classifier
from worker.anonymizer.taggers.networks import PaddedNetwork, UnpaddedNetwork, network
from worker.models import adapter
from worker.models.folder import SHIPPED_TAGGER
from worker.models.precision import Precision

if TYPE_CHECKING:
    from pathlib import Path

CPU = torch.device("cpu")
SEQUENCES = [(2, 9, 8, 3), (2, 7, 3), (2, *range(4, 40), 3), (2, 5, 6, 3)]


@pytest.fixture(params=["random", "shipped"])
def model(request: pytest.FixtureRequest) -> Any:
    torch.manual_seed(5)
    if request.param == "random":
        config = BertConfig(
            vocab_size=50,
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            type_vocab_size=4,
            num_labels=5,
            initializer_range=0.5,
        )
        return BertForTokenClassification(config).eval()
    shipped = BertForTokenClassification(BertConfig.from_pretrained(SHIPPED_TAGGER)).eval()
    shipped.config.first_layers = None  # all its layers, for all tokens
    shipped.load_state_dict(adapter.merge(SHIPPED_TAGGER / adapter.FILE, shipped.state_dict()))
    return shipped


def library_scores(
    model: Any, sequences: list[tuple[int, ...]], types: list[list[int]] | None
) -> torch.Tensor:
    """The probabilities of each token, each sequence alone."""
    found = []
    with torch.inference_mode():
        for at, ids in enumerate(sequences):
            given = {"input_ids": torch.tensor([ids])}
            if types is not None:
                given["token_type_ids"] = torch.tensor([types[at]])
            found.append(model(**given).logits[0].softmax(dim=-1))
    return torch.cat(found)


@pytest.mark.parametrize("with_types", [True, False])
def test_scores_are_those_of_the_library(model: Any, with_types: bool) -> None:
    types = [[i % 4 for i in range(len(ids))] for ids in SEQUENCES] if with_types else None
    passes = network(model, Precision.FP32, CPU, 0)
    assert isinstance(passes, UnpaddedNetwork)
    found = passes.logits(SEQUENCES, types).softmax(dim=-1)
    assert (found - library_scores(model, SEQUENCES, types)).abs().max() < 1e-5


@pytest.mark.parametrize("precision", [Precision.FP32, Precision.BF16])
def test_another_architecture_computes_in_the_ordinary_way(
    tmp_path: Path, precision: Precision
) -> None:
    model = AutoModelForTokenClassification.from_pretrained(write_classifier(tmp_path, "roberta"))
    sequences = [(2, 5, 6, 3), (2, 7, 3)]
    passes = network(model.eval(), precision, CPU, 1)
    assert isinstance(passes, PaddedNetwork)
    difference = passes.logits(sequences, None).softmax(dim=-1) - library_scores(
        model, sequences, None
    )
    assert difference.abs().max() < (1e-5 if precision is Precision.FP32 else 0.05)
