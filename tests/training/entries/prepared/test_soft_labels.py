"""What the large model says of the entries, mixed into what is learnt of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from training.entries.multi_hot import multi_hot
from training.entries.prepared import soft_labels
from training.entries.prepared.redactions import digest, recorded, replaced
from training.entries.prepared.soft_labels import Record, softened
from training.entries.sources import OWN
from worker.models.folder import LARGE_MODEL, ModelFolder

NAMES = ("Alpha", "Beta", "Gamma")
UNKNOWN = np.float32("nan")


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A large model that knows of "Beta" and "Alpha", in this order, and of one text."""
    record = Record("1", ["Beta", "Alpha"], {digest("known"): [250, 800]})
    monkeypatch.setattr(soft_labels, "_recorded", lambda: record)


@pytest.mark.usefixtures("said")
def test_targets_are_in_part_what_is_recorded() -> None:
    targets = np.array([[1, 0, 0], [1, 0, 1]], np.float32)
    mixed, found = softened(["known", "another"], targets, NAMES, 0.5)
    assert found == 1
    assert mixed.dtype == np.float32
    np.testing.assert_allclose(mixed, [[0.9, 0.125, 0], [1, 0, 1]], rtol=1e-6)


@pytest.mark.usefixtures("said")
def test_where_nothing_else_is_known_it_is_all_that_counts() -> None:
    mixed, _ = softened(["known"], np.array([[UNKNOWN, 1, UNKNOWN]], np.float32), NAMES, 0.4)
    np.testing.assert_allclose(mixed, [[0.8, 0.7, UNKNOWN]], rtol=1e-6)


@pytest.mark.usefixtures("said")
def test_a_share_of_nothing_leaves_what_is_known() -> None:
    targets = np.array([[1, 0, 1]], np.float32)
    mixed, _ = softened(["known"], targets, NAMES, 0.0)
    np.testing.assert_array_equal(mixed, targets)


def test_all_entries_of_this_project_are_recorded() -> None:
    spans = recorded()
    entries = [entry for read in OWN.values() for entry in read()]
    texts = [replaced(entry.text, spans[digest(entry.text)]) for entry in entries]
    record = soft_labels._recorded()
    names, said = record.labels, record.said
    assert record.model == ModelFolder.open(LARGE_MODEL).version
    assert {digest(text) for text in texts} == said.keys(), (
        "run: python -m training.entries.prepared.soft_labels"
    )
    assert all(
        len(row) == len(names) and 0 <= min(row) <= max(row) <= 1000 for row in said.values()
    )

    # The columns are those of the labels: what was marked in an entry is mostly what it says, too.
    truth = multi_hot((entry.labels for entry in entries), names)
    likeliest = np.array([np.argmax(said[digest(text)]) for text in texts])
    single = np.flatnonzero(truth.sum(axis=1) == 1)
    assert truth[single, likeliest[single]].mean() > 0.6


def test_only_what_is_missing_is_asked_for_unless_the_model_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = ModelFolder.open(LARGE_MODEL)
    asked: list[list[str]] = []

    def ask(_: ModelFolder, texts: list[str]) -> dict[str, list[int]]:
        asked.append(texts)
        return {digest(text): [len(text)] * len(folder.labels) for text in texts}

    monkeypatch.setattr(soft_labels, "FILE", tmp_path / "soft_labels" / "large.jsonl")
    monkeypatch.setattr(soft_labels, "_ask", ask)
    monkeypatch.setattr(soft_labels, "_recorded", soft_labels._recorded.__wrapped__)
    for texts in (["a", "bb"], ["bb", "ccc"], ["bb", "ccc"]):
        monkeypatch.setattr(soft_labels, "_shown", lambda texts=texts: texts)
        soft_labels.main()
    assert asked == [["a", "bb"], ["ccc"]]
    record = soft_labels._recorded()
    assert record.said.keys() == {digest("bb"), digest("ccc")}
    replace(record, model="another").write()
    soft_labels.main()
    assert asked[-1] == ["bb", "ccc"]
    assert soft_labels._recorded() == record
