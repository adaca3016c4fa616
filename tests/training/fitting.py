"""A fit of a tiny base, as several tests begin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.training.conftest import make_rows
from training.entries.record import Record
from training.finetuning.base_model import find_base
from training.fit import fit
from training.options import FitOptions
from training.progress import Progress
from worker.models.folder import ModelFolder


def options(**changes: Any) -> FitOptions:
    given: dict[str, Any] = {
        "name": "tiny",
        "data": "Entries",
        "command": "journal-train fit",
        "epochs": 3,
        "batch_size": 8,
        "learning_rate": 5e-3,
        "seed": 3,
        "window_tokens": 64,
        "validation_share": 0.25,
    }
    return FitOptions(**{**given, **changes})


def run_fit(base: Path, target: Path, progress: Progress, **changes: Any) -> ModelFolder:
    records = changes.pop("records", None) or [Record(t, tuple(ls)) for t, ls in make_rows(80)]
    folder = fit(
        records,
        changes.pop("validation", None),
        target,
        base=find_base(str(base)),
        anonymizer=changes.pop("anonymizer", None),
        options=options(**changes),
        progress=progress,
    )
    assert folder is not None
    return folder
