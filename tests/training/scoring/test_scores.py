"""The figures are those of scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score

from training.scoring.scores import average_precision, learnt_nothing, score
from training.scoring.thresholds import HIGHEST, LOWEST, tune_thresholds

NAMES = ["a", "b", "c"]


def example(rows: int = 300, *, coarse: bool = False) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(7)
    truth = (chance.random((rows, 3)) < [0.4, 0.2, 0.05]).astype(np.float32)
    noise = chance.random((rows, 3))
    probabilities = (0.35 * truth + 0.65 * noise).astype(np.float32)
    return truth, np.round(probabilities, 1) if coarse else probabilities


@pytest.mark.parametrize("coarse", [False, True])
def test_figures_agree_with_scikit_learn(coarse: bool) -> None:
    truth, probabilities = example(coarse=coarse)
    given = probabilities >= 0.5
    found = score(truth, probabilities, given, NAMES)
    assert found.micro_f1 == pytest.approx(f1_score(truth, given, average="micro"))
    assert found.macro_f1 == pytest.approx(f1_score(truth, given, average="macro"))
    expected = average_precision_score(truth, probabilities, average="macro")
    assert found.mean_average_precision == pytest.approx(expected)
    everything = np.ones_like(truth)
    assert found.floor_micro_f1 == pytest.approx(f1_score(truth, everything, average="micro"))
    assert found.floor_macro_f1 == pytest.approx(f1_score(truth, everything, average="macro"))
    either = f1_score(truth.any(axis=1), given.any(axis=1), average="macro")
    assert found.any_label_macro_f1 == pytest.approx(either)
    for index, label in enumerate(found.labels):
        assert label.f1 == pytest.approx(f1_score(truth[:, index], given[:, index]))
        assert label.support == truth[:, index].sum()
        assert label.true_negatives + label.false_positives + label.support == len(truth)


def test_the_floor_of_what_is_partly_unknown_is_scikit_learns() -> None:
    truth, probabilities = example()
    known = np.random.default_rng(3).random(truth.shape) < 0.7
    found = score(truth, probabilities, probabilities >= 0.5, NAMES, known)
    right = truth[known]
    assert found.floor_micro_f1 == pytest.approx(f1_score(right, np.ones_like(right)))
    each = [f1_score(t[k], np.ones(k.sum())) for t, k in zip(truth.T, known.T, strict=True)]
    assert found.floor_macro_f1 == pytest.approx(np.mean(each))


def test_a_label_that_never_occurs_counts_in_no_mean() -> None:
    truth, probabilities = example()
    truth[:, 2] = 0
    found = score(truth, probabilities, probabilities >= 0.5, NAMES)
    assert found.labels[2].average_precision is None
    assert found.macro_f1 == pytest.approx(np.mean([label.f1 for label in found.labels[:2]]))


def test_scores_of_nothing_at_all_are_zero() -> None:
    nothing = np.zeros((2, 3), dtype=np.float32)
    found = score(nothing, nothing, nothing > 0, NAMES)
    assert (found.micro_f1, found.macro_f1, found.mean_average_precision) == (0, 0, 0)
    assert found.labelled_share == 0


def test_average_precision_does_not_depend_on_the_order_of_ties() -> None:
    truth = np.array([True, False, True, False])
    tied = np.full(4, 0.5, dtype=np.float32)
    assert average_precision(truth, tied) == average_precision(truth[::-1], tied) == 0.5


def test_thresholds_beat_a_half_on_skewed_probabilities() -> None:
    truth, probabilities = example()
    skewed = probabilities / 3
    tuned = skewed >= tune_thresholds(truth, skewed)
    assert f1_score(truth, tuned, average="micro") > 0.5
    assert f1_score(truth, skewed >= 0.5, average="micro", zero_division=0) < 0.1


def test_a_rare_label_stays_near_the_common_threshold() -> None:
    truth, probabilities = example(2_000)
    truth[:, 2] = probabilities[:, 2] = 0
    truth[0, 2] = 1
    probabilities[:2, 2] = [0.94, 0.92]  # by itself it would take 0.94
    tuned = tune_thresholds(truth, probabilities)
    assert tuned[2] < 0.7
    truth[:, 2], probabilities[:, 2] = truth[0, 2], 0.94
    truth[::2, 2], probabilities[::2, 2] = 0, 0.92
    assert tune_thresholds(truth, probabilities)[2] == pytest.approx(0.93, abs=0.015)


def test_thresholds_stay_within_bounds_even_without_positives() -> None:
    empty = np.zeros((5, 3), dtype=np.float32)
    tuned = tune_thresholds(empty, empty)
    assert ((tuned >= LOWEST) & (tuned <= HIGHEST)).all()


def test_the_same_score_for_every_text_has_learnt_nothing() -> None:
    rng = np.random.default_rng(1)
    truth = (rng.random((400, 3)) < 0.2).astype(np.float32)
    same = (0.2 + rng.normal(0, 1e-4, truth.shape)).astype(np.float32)
    better = same + 0.2 * truth * rng.random(truth.shape).astype(np.float32)
    assert learnt_nothing(score(truth, same, same > 0.5, NAMES))
    assert not learnt_nothing(score(truth, better, better > 0.3, NAMES))
