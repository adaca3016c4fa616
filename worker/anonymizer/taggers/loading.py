"""Loading the tagger that a folder holds: the shipped kind, one of Hugging Face's, or GLiNER."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from worker.anonymizer.taggers import bert, gliner, hugging_face
from worker.anonymizer.taggers.thresholds import PRIVACIES, for_privacy
from worker.errors import ModelFolderError
from worker.models.adapter import FILE as ADAPTER
from worker.models.compute import AUTO
from worker.models.folder import MANIFEST, verify

if TYPE_CHECKING:
    from pathlib import Path

    from worker.anonymizer.taggers.base import Tagger
    from worker.anonymizer.taggers.thresholds import Privacy
    from worker.models.compute import Compute


def check(folder: Path) -> None:
    """Check that a tagger can be loaded from a folder, without loading it.

    Raises:
        ModelFolderError: the folder is missing, altered, or holds no tagger.
        StartupError: GLiNER's package is not installed.
    """
    if (folder / ADAPTER).exists() or not folder.is_dir():
        verify(folder, bert.REQUIRED_FILES)
        thresholds(folder)
        return
    if (folder / MANIFEST).exists():
        verify(folder, ())
    if (folder / gliner.CONFIG).exists():
        gliner.check(folder)
    else:
        hugging_face.check(folder)
    settings(folder)
    thresholds(folder)


def load(folder: Path, compute: Compute = AUTO, privacy: Privacy = "balanced") -> Tagger:
    """The tagger in a folder.

    The folder of a model of Hugging Face's or of GLiNER may also hold `tagger.json` with a
    `threshold`, and for GLiNER with `labels`: what to ask for, and the entity type of each. Of any
    tagger it may hold `thresholds` for `balanced` and `strict` privacy.

    Raises:
        ModelFolderError: the folder is missing, altered, or holds no tagger.
        StartupError: a package or the base model is not installed, or the device or the precision
            is not available.
    """
    check(folder)
    tagger = _loaded(folder, compute)
    # Set afterwards, so that the floors of entity types move with it.
    tagger.threshold = for_privacy(privacy, tagger.threshold, thresholds(folder))
    return tagger


def _loaded(folder: Path, compute: Compute) -> Tagger:
    if (folder / ADAPTER).exists():
        return bert.BertTagger.load(folder, compute)
    given = settings(folder)
    if (folder / gliner.CONFIG).exists():
        return gliner.GlinerTagger.load(folder, compute, **given)
    return hugging_face.load(folder, compute, **given)


def settings(folder: Path) -> dict[str, Any]:
    """The `threshold` and `labels` of a folder's `tagger.json`, as far as it holds them.

    Raises:
        ModelFolderError: the file cannot be read, or holds values that are not allowed.
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


def thresholds(folder: Path) -> dict[str, float]:
    """The `thresholds` by privacy of a folder's `tagger.json`, as far as it holds them.

    Raises:
        ModelFolderError: the file cannot be read, or holds values that are not allowed.
    """
    file = folder / bert.SETTINGS
    if not file.exists():
        return {}
    try:
        told = dict(json.loads(file.read_text(encoding="utf-8")).get("thresholds", {}).items())
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        raise ModelFolderError(f"{file}: not a JSON object") from None
    for privacy, value in told.items():
        if privacy not in PRIVACIES:
            raise ModelFolderError(f"{file}: thresholds are for {' and '.join(PRIVACIES)} only")
        if not isinstance(value, (int, float)) or not 0.0 < value < 1.0:
            raise ModelFolderError(f"{file}: thresholds must lie between 0 and 1")
    return told
