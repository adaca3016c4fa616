"""Checkpoints of a fit: a folder beside the target, removed when the model is written.

It holds weights, the optimizer's state and figures, and no text. Its file `fit` holds the
fingerprint of the fit that it belongs to, a SHA-256 over entries, base and settings.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from training.errors import OutputError
from training.finetuning import short_texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.entries.split import Part
    from training.finetuning.base_model import Base
    from training.options import FitOptions

#: The best epoch so far, written last into a checkpoint: one without it is not complete.
BEST = "best_epoch.pt"
_MARK = "fit"
#: Options that change how long training goes on, or what is made of its result, but no step of it.
_NOT_IN_FINGERPRINT = (
    "name",
    "data",
    "command",
    "max_minutes",
    "patience",
    "resume",
    "allow_download",
    "small",
    "min_precision",
    "max_false_alarms",
    "at_least",
    "least_expected",
    "threshold",
    "shipped_only",
)


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """Where a fit keeps its checkpoints.

    Attributes:
        folder: one is written into it after every epoch.
        resume_from: the newest of the same fit, to go on from; None to begin anew.
    """

    folder: Path
    resume_from: Path | None


def checkpoint_folder(target: Path) -> Path:
    """The folder that belongs to a target."""
    return target.parent / f".{target.name}.resume"


def fingerprint(
    base: Base, names: Sequence[str], train: Part, held_out: Part, options: FitOptions
) -> str:
    """A SHA-256 that is equal for fits that take the same steps, in hexadecimal digits."""
    # An option that is new since, and was left at its default, takes no other step.
    defaults = {field.name: field.default for field in fields(options)}
    settings = {
        k: v
        for k, v in asdict(options).items()
        if k not in _NOT_IN_FINGERPRINT and v != defaults[k]
    }
    digest = hashlib.sha256(json.dumps([base.name, list(names), settings]).encode())
    if options.with_earlier:
        digest.update(json.dumps([short_texts.SHA256, asdict(short_texts.SHORT)]).encode())
    for file in sorted(Path(base.source).glob("*.safetensors")):
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    for part in (train, held_out):
        digest.update(json.dumps([part.texts, part.weights, part.places]).encode())
        digest.update(repr(part.passages).encode())
        digest.update(part.targets.tobytes())
    return digest.hexdigest()


def open_checkpoints(folder: Path, mark: str) -> Checkpoints:
    """Make the folder ready for a fit. Checkpoints of another fit are removed.

    Args:
        folder: from `checkpoint_folder`.
        mark: the fit's `fingerprint`.

    Raises:
        OutputError: the folder cannot be written.
    """
    file = folder / _MARK
    try:
        if not file.is_file() or file.read_text(encoding="utf-8") != mark:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        file.write_text(mark, encoding="utf-8")
        complete = [path.parent for path in folder.glob(f"checkpoint-*/{BEST}")]
    except OSError as exc:
        raise OutputError(f"{folder}: {exc.strerror or 'cannot be written'}") from None
    newest = max(complete, key=lambda path: int(path.name.partition("-")[2]), default=None)
    return Checkpoints(folder, resume_from=newest)


def save_best(checkpoint: Path, best: dict[str, Any]) -> None:
    """Write tensors and figures into a checkpoint, whole or not at all."""
    temporary = checkpoint / f".{BEST}"
    torch.save(best, temporary)
    temporary.replace(checkpoint / BEST)


def load_best(checkpoint: Path) -> dict[str, Any]:
    """What `save_best` wrote; no code in the file is run.

    Raises:
        OutputError: it cannot be read.
    """
    try:
        found: dict[str, Any] = torch.load(checkpoint / BEST, weights_only=True)
    except Exception as exc:  # noqa: BLE001 - torch has many errors for a broken file
        raise OutputError(
            f"{checkpoint}: cannot be read ({type(exc).__name__}); remove it to begin anew"
        ) from None
    return found
