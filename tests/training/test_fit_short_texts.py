"""A fit that keeps the earlier model for short texts, from the entries to what a worker answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.training.fitting import options
from training.entries.sources import read_shipped
from training.errors import BaseModelError
from training.finetuning import short_texts
from training.finetuning.base_model import find_base
from training.fit import fit
from worker.classifier.classifier import Classifier
from worker.models import adapter
from worker.models.compute import EXACT
from worker.models.folder import SHORT_TEXTS

if TYPE_CHECKING:
    from pathlib import Path

    from training.progress import Progress

#: Every so many of the shipped entries: some 170, with every label among them.
_EVERY = 100
_OPTIONS = {
    "with_earlier": True,
    "sentence_weight": 1.0,
    "epochs": 1,
    "batch_size": 16,
    "learning_rate": 1.5e-4,
    "window_tokens": 128,
    "validation_share": 0.15,
    "threads": 1,
}
TEXTS = ("I will never get it right.", "We had soup. It rained. They all think I am a fool.")


@pytest.mark.parametrize("small", [True, False], ids=["adapter", "whole"])
def test_both_sets_of_weights_reach_the_worker(
    small: bool, tmp_path: Path, progress: Progress
) -> None:
    folder = fit(
        read_shipped()[::_EVERY],
        None,
        tmp_path / "model",
        base=find_base(None),
        anonymizer=None,
        options=options(small=small, **_OPTIONS),
        progress=progress,
    )
    assert folder is not None
    assert folder.short_texts == short_texts.SHORT
    assert (folder.path / adapter.FILE).exists() == small
    metrics = json.loads((folder.path / "metrics.json").read_text())
    assert metrics["short_texts"] == {"tokens": 48, "sentences": 2}
    assert "read with weights of their own" in (folder.path / "README.md").read_text().replace(
        "\n", " "
    )
    # A temperature for both is all that the fit changed of the earlier model.
    names = ["bert.encoder.layer.0.output.dense.weight", "classifier.weight"]
    written, earlier = (
        adapter.merge(file, names) for file in (folder.path / SHORT_TEXTS, short_texts.FILE)
    )
    np.testing.assert_allclose(written[names[0]], earlier[names[0]], atol=2e-3)
    cooled = earlier[names[1]] / metrics["temperature"]
    np.testing.assert_allclose(written[names[1]], cooled, atol=5e-3)
    classifier = Classifier.load(folder, EXACT)
    short, long = (np.array(found.scores) for found in classifier.classify(TEXTS))
    # After one epoch of a hundredth of the entries the new weights are far from the earlier ones.
    assert np.abs(short - long).max() > 0.02


def test_the_earlier_model_had_learnt_from_sentences(tmp_path: Path, progress: Progress) -> None:
    with pytest.raises(BaseModelError, match="--sentence-weight"):
        fit(
            read_shipped()[::_EVERY],
            None,
            tmp_path / "model",
            base=find_base(None),
            anonymizer=None,
            options=options(**_OPTIONS | {"sentence_weight": 0.0}),
            progress=progress,
        )
    assert not list(tmp_path.iterdir())
