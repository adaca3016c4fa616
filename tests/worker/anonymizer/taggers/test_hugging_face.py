"""Hugging Face's token classifiers as taggers, by configuration."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from tests.worker.anonymizer.taggers.tiny_token_classifier import ARCHITECTURES, write_classifier
from worker.anonymizer.anonymizer import Anonymizer
from worker.anonymizer.taggers import loading as taggers
from worker.anonymizer.taggers.bert import BertTagger
from worker.anonymizer.taggers.entity_types import ENTITY_TYPES, entity_type
from worker.errors import ModelFolderError
from worker.models.compute import EXACT, Compute
from worker.models.folder import SHIPPED_TAGGER, seal_folder


@pytest.fixture(scope="module")
def classifier_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_classifier(tmp_path_factory.mktemp("taggers") / "bert")


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_token_classifier_finds_what_it_knows(
    tmp_path: Path, architecture: str, precision: str
) -> None:
    folder = write_classifier(tmp_path / "model", architecture)
    tagger = taggers.load(folder, Compute("cpu", precision))
    assert isinstance(tagger, BertTagger)
    assert tagger.precision == precision
    anonymizer = Anonymizer.around(tagger)
    texts = [
        "today olumide, frobnitz and OLUMIDE's cat met in Lisbon.",
        "",
        "olumide",
        "nobody was here. " * 40 + "then olumide came",
        "x." * 300 + "olumide!",
    ]
    found = [item.text for item in anonymizer.anonymize(texts)]
    assert found == [
        "today <PERSON>, frobnitz and <PERSON>'s cat met in <LOCATION>.",
        "",
        "<PERSON>",
        "nobody was here. " * 40 + "then <PERSON> came",
        "x." * 300 + "<PERSON>!",
    ]


def test_probabilities_of_one_type_are_added_up_and_the_threshold_is_the_folders(
    tmp_path: Path,
) -> None:
    """B-PER and I-PER have half each: together they reach what neither would."""
    folder = write_classifier(tmp_path / "bert")
    (folder / "tagger.json").write_text('{"threshold": 0.9}')
    tagger = taggers.load(folder, EXACT)
    assert tagger.threshold == 0.9
    assert tagger.types == ["PERSON", "LOCATION"]
    ((hit,),) = tagger.tag(["olumide"])
    assert hit.score > 0.95


def test_punctuation_beside_a_name_does_not_dilute_it(tmp_path: Path) -> None:
    folder = write_classifier(tmp_path / "bert", splits_punctuation=False)
    tagger = taggers.load(folder, EXACT)
    text = "we asked (olumide,... about it"
    assert [(text[h.start : h.end], h.type) for h in tagger.tag([text])[0]] == [
        ("olumide", "PERSON")
    ]


def _without(folder: Path, target: Path, *names: str) -> Path:
    shutil.copytree(folder, target)
    for name in names:
        (target / name).unlink()
    return target


def test_what_is_wrong_with_a_folder_is_told(classifier_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError, match="not found"):
        taggers.check(tmp_path / "none")
    with pytest.raises(ModelFolderError, match=r"no model\.safetensors"):
        taggers.check(_without(classifier_folder, tmp_path / "a", "model.safetensors"))
    with pytest.raises(ModelFolderError, match=r"config\.json: No such file"):
        taggers.check(_without(classifier_folder, tmp_path / "b", "config.json"))
    torn = _without(classifier_folder, tmp_path / "c", "model.safetensors")
    (torn / "model.safetensors").write_bytes(b"torn")
    with pytest.raises(ModelFolderError, match="cannot be loaded as a token classifier"):
        taggers.load(torn, EXACT)
    for wrong in ('{"threshold": 2}', "[", '{"labels": {}}', "[]"):
        odd = _without(classifier_folder, tmp_path / f"d{len(wrong)}{wrong[0]}")
        (odd / "tagger.json").write_text(wrong)
        with pytest.raises(ModelFolderError, match=r"tagger\.json"):
            taggers.check(odd)


def test_weights_without_a_head_are_not_made_up(classifier_folder: Path, tmp_path: Path) -> None:
    folder = _without(classifier_folder, tmp_path / "headless")
    weights = load_file(folder / "model.safetensors")
    kept = {name: t for name, t in weights.items() if "classifier" not in name}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelFolderError, match="lacks 2 of the model's tensors"):
        taggers.load(folder, EXACT)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (("O", "B-MISC"), "no label is a type"),
        (("B-PER", "I-PER"), "no label O"),
        (("LABEL_0", "LABEL_1"), "no id2label"),
    ],
)
def test_labels_without_entity_types_are_told(tmp_path: Path, labels: Any, message: str) -> None:
    with pytest.raises(ModelFolderError, match=message):
        taggers.check(write_classifier(tmp_path / "odd", labels=labels))


def test_a_model_that_gives_no_numbers_is_refused(tmp_path: Path) -> None:
    folder = write_classifier(tmp_path / "model")
    weights = load_file(folder / "model.safetensors")
    weights["classifier.bias"].fill_(float("nan"))
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelFolderError, match="reads no text"):
        taggers.load(folder, Compute("cpu", "bf16"))


def test_a_sealed_folder_is_verified(classifier_folder: Path, tmp_path: Path) -> None:
    folder = _without(classifier_folder, tmp_path / "sealed")
    seal_folder(folder, name="mine", required=("model.safetensors",))
    taggers.check(folder)
    (folder / "config.json").write_text((folder / "config.json").read_text() + " ")
    with pytest.raises(ModelFolderError, match="altered"):
        taggers.check(folder)


def test_the_shipped_tagger_passes_the_check() -> None:
    taggers.check(SHIPPED_TAGGER)


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("PER", "PERSON"),
        ("GPE", "LOCATION"),
        ("givenName", "PERSON"),
        ("EMAIL_ADDRESS", "CONTACT"),
        ("street address", "LOCATION"),
        ("MISC", None),
        ("DATE", None),
        ("CREDIT_CARD", "ID"),
        *((name, name) for name in ENTITY_TYPES),
    ],
)
def test_labels_name_entity_types(label: str, expected: str | None) -> None:
    assert entity_type(label) == expected
