"""Adapters: a fine-tuned model stored as its difference from a base that comes in a package.

`adapter.safetensors` holds, for a tensor `name` of the fine-tuned model, one of

- `name.a`, `name.b`: a low-rank update; the tensor is that of the base plus `a @ b`, with `a` of
  shape `(rows, rank)` and `b` of shape `(rank, columns)`. Low-rank updates are those of LoRA (Hu et
  al., ICLR 2022), but cut from a full fine-tuning by singular value decomposition: by Eckart and
  Young (Psychometrika 1936) the nearest matrices of that rank,
- `name.rows`, `name.scale`: the tensor itself as int8, with a scale for each row,
- `name`: the tensor itself in half precision,

and nothing where the tensor is that of the base. The metadata name the SHA-256 of the base.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from safetensors.torch import save as serialize

from worker.errors import ModelFolderError
from worker.models import builtin_base, large_base
from worker.models.folder import ADAPTER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from types import ModuleType

FILE = ADAPTER
_BASES = {base.SHA256: base for base in (builtin_base, large_base)}
#: The singular values that are kept of the change of a matrix.
RANK = 48
_MATRIX = 2
_LARGEST_INT8 = 127
#: A change is stored as a low-rank update if that keeps at least this share of its squared norm.
_KEPT_SHARE = 0.5
#: A tensor none of whose values changed by this much counts as unchanged.
_UNCHANGED = 1e-7
_LENGTH_BYTES = 8


def merge(file: Path, wanted: Iterable[str]) -> dict[str, torch.Tensor]:
    """The tensors of a fine-tuned model, in fp32.

    Args:
        file: the adapter.
        wanted: the names of all tensors of the model.

    Raises:
        ModelFolderError: the file cannot be read, is for another base, or lacks a tensor.
        StartupError: the base is not installed, or was altered.
    """
    base = base_of(file)
    try:
        adapter = load_file(file)
    except (OSError, SafetensorError):
        raise ModelFolderError(f"{file}: cannot be read") from None
    names = {name: name.removeprefix(base.PREFIX) for name in wanted}
    originals = base.tensors(names.values())
    merged = {}
    for name, own in names.items():
        try:
            found = _restored(name, originals.pop(own, None), adapter)
        except (KeyError, RuntimeError):  # one of two parts is missing, or of another shape
            raise ModelFolderError(f"{file}: {name} is not complete") from None
        if found is None:
            raise ModelFolderError(f"{file}: lacks {name}")
        merged[name] = found
    return merged


def base_of(file: Path) -> ModuleType:
    """The base that an adapter is for: `builtin_base` or `large_base`.

    Raises:
        ModelFolderError: the file cannot be read, or is for another base.
    """
    try:
        with safe_open(file, "pt") as opened:
            metadata = opened.metadata() or {}
    except (OSError, SafetensorError):
        raise ModelFolderError(f"{file}: cannot be read") from None
    base = _BASES.get(metadata.get("base_sha256", ""))
    if base is None:
        raise ModelFolderError(f"{file}: made for another base model")
    return base


def _restored(
    name: str, original: torch.Tensor | None, adapter: Mapping[str, torch.Tensor]
) -> torch.Tensor | None:
    if name in adapter:
        return adapter[name].float() if adapter[name].is_floating_point() else adapter[name]
    if f"{name}.rows" in adapter:
        return adapter[f"{name}.rows"].float() * adapter[f"{name}.scale"].float()[:, None]
    if original is None:
        return None
    if f"{name}.a" in adapter:
        return original.float() + adapter[f"{name}.a"].float() @ adapter[f"{name}.b"].float()
    return original.float() if original.is_floating_point() else original


@torch.no_grad()
def save(file: Path, state: Mapping[str, torch.Tensor], *, rank: int = RANK) -> None:
    """Write the difference of a fine-tuned model from its base, which its names tell.

    Args:
        file: the file to write; it is overwritten if it exists.
        state: the tensors of the model.
        rank: the rank of low-rank updates; a lower one makes a smaller, less exact adapter.

    Raises:
        StartupError: the base is not installed, or was altered.
    """
    is_large = any(name.startswith(large_base.PREFIX) for name in state)
    base = large_base if is_large else builtin_base
    originals = base.tensors(name.removeprefix(base.PREFIX) for name in state)
    adapter: dict[str, torch.Tensor] = {}
    for name, tensor in state.items():
        original = originals.get(name.removeprefix(base.PREFIX))
        if original is not None and original.shape != tensor.shape:
            original = None
        adapter |= _distinct(name, tensor.detach().cpu(), original, rank)
    adapter = {name: tensor.clone() for name, tensor in adapter.items()}
    metadata = {"base_sha256": base.SHA256, "rank": str(rank)}
    file.write_bytes(_with_sorted_header(serialize(adapter, metadata=metadata)))


def _with_sorted_header(content: bytes) -> bytes:
    """The same file with the keys of its header in order.

    safetensors writes the metadata in an order that changes from process to process; the same
    tensors are to give the same bytes. The format: the length of the header in 8 bytes, the header
    as JSON, padded by spaces to a multiple of 8 bytes, and the values of the tensors.
    """
    start = _LENGTH_BYTES + int.from_bytes(content[:_LENGTH_BYTES], "little")
    header = json.loads(content[_LENGTH_BYTES:start])
    told = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    told += b" " * (-len(told) % _LENGTH_BYTES)
    return len(told).to_bytes(_LENGTH_BYTES, "little") + told + content[start:]


def _distinct(
    name: str, tensor: torch.Tensor, original: torch.Tensor | None, rank: int
) -> dict[str, torch.Tensor]:
    if not tensor.is_floating_point():
        return {} if original is not None else {name: tensor.contiguous()}
    change = tensor.float() - original.float() if original is not None else None
    if change is not None and float(change.abs().max()) < _UNCHANGED:
        return {}
    if tensor.ndim != _MATRIX or min(tensor.shape) <= rank:
        return {name: tensor.half().contiguous()}
    if change is not None:
        u, s, v = torch.linalg.svd(change, full_matrices=False)
        if float((s[:rank] ** 2).sum() / (s**2).sum()) >= _KEPT_SHARE:
            a = (u[:, :rank] * s[:rank].sqrt()).half().contiguous()
            b = (s[:rank].sqrt()[:, None] * v[:rank]).half().contiguous()
            return {f"{name}.a": a, f"{name}.b": b}
    scale = tensor.float().abs().amax(dim=1).clamp(min=1e-12) / _LARGEST_INT8
    rows = (tensor.float() / scale[:, None]).round().to(torch.int8)
    return {f"{name}.rows": rows.contiguous(), f"{name}.scale": scale.contiguous()}
