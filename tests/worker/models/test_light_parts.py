"""Tokenizers and weights of plain BERTs, loaded without Hugging Face's library."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer, BertConfig, BertForTokenClassification

from worker.models import adapter
from worker.models.folder import SHIPPED_MODEL, SHIPPED_TAGGER, ModelFolder
from worker.models.light_tokenizer import LightTokenizer, light_tokenizer
from worker.models.loading import light_parts, load_parts
from worker.models.tokenization import BatchTokenizer
from worker.models.unpadded.bert import can_be_unpadded
from worker.models.unpadded.model import BertWithHead, plain_config


@pytest.fixture(params=["tiny", "model", "tagger"])
def folder(request: pytest.FixtureRequest, tiny_model: Path) -> Path:
    return {"tiny": tiny_model, "model": SHIPPED_MODEL, "tagger": SHIPPED_TAGGER}[request.param]


def test_a_light_tokenizer_is_that_of_the_library(folder: Path) -> None:
    light, full = light_tokenizer(folder), AutoTokenizer.from_pretrained(folder)
    assert light is not None
    ours, its = BatchTokenizer(light), BatchTokenizer(full)
    assert ours.fingerprint() == its.fingerprint()
    assert (ours.before, ours.after) == (its.before, its.after)
    assert (ours.unknown_id, ours.padding_id) == (its.unknown_id, its.padding_id)


@pytest.mark.parametrize("folder_of", ["tiny", "shipped"])
def test_light_weights_are_those_of_the_library(folder_of: str, tiny_model: Path) -> None:
    folder = ModelFolder.open(tiny_model if folder_of == "tiny" else SHIPPED_MODEL)
    tokenizer, light = load_parts(folder, light=True)
    _, full = load_parts(folder)
    assert isinstance(tokenizer, LightTokenizer)
    assert isinstance(light, BertWithHead)
    assert can_be_unpadded(light)
    assert light.config.id2label == full.config.id2label
    equal(light, full)


def test_a_light_tagger_has_the_weights_of_the_library() -> None:
    parts = light_parts(SHIPPED_TAGGER, pooled=False)
    assert parts is not None
    full = BertForTokenClassification(BertConfig.from_pretrained(SHIPPED_TAGGER))
    names = full.state_dict()
    full.load_state_dict(adapter.merge(SHIPPED_TAGGER / adapter.FILE, names))
    equal(parts[1], full)


def equal(light: BertWithHead, full: Any) -> None:
    wanted = full.state_dict()
    assert set(light.state) == set(wanted)
    assert all(torch.equal(light.state[name], wanted[name]) for name in wanted)


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("tokenizer_config.json", {"tokenizer_class": "AnotherTokenizer"}),
        ("tokenizer_config.json", {"tokenizer_class": "BertTokenizer", "do_lower_case": False}),
        ("tokenizer_config.json", {"tokenizer_class": "BertTokenizer", "strip_accents": True}),
        ("tokenizer_config.json", {"auto_map": {"AutoTokenizer": "mine.Tokenizer"}}),
        ("tokenizer.json", {"normalizer": None}),
        ("config.json", {"model_type": "electra"}),
        ("config.json", {"hidden_act": "relu"}),
        ("config.json", {"is_decoder": True}),
        ("config.json", {"position_embedding_type": "relative_key"}),
        ("config.json", {"num_hidden_layers": 3}),
        ("config.json", {"vocab_size": 7}),
        ("config.json", {"id2label": {"first": "A"}}),
    ],
)
def test_what_may_be_another_model_is_left_to_the_library(
    file: str, change: dict[str, Any], tiny_model: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    assert light_parts(folder, pooled=True) is not None
    content = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps({**content, **change}))
    assert light_parts(folder, pooled=True) is None


def test_defaults_are_those_of_the_library() -> None:
    plain = plain_config({"model_type": "bert", "id2label": {"0": "A"}})
    assert plain is not None
    library = BertConfig()
    told = {name: value for name, value in vars(plain).items() if name != "id2label"}
    assert told == {name: getattr(library, name) for name in told}
