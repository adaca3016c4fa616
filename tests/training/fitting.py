"""A fit of a tiny base, as several tests begin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.training.conftest import make_rows
from training.entries.record import Record
from training.finetuning import learning, text_model
from training.finetuning.base_model import find_base
from training.fit import fit
from training.options import FitOptions
from training.output import model_writer
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


def make_records(count: int, *, seed: int = 5) -> list[Record]:
    return [Record(text, tuple(labels)) for text, labels in make_rows(count, seed=seed)]


def run_fit(base: Path, target: Path, progress: Progress, **changes: Any) -> ModelFolder:
    records = changes.pop("records", None) or make_records(80)
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


def metrics_of(folder: ModelFolder) -> Any:
    return json.loads((folder.path / "metrics.json").read_text())


def interrupt_while_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(model_writer, "seal_folder", interrupted)


def texts_to_the_model(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The texts of every call that tokenizes for the model, as the calls come."""
    seen: list[list[str]] = []
    tokenize = learning.tokenize

    def spy(texts: list[str], *args: Any, **kwargs: Any) -> Any:
        seen.append(list(texts))
        return tokenize(texts, *args, **kwargs)

    for module in (learning, text_model):
        monkeypatch.setattr(module, "tokenize", spy)
    return seen
