"""Folders that verify but cannot be loaded."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from tests.tiny_model import write_tiny_model
from worker.errors import ModelFolderError
from worker.models.folder import ModelFolder, seal_folder
from worker.models.loading import load_parts


@pytest.mark.parametrize(
    "name", ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]
)
@pytest.mark.parametrize("light", [False, True])
def test_a_file_of_nonsense_is_one_clear_line(
    tiny_model: Path, tmp_path: Path, name: str, light: bool
) -> None:
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    (folder / name).write_bytes(b'{"id2label": {"0": "A"}}' if name == "config.json" else b"junk")
    if name == "config.json":
        (folder / "thresholds.json").write_text('{"window_tokens": 64, "thresholds": {"A": 0.5}}')
    seal_folder(folder, name="nonsense")
    with pytest.raises(ModelFolderError) as caught:
        load_parts(ModelFolder.open(folder), light=light)
    assert len(str(caught.value).splitlines()) == 1
    assert str(folder) in str(caught.value)


@pytest.mark.parametrize("light", [False, True])
def test_weights_that_lack_a_layer_are_refused(
    tiny_model: Path, tmp_path: Path, light: bool
) -> None:
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    weights = load_file(folder / "model.safetensors")
    del weights["classifier.weight"]  # Hugging Face would fill it with random numbers
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    seal_folder(folder, name="headless")
    with pytest.raises(ModelFolderError, match="model"):
        load_parts(ModelFolder.open(folder), light=light)


@pytest.mark.parametrize("light", [False, True])
def test_a_window_longer_than_the_model_is_refused(tmp_path: Path, light: bool) -> None:
    write_tiny_model(tmp_path / "model", window_tokens=129)
    with pytest.raises(ModelFolderError, match="129"):
        load_parts(ModelFolder.open(tmp_path / "model"), light=light)
