"""The model folder: what opens, and what is refused with one line that names the file."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.tiny_model import LABELS
from worker.errors import ModelFolderError
from worker.models.folder import (
    FORBIDDEN_SUFFIXES,
    MANIFEST,
    REQUIRED_FILES,
    SHORT_TEXTS,
    ModelFolder,
    seal_folder,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def folder(tiny_model: Path, tmp_path: Path) -> Path:
    """A sealed folder to spoil."""
    return shutil.copytree(tiny_model, tmp_path / "model")


def refused(folder: Path, *words: str) -> None:
    with pytest.raises(ModelFolderError) as caught:
        ModelFolder.open(folder)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    for word in words:
        assert word in message


def rewrite(file: Path, change: Callable[[Any], Any]) -> None:
    """Change a JSON file, and seal the folder again if it is not the manifest."""
    file.write_text(json.dumps(change(json.loads(file.read_text()))))
    if file.name != MANIFEST:
        seal_folder(file.parent, name="changed")


def thresholds(folder: Path, **changes: Any) -> None:
    rewrite(folder / "thresholds.json", lambda content: {**content, **changes})


def test_a_sealed_folder_opens(folder: Path) -> None:
    opened = ModelFolder.open(folder)
    assert opened.labels == LABELS
    assert opened.thresholds == (0.5, 0.5, 0.5)
    assert (opened.name, opened.window_tokens) == ("tiny", 64)


def test_the_version_tells_folders_apart(folder: Path) -> None:
    first = ModelFolder.open(folder).version
    assert first == ModelFolder.open(folder).version
    thresholds(folder, window_tokens=32)
    assert ModelFolder.open(folder).version != first
    assert len(first) == 12


def with_short_texts(folder: Path, **changes: Any) -> None:
    """Give the folder weights for short texts, and let its thresholds tell which texts those are."""
    (folder / SHORT_TEXTS).write_bytes(b"weights")
    thresholds(folder, short_texts={"tokens": 20, "sentences": 2} | changes)


def test_short_texts_may_have_weights_of_their_own(folder: Path) -> None:
    assert ModelFolder.open(folder).short_texts is None
    with_short_texts(folder)
    short = ModelFolder.open(folder).short_texts
    assert short is not None
    sizes = ((20, 2), (21, 2), (20, 3), (3, 1))
    assert [short.include(*size) for size in sizes] == [True, False, False, True]


@pytest.mark.parametrize(
    "changes",
    [{"tokens": 0}, {"tokens": "20"}, {"sentences": -1}, {"sentences": 1.5}, {"tokens": None}],
)
def test_what_is_no_size_of_short_texts_is_refused(folder: Path, changes: dict[str, Any]) -> None:
    with_short_texts(folder, **changes)
    refused(folder, "thresholds.json", "short_texts")


def test_short_texts_without_their_weights_are_refused(folder: Path) -> None:
    thresholds(folder, short_texts={"tokens": 20, "sentences": 2})
    refused(folder, SHORT_TEXTS, "missing")
    thresholds(folder, short_texts=[20, 2])
    refused(folder, "thresholds.json", "short_texts")


def test_a_folder_that_is_not_there(folder: Path) -> None:
    refused(folder / "nowhere", "nowhere")
    refused(folder / "config.json", "config.json")


@pytest.mark.parametrize("name", [*REQUIRED_FILES, "README.md", MANIFEST])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    refused(folder, name)


@pytest.mark.parametrize("name", [*REQUIRED_FILES, "metrics.json"])
def test_one_altered_byte_is_noticed(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    refused(folder, name, "altered")


def test_a_truncated_file_is_noticed(folder: Path) -> None:
    weights = folder / "model.safetensors"
    os.truncate(weights, weights.stat().st_size - 1)
    refused(folder, "model.safetensors")


def test_a_file_that_nobody_sealed_is_refused(folder: Path) -> None:
    (folder / "adapter_config.json").write_text("{}")
    refused(folder, "adapter_config.json")


@pytest.mark.parametrize("suffix", FORBIDDEN_SUFFIXES)
def test_what_could_be_run_or_loaded_instead_is_refused(folder: Path, suffix: str) -> None:
    (folder / f"model{suffix}").write_bytes(b"")
    refused(folder, f"model{suffix}")
    with pytest.raises(ModelFolderError, match=f"model{suffix}"):
        seal_folder(folder, name="x")


def test_a_folder_inside_is_refused(folder: Path) -> None:
    (folder / "onnx").mkdir()
    refused(folder, "onnx")


def test_a_link_to_a_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "more").symlink_to(tmp_path)
    refused(folder, "more")


def test_a_link_to_other_bytes_is_noticed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"other weights")
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to(tmp_path / "other")
    refused(folder, "model.safetensors")


@pytest.mark.parametrize("target", ["nowhere", "model.safetensors"])
def test_a_broken_or_circular_link_is_refused(folder: Path, target: str) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to(target)
    refused(folder, "model.safetensors")


def test_the_manifest_cannot_name_files_elsewhere(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.json").write_text("{}")
    digest = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    rewrite(
        folder / MANIFEST,
        lambda content: {**content, "files": {**content["files"], "../outside.json": digest}},
    )
    refused(folder, "../outside.json")


@pytest.mark.parametrize(
    "content", [b"", b"not json", b"[]", b"\xff", b"[" * 100_000], ids=range(5)
)
def test_a_manifest_that_is_no_json_object(folder: Path, content: bytes) -> None:
    (folder / MANIFEST).write_bytes(content)
    refused(folder, MANIFEST)


@pytest.mark.parametrize(
    "change", [{"format": 2}, {"format": None}, {"files": None}, {"files": []}]
)
def test_a_manifest_of_another_form(folder: Path, change: dict[str, Any]) -> None:
    rewrite(folder / MANIFEST, lambda content: {**content, **change})
    refused(folder, MANIFEST)


@pytest.mark.parametrize("name", [*REQUIRED_FILES, "README.md"])
def test_a_manifest_without_a_file(folder: Path, name: str) -> None:
    def without(content: dict[str, Any]) -> dict[str, Any]:
        del content["files"][name]
        return content

    rewrite(folder / MANIFEST, without)
    refused(folder, name)


@pytest.mark.parametrize(
    "labels",
    [
        {"0": "A", "2": "B"},
        {"1": "A"},
        {"0": "A", "1": "A", "2": "B"},
        {"zero": "A"},
        {},
        [],
        None,
        {"0": "A", "1": None},
        {"0": "A", "1": ["B"]},
        {"0": "A", "1": ""},
    ],
)
def test_labels_with_gaps_or_doubles_are_refused(folder: Path, labels: Any) -> None:
    names = map(str, labels.values() if isinstance(labels, dict) else [])
    rewrite(folder / "config.json", lambda content: {**content, "id2label": labels})
    thresholds(folder, thresholds=dict.fromkeys(names, 0.5))
    refused(folder, "config.json", "label")


@pytest.mark.parametrize(
    "given",
    [
        {},
        None,
        [0.5, 0.5, 0.5],
        dict.fromkeys(LABELS[:2], 0.5),
        {**dict.fromkeys(LABELS, 0.5), "One more": 0.5},
        *(
            {**dict.fromkeys(LABELS, 0.5), LABELS[0]: bad}
            for bad in (0, 1, -0.1, 1.5, float("nan"), float("inf"), "0.5", None, True, [])
        ),
    ],
)
def test_thresholds_that_miss_a_label_or_are_no_probability_are_refused(
    folder: Path, given: Any
) -> None:
    thresholds(folder, thresholds=given)
    refused(folder, "thresholds.json")


@pytest.mark.parametrize("window", [15, 0, -1, None, "64", 64.0, True])
def test_a_window_too_small_is_refused(folder: Path, window: Any) -> None:
    thresholds(folder, window_tokens=window)
    refused(folder, "thresholds.json", "window_tokens")


def test_sealing_names_what_is_missing(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelFolderError, match=r"tokenizer\.json"):
        seal_folder(folder, name="x")


def test_a_seal_is_written_in_one_step(folder: Path) -> None:
    seal_folder(folder, name="again")
    assert [f.name for f in folder.iterdir() if f.name.startswith(".")] == []
    assert ModelFolder.open(folder).name == "again"


def test_the_number_of_labels_to_expect_is_read_and_checked(folder: Path) -> None:
    assert ModelFolder.open(folder).least_expected == 0.0
    thresholds(folder, least_expected=1.2)
    assert ModelFolder.open(folder).least_expected == 1.2


def test_whether_there_is_always_one_label_is_read_and_checked(folder: Path) -> None:
    assert ModelFolder.open(folder).at_least_one is False
    thresholds(folder, at_least_one=True)
    assert ModelFolder.open(folder).at_least_one is True
    thresholds(folder, at_least_one="yes")
    refused(folder, "thresholds.json", "at_least_one")


def test_how_much_sentences_count_is_read_and_checked(folder: Path) -> None:
    assert ModelFolder.open(folder).sentence_share == 0.0
    thresholds(folder, sentence_share=0.7)
    assert ModelFolder.open(folder).sentence_share == 0.7
    for wrong in (-0.1, 1.1, "much"):
        thresholds(folder, sentence_share=wrong)
        refused(folder, "thresholds.json", "sentence_share")


@pytest.mark.parametrize("least", [-0.1, 3, "much", None])
def test_a_number_of_labels_that_cannot_be_is_refused(folder: Path, least: Any) -> None:
    thresholds(folder, least_expected=least)
    refused(folder, "thresholds.json", "least_expected")
