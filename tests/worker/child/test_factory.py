"""What a worker verifies before it starts anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.child import factory
from worker.errors import ModelFolderError
from worker.settings import WorkerSettings


def test_the_shipped_models_are_taken_where_none_are_named() -> None:
    settings = WorkerSettings.load()
    assert settings.model is settings.tagger is None
    factory.check(settings)


@pytest.mark.parametrize("setting", ["model", "tagger"])
def test_a_model_that_is_not_there_stops_the_start(tmp_path: Path, setting: str) -> None:
    with pytest.raises(ModelFolderError, match="nowhere"):
        factory.check(WorkerSettings.load(**{setting: tmp_path / "nowhere"}))
