"""A small file that makes a fine-tuned model of the built-in base's weights.

`adapter.safetensors` holds, for a tensor `name` of the fine-tuned model, one of

- `name.a`, `name.b`: the tensor is the base's plus `a @ b` (a low-rank update, as in LoRA: Hu et
  al., ICLR 2022, but cut from a full fine-tune by singular value decomposition),
- `name.rows`, `name.scale`: the tensor itself, int8 rows each with a scale,
- `name`: the tensor itself, in half precision,

and nothing where it is the base's. Its metadata names the base's SHA-256.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from worker.errors import ModelFolderError
from worker.models import builtin_base as built_in_base
from worker.models.folder import ADAPTER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

FILE = ADAPTER
#: Singular values kept of the change of a matrix.
RANK = 48
_LARGEST_INT8 = 127
#: The change of a matrix is stored by rank if at least this much of it (squared) is kept.
_KEPT_SHARE = 0.5
#: Below this a tensor counts as unchanged.
_UNCHANGED = 1e-7


def merge(file: Path, wanted: Iterable[str], *, prefix: str = "bert.") -> dict[str, torch.Tensor]:
    """The fine-tuned model's tensors, in fp32.

    Args:
        file: the adapter.
        wanted: names of all tensors of the model.
        prefix: what the model's names have before the base's.

    Raises:
        ModelFolderError: the file cannot be read, is for another base, or lacks a tensor.
        StartupError: the base is not installed, or altered.
    """
    weights = built_in_base.weights()
    try:
        with safe_open(file, "pt") as opened:
            metadata = opened.metadata() or {}
        adapter = load_file(file)
    except (OSError, SafetensorError):
        raise ModelFolderError(f"{file}: cannot be read") from None
    if metadata.get("base_sha256") != built_in_base.SHA256:
        raise ModelFolderError(f"{file}: made for another base model")
    merged = {}
    with safe_open(weights, "pt") as base:
        stored = set(base.keys())
        for name in wanted:
            own = name.removeprefix(prefix)
            # Of the base only what is asked for is read: a tagger takes two of its six layers.
            original = base.get_tensor(own) if own in stored else None
            found = _restored(name, original, adapter)
            if found is None:
                raise ModelFolderError(f"{file}: lacks {name}")
            merged[name] = found
    return merged


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
def save(
    file: Path, state: Mapping[str, torch.Tensor], *, prefix: str = "bert.", rank: int = RANK
) -> None:
    """Write what distinguishes a fine-tuned model of the built-in base from it.

    Args:
        file: is written, or overwritten.
        state: the model's tensors.
        prefix: what the model's names have before the base's.
        rank: of the stored updates; fewer is smaller and less exact.
    """
    base = load_file(built_in_base.weights())
    adapter: dict[str, torch.Tensor] = {}
    for name, tensor in state.items():
        original = base.get(name.removeprefix(prefix))
        if original is not None and original.shape != tensor.shape:
            original = None
        adapter |= _distinct(name, tensor.detach().cpu(), original, rank)
    adapter = {name: tensor.clone() for name, tensor in adapter.items()}
    save_file(adapter, file, metadata={"base_sha256": built_in_base.SHA256, "rank": str(rank)})


def _distinct(
    name: str, tensor: torch.Tensor, original: torch.Tensor | None, rank: int
) -> dict[str, torch.Tensor]:
    if not tensor.is_floating_point():
        return {} if original is not None else {name: tensor.contiguous()}
    change = tensor.float() - original.float() if original is not None else None
    if change is not None and float(change.abs().max()) < _UNCHANGED:
        return {}
    if tensor.ndim != 2 or min(tensor.shape) <= rank:  # noqa: PLR2004 - a matrix
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
