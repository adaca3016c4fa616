"""How a window and its sentences make one score."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.tiny_model import write_tiny_model
from worker.classifier.classifier import Classifier
from worker.classifier.joining import join
from worker.models.compute import EXACT
from worker.models.folder import ModelFolder

if TYPE_CHECKING:
    from pathlib import Path

WINDOWS = np.array([[0.2, 0.9], [0.5, 0.5], [0.2, 0.9]], np.float32)
SENTENCES = [
    np.array([[0.1, 0.3], [0.8, 0.2], [0.1, 0.1], [0.3, 0.1]], np.float32),
    np.empty((0, 0), np.float32),
    np.array([[0.8, 0.3], [0.1, 0.1]], np.float32),
]


def test_without_a_share_sentences_do_not_count() -> None:
    assert join(WINDOWS, SENTENCES, 0.0) is WINDOWS


def test_the_best_of_many_sentences_counts_for_each_label_by_itself() -> None:
    found = join(WINDOWS, SENTENCES, 1.0)[0]
    # Four sentences get half of the share: the logits of 0.2 and 0.8 cancel out.
    assert found[0] == pytest.approx(0.5, abs=1e-5)
    assert found[1] == pytest.approx(1 / (1 + (1 / 9 * 7 / 3) ** 0.5), abs=1e-5)


def test_the_more_sentences_the_more_the_best_of_them_counts() -> None:
    window, sentence = np.array([[0.2]], np.float32), np.array([[0.9]], np.float32)
    found = [join(window, [np.repeat(sentence, n, axis=0)], 0.7).item() for n in range(1, 12)]
    assert found == sorted(found)
    assert found[0] == found[1] == pytest.approx(0.2, abs=1e-5)


def test_one_or_two_sentences_are_read_as_a_whole() -> None:
    found = join(WINDOWS, SENTENCES, 0.7)
    assert found[1].tolist() == pytest.approx([0.5, 0.5], abs=1e-5)
    assert found[2].tolist() == pytest.approx([0.2, 0.9], abs=1e-5)


def test_certain_scores_stay_probabilities() -> None:
    found = join(np.array([[0.0, 1.0]], np.float32), [np.ones((9, 2), np.float32)], 0.5)
    assert np.isfinite(found).all()
    assert ((found >= 0) & (found <= 1)).all()


def test_no_windows_give_no_scores() -> None:
    assert join(np.empty((0, 2), np.float32), [], 0.5).shape == (0, 2)


@pytest.mark.parametrize("averages", [False, True])
def test_the_best_sentence_counts_where_the_folder_says_so(tmp_path: Path, averages: bool) -> None:
    write_tiny_model(tmp_path / "model", window_tokens=16, threshold=1e-6, averages=averages)
    folder = ModelFolder.open(tmp_path / "model")
    plain = Classifier.load(folder, EXACT)
    shared = Classifier.load(replace(folder, sentence_share=0.7), EXACT)
    # Windows of 16 tokens hold up to five of these sentences. Models that do not average score the
    # sentences of labelled texts only.
    text = "So it is. So be it. No. So. Yes. " * 4
    (before, single), (after, same) = (
        one.classify([text, "It rained."]) for one in (plain, shared)
    )
    assert (before.scores != after.scores) == averages
    assert same.scores == pytest.approx(single.scores, abs=1e-5)
