"""How good predictions are.

F1 is 2TP / (2TP + FP + FN), with the counts of true positives, false positives and false negatives:
C. J. van Rijsbergen, "Information Retrieval", 1979, chapter 7. Micro F1 adds the counts of all
labels first; macro F1 is the mean of the labels' F1. Average precision is the sum over thresholds n
of (R_n - R_(n-1)) P_n, with precision P and recall R and without interpolation: C. Manning,
P. Raghavan and H. Schütze, "Introduction to Information Retrieval", 2008, section 8.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Truth = NDArray[np.float32]
    Probabilities = NDArray[np.float32]
    Predicted = NDArray[np.bool_]

#: Of scores that a model gives at random, the mean average precision lies a few hundredths above
#: the labels' shares.
LEAST_LEARNT = 0.1


@dataclass(frozen=True, slots=True)
class LabelScore:
    """One label: its confusion counts, F1, and average precision (None where it never occurs)."""

    label: str
    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int
    f1: float
    average_precision: float | None

    @property
    def support(self) -> int:
        """In how many entries the label truly occurs."""
        return self.true_positives + self.false_negatives


@dataclass(frozen=True, slots=True)
class Scores:
    """Figures of one model on one set of entries, each between 0 and 1.

    Attributes:
        entries: how many entries were scored.
        micro_f1, macro_f1: over all labels, and the mean of the labels that occur.
        mean_average_precision: the mean over the labels that occur.
        any_label_macro_f1: the question "any label at all?", mean F1 of yes and no.
        floor_micro_f1, floor_macro_f1: what giving every label to every entry would score.
        labelled_share: the share of entries without a true label that were given one.
        labels: each label by itself.
    """

    entries: int
    micro_f1: float
    macro_f1: float
    mean_average_precision: float
    any_label_macro_f1: float
    floor_micro_f1: float
    floor_macro_f1: float
    labelled_share: float | None
    labels: tuple[LabelScore, ...]

    def to_json(self) -> dict[str, Any]:
        """As JSON, rounded to four digits, labels by name."""
        plain: dict[str, Any] = {
            name: _rounded(getattr(self, name))
            for name in self.__dataclass_fields__
            if name != "labels"
        }
        plain["labels"] = {
            score.label: {
                "support": score.support,
                "f1": _rounded(score.f1),
                "average_precision": _rounded(score.average_precision),
                "true_positives": score.true_positives,
                "false_positives": score.false_positives,
                "false_negatives": score.false_negatives,
                "true_negatives": score.true_negatives,
            }
            for score in self.labels
        }
        return plain


def score(
    truth: Truth,
    probabilities: Probabilities,
    predicted: Predicted,
    names: Sequence[str],
    known: Predicted | None = None,
) -> Scores:
    """Score predictions; all arrays have the shape `(entries, labels)`.

    Args:
        truth: above 0 where a label applies.
        probabilities: what the model said.
        predicted: which labels it gave.
        names: of the labels.
        known: where it is known whether a label applies; the rest counts neither way.
    """
    known = np.ones(truth.shape, dtype=np.bool_) if known is None else known
    true = (truth > 0) & known
    predicted = predicted & known
    labels = tuple(
        _label_score(
            name, true[known[:, i], i], probabilities[known[:, i], i], predicted[known[:, i], i]
        )
        for i, name in enumerate(names)
    )
    occurring = [label for label in labels if label.support]
    floor_micro, floor_macro = _floors(true, known, occurring)
    any_true, any_predicted = _any(true), _any(predicted)
    unlabelled = ~any_true
    return Scores(
        entries=len(true),
        micro_f1=f1(
            sum(label.true_positives for label in labels),
            sum(label.false_positives for label in labels),
            sum(label.false_negatives for label in labels),
        ),
        macro_f1=_mean([label.f1 for label in occurring]),
        mean_average_precision=_mean([label.average_precision or 0.0 for label in occurring]),
        any_label_macro_f1=any_macro_f1(any_true, any_predicted),
        floor_micro_f1=floor_micro,
        floor_macro_f1=floor_macro,
        labelled_share=float(any_predicted[unlabelled].mean()) if unlabelled.any() else None,
        labels=labels,
    )


def learnt_nothing(scores: Scores) -> bool:
    """Whether a model tells texts apart no better than the share of each label does.

    The same score for every text has the label's share as average precision. A model whose mean
    has come less than `LEAST_LEARNT` of the way from there to 1 has learnt next to nothing.
    """
    shares = [
        label.support / (label.support + label.false_positives + label.true_negatives)
        for label in scores.labels
        if label.support
    ]
    floor = _mean(shares)
    return scores.mean_average_precision < floor + LEAST_LEARNT * (1.0 - floor)


def _floors(
    true: NDArray[np.bool_], known: NDArray[np.bool_], occurring: Sequence[LabelScore]
) -> tuple[float, float]:
    """Micro and macro F1 of giving every label wherever it is known whether it applies.

    Then nothing is missed, and what is right are the true ones: F1 is 2 true / (true + known).
    """
    micro = float(2 * true.sum() / (true.sum() + known.sum())) if true.any() else 0.0
    support = np.array([label.support for label in occurring])
    judged = support + np.array(
        [label.false_positives + label.true_negatives for label in occurring]
    )
    return micro, _mean((2 * support / (support + judged)).tolist())


def f1(true_positives: int, false_positives: int, false_negatives: int) -> float:
    """F1 from counts; 0 where there is nothing to find and nothing was found."""
    total = 2 * true_positives + false_positives + false_negatives
    return 2 * true_positives / total if total else 0.0


def average_precision(
    true: NDArray[np.bool_],
    probabilities: NDArray[np.float32],
    times: NDArray[np.int64] | None = None,
) -> float | None:
    """Average precision of one label; equal probabilities count as one threshold.

    Args:
        true: shape `(entries,)`.
        probabilities: the same shape.
        times: how often each entry counts, the same shape; once by default.

    Returns:
        None where the label never occurs.
    """
    times = np.ones(len(true), dtype=np.int64) if times is None else times
    if not times[true].any():
        return None
    order = np.argsort(-probabilities, kind="stable")
    hits = np.cumsum((true * times)[order])
    # Of a run of equal probabilities only the last is a threshold one could choose.
    last = np.append(np.diff(probabilities[order]) != 0, True)
    hits, taken = hits[last], np.maximum(np.cumsum(times[order])[last], 1)
    gains = np.diff(hits, prepend=0) / hits[-1]
    return float(np.sum(gains * hits / taken))


def _label_score(
    name: str,
    true: NDArray[np.bool_],
    probabilities: NDArray[np.float32],
    predicted: NDArray[np.bool_],
) -> LabelScore:
    hits = int((true & predicted).sum())
    false_alarms = int((~true & predicted).sum())
    misses = int((true & ~predicted).sum())
    return LabelScore(
        label=name,
        true_positives=hits,
        false_positives=false_alarms,
        false_negatives=misses,
        true_negatives=len(true) - hits - false_alarms - misses,
        f1=f1(hits, false_alarms, misses),
        average_precision=average_precision(true, probabilities),
    )


def _any(flags: Predicted) -> NDArray[np.bool_]:
    return np.asarray(flags.any(axis=1), dtype=np.bool_)


def any_macro_f1(true: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> float:
    """Of the question "any label at all?", the mean F1 of yes and no; shape `(entries,)` each."""
    return (_f1_of(true, predicted) + _f1_of(~true, ~predicted)) / 2


def _f1_of(true: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> float:
    return f1(
        int((true & predicted).sum()),
        int((~true & predicted).sum()),
        int((true & ~predicted).sum()),
    )


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else 0.0


def _rounded(value: float | None) -> float | None:
    return round(value, 4) if isinstance(value, float) else value
