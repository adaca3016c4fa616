"""The choice between finding more and leaving more alone, and its thresholds in a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.worker.anonymizer.taggers.tiny_token_classifier import write_classifier
from worker.anonymizer.taggers import loading as taggers
from worker.anonymizer.taggers.thresholds import STRICT_SHARE
from worker.errors import ModelFolderError
from worker.models.compute import EXACT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_classifier(tmp_path_factory.mktemp("taggers") / "bert")


def test_the_folder_tells_the_threshold_of_each_choice(folder: Path) -> None:
    (folder / "tagger.json").write_text(
        '{"threshold": 0.5, "thresholds": {"balanced": 0.5, "strict": 0.2}}'
    )
    assert taggers.load(folder, EXACT).threshold == 0.5
    assert taggers.load(folder, EXACT, "balanced").threshold == 0.5
    assert taggers.load(folder, EXACT, "strict").threshold == 0.2


def test_a_folder_that_tells_none_gets_a_share_of_its_threshold(folder: Path) -> None:
    (folder / "tagger.json").write_text('{"threshold": 0.8}')
    assert taggers.load(folder, EXACT).threshold == 0.8
    assert taggers.load(folder, EXACT, "strict").threshold == pytest.approx(0.8 * STRICT_SHARE)


@pytest.mark.parametrize("thresholds", ['{"strict": 1.5}', '{"lax": 0.4}', '{"strict": "a"}', "3"])
def test_thresholds_that_are_none_are_refused(folder: Path, thresholds: str) -> None:
    (folder / "tagger.json").write_text(f'{{"threshold": 0.5, "thresholds": {thresholds}}}')
    with pytest.raises(ModelFolderError, match=r"tagger\.json"):
        taggers.check(folder)
