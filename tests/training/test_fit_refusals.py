"""What cannot go well is told before any work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.training.fitting import run_fit
from training import fit as fit_module
from training.entries.record import Record
from training.errors import BaseModelError, DataError
from training.progress import Progress


@pytest.fixture
def no_base_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def loaded(*_: Any, **__: Any) -> None:
        raise AssertionError("work has begun")

    monkeypatch.setattr(fit_module, "load_base", loaded)


def test_entries_without_any_label_are_refused(
    tiny_base: Path, tmp_path: Path, progress: Progress
) -> None:
    with pytest.raises(DataError, match="no entry has a label"):
        run_fit(tiny_base, tmp_path / "model", progress, records=[Record("a", ())])


@pytest.mark.usefixtures("no_base_is_loaded")
@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"small": True}, (BaseModelError, "--small .* leave out --base")),
        ({"least_expected": 3.0}, (DataError, "--least-expected")),
        ({"at_least": (("Alpah", 0.5),)}, (DataError, "--at-least: no entry .* Alpah")),
        ({"validation": [Record("x", ("Omega",))]}, (DataError, "validation file only: Omega")),
    ],
)
def test_options_that_cannot_be_kept_are_refused_before_any_work(
    tiny_base: Path,
    tmp_path: Path,
    progress: Progress,
    changes: dict[str, Any],
    refusal: tuple[type[Exception], str],
) -> None:
    with pytest.raises(refusal[0], match=refusal[1]):
        run_fit(tiny_base, tmp_path / "model", progress, **changes)
