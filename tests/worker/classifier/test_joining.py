"""How a window and its sentences make one score."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from worker.classifier.joining import join

WINDOWS = torch.tensor([[0.2, 0.9], [0.5, 0.5]])
SENTENCES = [np.array([[0.1, 0.3], [0.8, 0.2]], np.float32), np.empty((0, 0), np.float32)]


def test_without_a_share_sentences_do_not_count() -> None:
    assert join(WINDOWS, SENTENCES, 0.0) is WINDOWS


def test_the_best_sentence_counts_for_each_label_by_itself() -> None:
    alone = join(WINDOWS, SENTENCES, 1.0)
    assert alone[0].tolist() == pytest.approx([0.8, 0.3], abs=1e-5)
    between = join(WINDOWS, SENTENCES, 0.5)
    assert between[0, 0] == pytest.approx(0.5, abs=1e-5)  # the logits of 0.2 and 0.8 cancel out
    assert 0.3 < between[0, 1] < 0.9


def test_a_window_without_sentences_keeps_its_scores() -> None:
    assert join(WINDOWS, SENTENCES, 0.7)[1].tolist() == pytest.approx([0.5, 0.5], abs=1e-5)


def test_certain_scores_stay_probabilities() -> None:
    found = join(torch.tensor([[0.0, 1.0]]), [np.array([[1.0, 1.0]], np.float32)], 0.5)
    assert torch.isfinite(found).all()
    assert ((found >= 0) & (found <= 1)).all()


def test_no_windows_give_no_scores() -> None:
    assert join(torch.empty(0, 2), [], 0.5).shape == (0, 2)
