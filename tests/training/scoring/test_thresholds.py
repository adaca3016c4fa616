"""Thresholds: quiet or precise where that is asked for."""

from __future__ import annotations

import numpy as np

from training.scoring.thresholds import SILENT, tune_thresholds


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
    assert alarms(quiet) <= 0.05
    assert (quiet >= loud).all()
    assert (tune_thresholds(truth, probabilities, max_false_alarms=0.99) == loud).all()


def test_a_label_that_is_unknown_in_an_entry_raises_no_alarm_there() -> None:
    rng = np.random.default_rng(4)
    truth = np.zeros((300, 2), dtype=np.float32)
    truth[:100, 0] = truth[50:100, 1] = 1
    probabilities = np.clip(0.5 * truth + rng.random((300, 2)) * 0.4, 0, 1).astype(np.float32)
    known = np.ones((300, 2), dtype=np.bool_)
    known[100:, 1] = False
    probabilities[100:, 1] = 0.97
    free = tune_thresholds(truth, probabilities, known)
    quiet = tune_thresholds(truth, probabilities, known, max_false_alarms=0.02)
    assert quiet[1] == free[1]


def test_alarms_of_several_labels_at_once_are_silenced_too() -> None:
    truth = np.zeros((200, 2), dtype=np.float32)
    truth[:100] = 1
    probabilities = np.full((200, 2), 0.6, dtype=np.float32)
    probabilities[100:] = 0.59
    probabilities[100:110] = 0.61
    quiet = tune_thresholds(truth, probabilities, max_false_alarms=0.01)
    assert not (probabilities[100:] >= quiet).any()


def test_precision_reaches_what_was_asked_for() -> None:
    rng = np.random.default_rng(5)
    truth = (rng.random((800, 2)) < 0.3).astype(np.float32)
    probabilities = np.clip(0.3 * truth + rng.random((800, 2)) * 0.7, 0, 1).astype(np.float32)
    thresholds = tune_thresholds(truth, probabilities, min_precision=0.9)
    for label in range(2):
        given = probabilities[:, label] >= thresholds[label]
        assert truth[given, label].mean() >= 0.9


def test_a_label_that_cannot_be_given_precisely_is_silent() -> None:
    rng = np.random.default_rng(5)
    truth = (rng.random((400, 2)) < 0.3).astype(np.float32)
    probabilities = rng.random((400, 2)).astype(np.float32)
    probabilities[:, 1] = np.where(truth[:, 1] > 0, 0.8, 0.3)
    # Right by chance at the very top, but only thrice.
    top = np.flatnonzero(truth[:, 0])[:3]
    probabilities[:, 0] *= 0.9
    probabilities[top, 0] = 0.99
    found = tune_thresholds(truth, probabilities, min_precision=0.9)
    assert found[0] == SILENT
    assert found[1] < 0.8


def test_floors_are_kept_and_come_before_what_is_asked_for() -> None:
    rng = np.random.default_rng(6)
    truth = (rng.random((400, 2)) < 0.3).astype(np.float32)
    probabilities = np.clip(0.3 * truth + rng.random((400, 2)) * 0.7, 0, 1).astype(np.float32)
    free = tune_thresholds(truth, probabilities)
    found = tune_thresholds(truth, probabilities, at_least=np.array([0.9, 0.0]))
    assert found.tolist() == [0.9, free[1]]


def test_unknown_labels_move_no_threshold() -> None:
    truth = np.array([[1], [1], [0], [0]], dtype=np.float32)
    probabilities = np.array([[0.9], [0.8], [0.2], [0.95]], dtype=np.float32)
    known = np.array([[True], [True], [True], [False]])
    assert tune_thresholds(truth, probabilities, known)[0] < 0.8


def test_one_threshold_for_all_labels_is_only_raised() -> None:
    truth = np.zeros((200, 2), dtype=np.float32)
    truth[:100] = 1
    probabilities = np.full((200, 2), 0.6, dtype=np.float32)
    probabilities[100:110, 1] = 0.5
    assert tune_thresholds(truth, probabilities, common=0.3).tolist() == [0.3, 0.3]
    quiet = tune_thresholds(truth, probabilities, common=0.3, max_false_alarms=0.01)
    assert quiet[1] > 0.5
