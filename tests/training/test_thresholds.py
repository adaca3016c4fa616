"""Thresholds: quiet or precise where that is asked for."""

from __future__ import annotations

import numpy as np

from training.thresholds import tune_thresholds


def test_false_alarms_are_kept_below_the_share_asked_for() -> None:
    rng = np.random.default_rng(4)
    truth = (rng.random((600, 3)) < 0.2).astype(np.float32)
    probabilities = np.clip(0.2 * truth + rng.random((600, 3)) * 0.8, 0, 1).astype(np.float32)
    plain = ~truth.any(axis=1)
    loud = tune_thresholds(truth, probabilities)
    quiet = tune_thresholds(truth, probabilities, max_false_alarms=0.05)

    def alarms(thresholds: object) -> float:
        return float((probabilities[plain] >= thresholds).any(axis=1).mean())

    assert alarms(loud) > 0.1
    assert alarms(quiet) <= 0.06


def test_precision_reaches_what_was_asked_for() -> None:
    rng = np.random.default_rng(5)
    truth = (rng.random((800, 2)) < 0.3).astype(np.float32)
    probabilities = np.clip(0.3 * truth + rng.random((800, 2)) * 0.7, 0, 1).astype(np.float32)
    thresholds = tune_thresholds(truth, probabilities, min_precision=0.9)
    for label in range(2):
        given = probabilities[:, label] >= thresholds[label]
        assert truth[given, label].mean() >= 0.9


def test_what_is_unknown_moves_no_threshold() -> None:
    truth = np.array([[1], [1], [0], [0]], dtype=np.float32)
    probabilities = np.array([[0.9], [0.8], [0.2], [0.95]], dtype=np.float32)
    known = np.array([[True], [True], [True], [False]])
    assert tune_thresholds(truth, probabilities, known)[0] < 0.8
