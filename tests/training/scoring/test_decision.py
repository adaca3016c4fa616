"""How probabilities become labels: thresholds, and how many labels are to be expected."""

from __future__ import annotations

import numpy as np
import pytest

from training.scoring.decision import Decision, gated, tune_decision


def test_nothing_is_given_where_too_few_labels_are_expected() -> None:
    decide = Decision(np.array([0.5, 0.5, 0.5]), least_expected=1.0)
    found = decide(np.array([[0.7, 0.1, 0.1], [0.7, 0.2, 0.2], [0.4, 0.4, 0.4]], np.float32))
    assert found.tolist() == [[False] * 3, [True, False, False], [False] * 3]


def test_where_enough_labels_are_expected_the_nearest_is_given_at_least() -> None:
    decide = Decision(np.array([0.5, 0.9, 0.5]), least_expected=1.0, at_least_one=True)
    found = decide(np.array([[0.4, 0.8, 0.3], [0.3, 0.3, 0.3], [0.6, 0.3, 0.2]], np.float32))
    assert found.tolist() == [[False, True, False], [False] * 3, [True, False, False]]


def test_one_label_at_least_is_for_those_who_asked_for_no_precision() -> None:
    truth, probabilities = crowd()
    probabilities = probabilities * np.float32(0.2) + truth.any(axis=1, keepdims=True) * 0.05
    known = np.ones_like(truth, bool)
    free = tune_decision(truth, probabilities.astype(np.float32), known)
    assert free.at_least_one
    assert free(probabilities)[truth.any(axis=1)].any(axis=1).mean() > 0.95
    floor = np.array([0.1, 0, 0, 0, 0, 0])
    for asked in ({"min_precision": 0.1}, {"at_least": floor}, {"max_false_alarms": 0.3}):
        assert not tune_decision(truth, probabilities, known, **asked).at_least_one


def test_one_label_at_least_needs_entries_without_any_to_be_chosen() -> None:
    truth, probabilities = crowd()
    some = truth.any(axis=1)
    known = np.ones((int(some.sum()), truth.shape[1]), bool)
    assert not tune_decision(truth[some], probabilities[some], known).at_least_one


@pytest.mark.parametrize("limit", [0.0, 0.01, 0.03])
def test_no_more_false_alarms_than_allowed_whatever_the_noise(limit: float) -> None:
    chance = np.random.default_rng(4)
    truth = (chance.random((800, 4)) < 0.2).astype(np.float32)
    probabilities = (0.3 * truth + 0.7 * chance.random((800, 4))).astype(np.float32)
    decide = tune_decision(truth, probabilities, np.ones_like(truth, bool), max_false_alarms=limit)
    assert decide(probabilities)[~truth.any(axis=1)].any(axis=1).mean() <= limit


def test_a_text_of_which_not_all_is_known_is_no_text_without_labels() -> None:
    truth, probabilities = crowd()
    known = np.ones_like(truth, bool)
    expected = tune_decision(truth, probabilities, known)
    more = np.concatenate([truth, np.zeros((500, 6), np.float32)])
    scores = np.concatenate([probabilities, np.tile([0, 0, 0, 0, 0, 0.99], (500, 1))])
    half = np.concatenate([known, np.tile([True] * 5 + [False], (500, 1))])
    found = tune_decision(more, scores.astype(np.float32), half)
    assert found.thresholds.tolist() == expected.thresholds.tolist()
    assert found.least_expected == expected.least_expected


def test_expecting_nothing_leaves_the_thresholds_alone() -> None:
    probabilities = np.random.default_rng(1).random((50, 4)).astype(np.float32)
    assert (gated(probabilities, 0.0) == probabilities).all()


def crowd(seed: int = 2, entries: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """Texts with labels look a little like it in all of them; the others now and then in one."""
    chance = np.random.default_rng(seed)
    truth = np.zeros((entries, 6), np.float32)
    truth[np.arange(entries // 2), chance.integers(0, 6, entries // 2)] = 1
    probabilities = chance.uniform(0, 0.1, (entries, 6))
    probabilities[: entries // 2] += chance.uniform(0.05, 0.3, (entries // 2, 6))
    probabilities[truth > 0] += chance.uniform(0.1, 0.5, entries // 2)
    lone = np.arange(entries // 2, entries)
    probabilities[lone, chance.integers(0, 6, len(lone))] += chance.uniform(0.0, 0.8, len(lone))
    return truth, probabilities.clip(0, 1).astype(np.float32)


def test_what_looks_like_one_label_alone_is_told_from_what_looks_like_several() -> None:
    truth, probabilities = crowd()
    known = np.ones_like(truth, bool)
    decide = tune_decision(truth, probabilities, known)
    assert decide.least_expected > 0
    unseen, scores = crowd(seed=3)
    plain = ~unseen.any(axis=1)
    ungated = Decision(decide.thresholds)(scores)
    assert decide(scores)[plain].any(axis=1).mean() < 0.5 * ungated[plain].any(axis=1).mean()
    assert decide(scores)[unseen > 0].mean() > 0.8 * ungated[unseen > 0].mean()


def test_false_alarms_stay_within_what_is_allowed() -> None:
    truth, probabilities = crowd()
    known = np.ones_like(truth, bool)
    decide = tune_decision(truth, probabilities, known, max_false_alarms=0.02)
    assert decide(probabilities)[~truth.any(axis=1)].any(axis=1).mean() <= 0.02


def test_no_fewer_labels_are_expected_than_was_asked_for() -> None:
    truth, probabilities = crowd()
    known = np.ones_like(truth, bool)
    assert tune_decision(truth, probabilities, known, least_expected=1.25).least_expected >= 1.25


@pytest.mark.parametrize("labels", [1, 2])
def test_with_few_labels_no_more_are_expected_than_a_text_could_have(labels: int) -> None:
    # Sure of everything: only to expect more labels than there are would keep it silent.
    truth = np.repeat([[1.0], [0.0]], 50, axis=0).repeat(labels, axis=1).astype(np.float32)
    known = np.ones_like(truth, bool)
    decide = tune_decision(truth, np.ones_like(truth), known, max_false_alarms=0.05)
    assert decide.least_expected < labels


@pytest.mark.parametrize("labels", [1, 4])
def test_without_any_entry_to_learn_from_nothing_breaks(labels: int) -> None:
    empty = np.zeros((5, labels), np.float32)
    assert not tune_decision(empty, empty, np.ones((5, labels), bool))(empty).any()
