"""GLiNER as a tagger, by configuration; a stub takes the place of its package."""

from __future__ import annotations

import importlib.machinery
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import huggingface_hub.constants
import pytest

from worker.anonymizer.anonymizer import Anonymizer
from worker.anonymizer.taggers import gliner as gliner_tagger
from worker.anonymizer.taggers import loading as taggers
from worker.errors import AnonymizationError, ModelFolderError, StartupError
from worker.models.compute import EXACT


class StubModel:
    """Stands in for `gliner.GLiNER`: it knows two words."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[str], list[str], float]] = []

    def to(self, device: Any) -> StubModel:
        return self

    def eval(self) -> StubModel:
        return self

    def batch_predict_entities(
        self, texts: list[str], labels: list[str], threshold: float
    ) -> list[list[dict[str, Any]]]:
        self.asked.append((texts, labels, threshold))
        known = {"Olumide": labels[0], "Lisbon": labels[1]}
        return [
            [found(text, word, label) for word, label in known.items() if word in text]
            for text in texts
        ]


def found(text: str, word: str, label: str) -> dict[str, Any]:
    """What GLiNER tells of a word."""
    start = text.index(word)
    return {"start": start, "end": start + len(word), "label": label, "score": 0.8, "text": word}


@pytest.fixture
def gliner_folder(tmp_path: Path) -> Path:
    (tmp_path / "gliner_config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"")
    return tmp_path


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> StubModel:
    model = StubModel()

    def load(folder: str, *, local_files_only: bool) -> StubModel:
        assert local_files_only
        assert Path(folder).is_dir()
        return model

    package = ModuleType("gliner")
    package.__spec__ = importlib.machinery.ModuleSpec("gliner", None)
    package.GLiNER = SimpleNamespace(from_pretrained=load)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "gliner", package)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    return model


def test_gliner_is_the_tagger_of_its_folder(gliner_folder: Path, stub: StubModel) -> None:
    anonymizer = Anonymizer.load(gliner_folder, EXACT)
    text = "Nobody. " * 100 + "Olumide left for Lisbon. " + "," * 900 + " then Olumide"
    (found,) = anonymizer.anonymize([text])
    assert found.text.count("<PERSON>") == 2
    assert "<PERSON> left for <LOCATION>" in found.text
    pieces = [piece for texts, _, _ in stub.asked for piece in texts]
    assert max(map(len, pieces)) < 600
    assert sum(len("".join(p.split())) for p in pieces) == len("".join(text.split()))
    assert huggingface_hub.constants.HF_HUB_OFFLINE


def test_gliners_labels_and_threshold_come_from_its_folder(
    gliner_folder: Path, stub: StubModel
) -> None:
    settings = {"threshold": 0.7, "labels": {"human": "PERSON", "town": "LOCATION"}}
    (gliner_folder / "tagger.json").write_text(json.dumps(settings))
    tagger = taggers.load(gliner_folder, EXACT)
    assert tagger.types == ["PERSON", "LOCATION"]
    ((hit,),) = tagger.tag(["Ask Olumide."])
    assert (hit.start, hit.end, hit.type) == (4, 11, "PERSON")
    assert stub.asked[-1][1:] == (["human", "town"], 0.7)


def test_gliners_labels_must_be_of_our_types(gliner_folder: Path, stub: StubModel) -> None:
    (gliner_folder / "tagger.json").write_text('{"labels": {"human": "BEING"}}')
    with pytest.raises(ModelFolderError, match="PERSON"):
        taggers.load(gliner_folder, EXACT)


def test_a_failing_gliner_tells_nothing_of_the_text(gliner_folder: Path, stub: StubModel) -> None:
    tagger = taggers.load(gliner_folder, EXACT)

    def fail(texts: list[str], labels: list[str], threshold: float) -> list[Any]:
        raise ValueError(texts[0])

    stub.batch_predict_entities = fail  # type: ignore[method-assign]
    with pytest.raises(AnonymizationError) as caught:
        tagger.tag(["Olumide"])
    assert "Olumide" not in repr(caught.value)
    stub.batch_predict_entities = lambda texts, labels, threshold: []  # type: ignore[method-assign]
    with pytest.raises(AnonymizationError):
        tagger.tag(["Olumide"])


def test_without_its_package_gliner_is_one_clear_line(
    gliner_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gliner_tagger, "PACKAGE", "no_such_package")
    with pytest.raises(StartupError, match=r"journal-stream\[gliner\]") as caught:
        taggers.check(gliner_folder)
    assert "\n" not in str(caught.value)
    (gliner_folder / "model.safetensors").unlink()
    with pytest.raises(ModelFolderError, match=r"model\.safetensors"):
        taggers.check(gliner_folder)
