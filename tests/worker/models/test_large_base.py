"""The larger base, read from the parts of an archive; a tiny one stands for it here."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import save

from worker.errors import StartupError
from worker.models import adapter, builtin_base, large_base
from worker.models.folder import LARGE_MODEL, SHIPPED_MODEL, classifier_path

if TYPE_CHECKING:
    from pathlib import Path

OWN = "encoder.layer.0.output.dense.weight"
NAME = f"mpnet.{OWN}"


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, torch.Tensor]:
    """The tensors of a tiny base, whose archive is spread over files as the packages are."""
    torch.manual_seed(1)
    tensors = {OWN: torch.randn(90, 80), "embeddings.position_ids": torch.arange(5)}
    content = save(tensors)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(f"{large_base.NAME}/model.safetensors", content)
        for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
            made.writestr(f"{large_base.NAME}/{name}", json.dumps({"file": name}))
        made.writestr(f"{large_base.NAME}/special_tokens_map.json", "{}")
    whole = archive.getvalue()
    size = -(-len(whole) // len(large_base.DISTRIBUTIONS))
    parts = [tmp_path / f"part{number}" for number in range(len(large_base.DISTRIBUTIONS))]
    for number, part in enumerate(parts):
        part.write_bytes(whole[number * size : (number + 1) * size])
    monkeypatch.setattr(large_base, "_parts", lambda: parts)
    monkeypatch.setattr(large_base, "SHA256", hashlib.sha256(content).hexdigest())
    monkeypatch.setitem(adapter._BASES, large_base.SHA256, large_base)
    return tensors


def test_what_is_wanted_is_read_across_the_parts(weights: dict[str, torch.Tensor]) -> None:
    found = large_base.tensors([OWN, "unknown"])
    assert list(found) == [OWN]
    assert torch.equal(found[OWN], weights[OWN])


def test_a_folder_for_fine_tuning_holds_the_files(weights: dict[str, torch.Tensor]) -> None:
    folder = large_base.folder.__wrapped__()
    names = {file.name for file in folder.iterdir()}
    assert names >= {"config.json", "model.safetensors", "tokenizer.json"}
    assert json.loads((folder / "config.json").read_text()) == {"file": "config.json"}
    assert (folder / "model.safetensors").read_bytes() == save(weights)


def test_an_adapter_of_it_comes_back(tmp_path: Path, weights: dict[str, torch.Tensor]) -> None:
    change = 0.01 * torch.randn(90, 6) @ torch.randn(6, 80)
    state = {NAME: weights[OWN] + change, "classifier.out_proj.bias": torch.arange(3.0)}
    file = tmp_path / adapter.FILE
    adapter.save(file, state)
    assert adapter.base_of(file) is large_base
    merged = adapter.merge(file, state)
    assert torch.allclose(merged[NAME], state[NAME], atol=2e-3)
    assert merged["classifier.out_proj.bias"].tolist() == [0, 1, 2]


def test_an_adapter_of_the_smaller_base_is_told_from_it(tmp_path: Path) -> None:
    adapter.save(tmp_path / adapter.FILE, {"bert.new.bias": torch.ones(3)})
    assert adapter.base_of(tmp_path / adapter.FILE) is builtin_base


def test_a_missing_part_stops_the_start(
    weights: dict[str, torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    some = large_base._parts()[:-1]
    monkeypatch.setattr(large_base, "_parts", lambda: some)
    with pytest.raises(StartupError, match=r"pip install 'journal-stream\[large\]'"):
        large_base.verify()


@pytest.mark.parametrize("damage", ["altered", "cut", "swapped", "gone"])
def test_a_damaged_part_stops_the_start(weights: dict[str, torch.Tensor], damage: str) -> None:
    first, second, third = large_base._parts()[:3]
    content = second.read_bytes()
    if damage == "altered":
        at = len(content) // 2
        second.write_bytes(content[:at] + bytes([content[at] ^ 255]) + content[at + 1 :])
    elif damage == "cut":
        second.write_bytes(content[:10])
    elif damage == "swapped":
        second.write_bytes(third.read_bytes())
        third.write_bytes(content)
    else:
        first.unlink()
    with pytest.raises(StartupError, match=r"install it again|not the published ones"):
        large_base.verify()


def test_other_weights_stop_the_start(
    weights: dict[str, torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_base, "SHA256", "0" * 64)
    with pytest.raises(StartupError, match="not the published ones"):
        large_base.tensors([OWN])


def test_the_name_chooses_the_larger_model(tmp_path: Path) -> None:
    assert classifier_path(None) == SHIPPED_MODEL
    assert classifier_path(type(tmp_path)("large")) == LARGE_MODEL
    assert classifier_path(tmp_path / "large") == tmp_path / "large"
