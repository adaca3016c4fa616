"""The decision which labels a text is given, from their probabilities.

The expected number of labels of a text is the sum of their probabilities, even where labels depend
on one another (linearity of expectation). Where every label is unlikely by itself, this sum tells
better than the largest probability whether there is any label at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from training.scoring.scores import any_macro_f1
from training.scoring.thresholds import ALARM_COST, micro_plus_macro_f1, tune_thresholds

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: The values of `least_expected` that are tried.
EXPECTED = tuple(round(0.1 * i, 1) for i in range(21))
_ALIKE = 1e-9
#: `at_least_one` is chosen though it is worse by this much on the validation entries: on unseen
#: posts of noisy labels it was better in ten of ten models (macro F1 of having any label 0.730 and
#: 0.697 in the mean), but on their validation entries in five only.
AT_LEAST_ONE_MAY_COST = 0.03


@dataclass(frozen=True, slots=True)
class Decision:
    """Which labels are given.

    Attributes:
        thresholds: probability from which on each label is given, shape `(labels,)`.
        least_expected: labels are given only to texts whose probabilities add up to this number.
        at_least_one: such a text is given one label at least: if none reaches its threshold, the
            one with the largest ratio of probability to threshold.
    """

    thresholds: NDArray[np.float64]
    least_expected: float = 0.0
    at_least_one: bool = False

    def __call__(self, probabilities: NDArray[np.float32]) -> NDArray[np.bool_]:
        """The labels of texts, of the probabilities' shape `(texts, labels)`."""
        given: NDArray[np.bool_] = gated(probabilities, self.least_expected) >= self.thresholds
        if self.at_least_one:
            enough = probabilities.sum(axis=1) >= self.least_expected
            without = np.flatnonzero(enough & ~given.any(axis=1))
            nearest = (probabilities[without] / self.thresholds).argmax(axis=1)
            given[without, nearest] = True
        return given


def gated(probabilities: NDArray[np.float32], least: float) -> NDArray[np.float32]:
    """The probabilities, shape `(texts, labels)`, but 0 in texts where they add up to less."""
    expected = probabilities.sum(axis=1, keepdims=True)
    return np.where(expected >= least, probabilities, np.float32(0.0))


def tune_decision(
    truth: NDArray[np.float32],
    probabilities: NDArray[np.float32],
    known: NDArray[np.bool_],
    *,
    min_precision: float = 0.0,
    max_false_alarms: float = 1.0,
    at_least: NDArray[np.float64] | None = None,
    least_expected: float = 0.0,
    common: float | None = None,
) -> Decision:
    """The thresholds, and the number of labels to expect at least, that do best on these entries.

    Best is the sum of micro F1, macro F1, and the macro F1 of having any label, less what goes
    beyond the false alarms allowed, and less how far the share of texts given any label is from
    the share that has one: the best F1 of few texts is mostly chance, and their share is not. Of
    equals it is the one that expects least.

    Nothing is given below its threshold if a precision, a floor or few false alarms were asked
    for, or where no entry without a label tells what that would do.

    The arguments are those of `tune_thresholds`, and the lowest number to expect at least.
    """
    strict = (
        min_precision > 0
        or max_false_alarms < 1
        or (at_least is not None and bool(at_least.any()))
        or bool((truth > 0).any(axis=1).all())
    )
    labels = truth.shape[1]
    best, reached = Decision(np.empty(0)), -np.inf
    # Of no text are as many labels to be expected as there are.
    for least in (least_expected, *(one for one in EXPECTED if least_expected < one < labels)):
        shown = gated(probabilities, least)
        thresholds = tune_thresholds(
            truth,
            shown,
            known,
            min_precision=min_precision,
            max_false_alarms=max_false_alarms,
            at_least=at_least,
            common=common,
        )
        for one in (False,) if strict or not least else (False, True):
            decision = Decision(thresholds, least, at_least_one=one)
            value = _worth(truth > 0, decision(probabilities), known, max_false_alarms)
            value += AT_LEAST_ONE_MAY_COST if one else 0.0
            if value > reached + _ALIKE:
                best, reached = decision, value
    return best


def _worth(
    true: NDArray[np.bool_], given: NDArray[np.bool_], known: NDArray[np.bool_], most_alarms: float
) -> float:
    """The figure that `tune_decision` maximises, of arrays of shape `(texts, labels)`."""
    true, given = true & known, given & known
    # Of a text without a known label it must be known that it has no other.
    judged = true.any(axis=1) | known.all(axis=1)
    any_true: NDArray[np.bool_] = np.asarray(true[judged].any(axis=1))
    any_given: NDArray[np.bool_] = np.asarray(given[judged].any(axis=1))
    if not len(any_true):
        return micro_plus_macro_f1(true, given)
    alarms = float(any_given[~any_true].mean()) if not any_true.all() else 0.0
    return (
        micro_plus_macro_f1(true, given)
        + any_macro_f1(any_true, any_given)
        - abs(float(any_true.mean()) - float(any_given.mean()))
        - ALARM_COST * max(0.0, alarms - most_alarms)
    )
