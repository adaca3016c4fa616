"""Which tagger a folder holds: our own, a token classifier of Hugging Face's, or GLiNER."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from worker.anonymizer.taggers import bert, gliner, hugging_face
from worker.errors import ModelFolderError
from worker.models.adapter import FILE as ADAPTER
from worker.models.compute import AUTO
from worker.models.folder import MANIFEST, verify

if TYPE_CHECKING:
    from pathlib import Path

    from worker.anonymizer.taggers.base import Tagger
    from worker.models.compute import Compute


def check(folder: Path) -> None:
    """See that a tagger can be loaded from here, without loading it.

    Raises:
        ModelFolderError: the folder is missing, altered, or holds no tagger.
        StartupError: GLiNER's package is not installed.
    """
    if (folder / ADAPTER).exists() or not folder.is_dir():
        verify(folder, bert.REQUIRED_FILES)
        return
    if (folder / MANIFEST).exists():
        verify(folder, ())
    if (folder / gliner.CONFIG).exists():
        gliner.check(folder)
    else:
        hugging_face.check(folder)
    settings(folder)


def load(folder: Path, compute: Compute = AUTO) -> Tagger:
    """The tagger in a folder.

    Besides the model's own files the folder of another's model may hold `tagger.json` with a
    `threshold`, and for GLiNER `labels`: what to ask for, and the type of each.

    Raises:
        ModelFolderError: the folder is missing, altered, or holds no tagger.
        StartupError: a package or the base model is not installed, or device or precision are not
            to be had.
    """
    check(folder)
    if (folder / ADAPTER).exists():
        return bert.BertTagger.load(folder, compute)
    given = settings(folder)
    if (folder / gliner.CONFIG).exists():
        return gliner.GlinerTagger.load(folder, compute, **given)
    return hugging_face.load(folder, compute, **given)


def settings(folder: Path) -> dict[str, Any]:
    """What `tagger.json` says, if there is one.

    Raises:
        ModelFolderError: it says something else.
    """
    file = folder / bert.SETTINGS
    if not file.exists():
        return {}
    try:
        content: dict[str, Any] = dict(json.loads(file.read_text(encoding="utf-8")).items())
        given: dict[str, Any] = {
            name: content[name] for name in ("threshold", "labels") if name in content
        }
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        raise ModelFolderError(f"{file}: not a JSON object") from None
    threshold = given.get("threshold", 0.5)
    if not isinstance(threshold, (int, float)) or not 0.0 < threshold < 1.0:
        raise ModelFolderError(f"{file}: threshold must lie between 0 and 1")
    if "labels" in given and not (folder / gliner.CONFIG).exists():
        raise ModelFolderError(f"{file}: only GLiNER can be given labels")
    return given
