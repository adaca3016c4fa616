"""The content of a model folder's `metrics.json`."""

from __future__ import annotations

import platform
from dataclasses import asdict
from importlib import metadata
from typing import TYPE_CHECKING, Any

from training.scoring.scores import score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.entries.split import Part
    from training.finetuning.base_model import Base
    from training.finetuning.callbacks import Best
    from training.options import FitOptions
    from training.scoring.decision import Decision

_LIBRARIES = ("journal-stream", "torch", "transformers", "datasets", "accelerate")
_NOT_SETTINGS = ("name", "data", "command", "allow_download", "shipped_only")


def metrics(
    names: Sequence[str],
    train: Part,
    validation: Part,
    best: Best,
    decision: Decision,
    *,
    base: Base,
    options: FitOptions,
    anonymized_here: bool,
    validation_given: bool,
) -> dict[str, Any]:
    """Scores on the validation entries, and all it takes to judge and repeat them; JSON."""
    given = decision(best.probabilities)
    entries = train.labels[: len(train.texts) - train.sentences]  # the sentences stand last
    settings = asdict(options)
    return {
        "name": options.name,
        "base": base.name,
        "built_in_base": base.built_in and not base.fine_tuned,
        "command": options.command,
        "data": {
            "description": options.data,
            "anonymized_here": anonymized_here,
            "shipped_only": options.shipped_only,
            "validation_given": validation_given,
            "train_entries": len(entries),
            "train_sentences": train.sentences,
            "validation_entries": len(validation.texts),
            "train_entries_without_label": int((~entries.any(axis=1)).sum()),
            "train_entries_by_label": dict(
                zip(names, entries.sum(axis=0).astype(int).tolist(), strict=True)
            ),
        },
        "settings": {k: v for k, v in settings.items() if k not in _NOT_SETTINGS},
        "best_epoch": best.epoch,
        "epochs_run": best.history[-1]["epoch"],
        "epochs": best.history,
        "validation": score(
            validation.labels, best.probabilities, given, names, validation.known
        ).to_json(),
        "thresholds": dict(zip(names, decision.thresholds.tolist(), strict=True)),
        "least_expected": decision.least_expected,
        "at_least_one": decision.at_least_one,
        "versions": {"python": platform.python_version(), **_versions()},
    }


def _versions() -> dict[str, str]:
    found = {}
    for library in _LIBRARIES:
        try:
            found[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            found[library] = "not installed"
    return found
