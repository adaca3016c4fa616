"""The content of a model folder's `metrics.json`."""

from __future__ import annotations

import platform
from dataclasses import asdict
from importlib import metadata
from typing import TYPE_CHECKING, Any

from training.scoring.scores import learnt_nothing, score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.entries.preparation import Parts
    from training.finetuning.base_model import Base
    from training.finetuning.callbacks import BestEpoch
    from training.options import FitOptions
    from training.scoring.calibration import Calibration

#: What a fit says of a model whose `learnt_nothing` is true.
NOTHING_LEARNT = (
    "WARNING: this model has learnt nothing: its scores tell texts apart no better than the share "
    "of each label does. More --epochs, another --learning-rate or more entries may help"
)
_LIBRARIES = ("journal-stream", "torch", "transformers", "datasets", "accelerate")
_NOT_SETTINGS = ("name", "data", "command", "allow_download", "shipped_only")


def metrics(
    names: Sequence[str],
    parts: Parts,
    best: BestEpoch,
    calibration: Calibration,
    *,
    base: Base,
    options: FitOptions,
) -> dict[str, Any]:
    """Scores on the validation entries, and all it takes to judge and repeat them; JSON.

    Args:
        names: of the labels, in the order of the model's outputs.
        parts: what was learnt from, and what was validated with.
        best: the epoch whose weights were kept.
        calibration: of the model at that epoch.
        base: what the fit began from.
        options: what was asked of the fit.
    """
    decision, held_out = calibration.decision, parts.held_out
    probabilities = calibration.probabilities
    scores = score(held_out.labels, probabilities, decision(probabilities), names, held_out.known)
    settings = asdict(options)
    return {
        "name": options.name,
        "base": base.name,
        "built_in_base": base.built_in and not base.fine_tuned,
        "command": options.command,
        "data": _data(names, parts, options),
        "settings": {k: v for k, v in settings.items() if k not in _NOT_SETTINGS},
        "best_epoch": best.epoch,
        "epochs_run": best.history[-1]["epoch"],
        "epochs": best.history,
        "validation": scores.to_json(),
        "learnt_nothing": learnt_nothing(scores),
        "thresholds": dict(zip(names, decision.thresholds.tolist(), strict=True)),
        "least_expected": decision.least_expected,
        "at_least_one": decision.at_least_one,
        "versions": {"python": platform.python_version(), **_versions()},
        "temperature": round(calibration.temperature, 4),
        "reliability": calibration.reliability.to_json(),
    }


def _data(names: Sequence[str], parts: Parts, options: FitOptions) -> dict[str, Any]:
    """What the entries are and how many there are of each kind."""
    train = parts.train
    # Behind the entries stand what was made of them.
    entries = train.labels[: len(train.texts) - train.sentences - train.composed]
    return {
        "description": options.data,
        "anonymized_here": parts.anonymized,
        "shipped_only": options.shipped_only,
        "validation_given": parts.validation_given,
        "train_entries": len(entries),
        "train_sentences": train.sentences,
        "train_composed": train.composed,
        "train_soft": train.soft,
        "validation_entries": len(parts.held_out.texts),
        "train_entries_without_label": int((~entries.any(axis=1)).sum()),
        "train_entries_by_label": dict(
            zip(names, entries.sum(axis=0).astype(int).tolist(), strict=True)
        ),
    }


def _versions() -> dict[str, str]:
    found = {}
    for library in _LIBRARIES:
        try:
            found[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            found[library] = "not installed"
    return found
