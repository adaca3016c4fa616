"""From which probability on a label is given, tuned on the validation entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training import scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A threshold outside of these would give a label to all or to none.
LOWEST, HIGHEST = 0.05, 0.95
_SWEEPS = 3
#: How much a share of false alarms beyond those allowed weighs against F1.
_ALARM_COST = 20.0
GRID = np.linspace(LOWEST, HIGHEST, 91)
#: A label with this many positives gets half its own threshold and half the common one. The best
#: threshold of few positives is mostly chance: F1-optimal thresholds overfit on rare labels
#: (Lipton, Elkan and Narayanaswamy, "Thresholding classifiers to maximize F1 score", 2014).
HALF_TRUST_POSITIVES = 20


def tune_thresholds(
    truth: NDArray[np.float32],
    probabilities: NDArray[np.float32],
    known: NDArray[np.bool_] | None = None,
    *,
    min_precision: float = 0.0,
    max_false_alarms: float = 1.0,
) -> NDArray[np.float64]:
    """Thresholds of shape `(labels,)` with a high F1 on these entries.

    Each label's own best threshold is drawn towards the one common threshold that is best for
    all (micro F1), the more so the fewer positives it has: w = n / (n + 20) of its own.

    Args:
        truth: multi-hot, shape `(entries, labels)`.
        probabilities: the same shape.
        known: where it is known whether a label applies, the same shape; everywhere by default.
        min_precision: raise each label's threshold until this share of its givings is right.
        max_false_alarms: raise thresholds until at most this share of the entries without any
            label is given one, at the least cost in F1.
    """
    true = truth > 0
    known = np.ones_like(true) if known is None else known
    common = _best_threshold(true[known], probabilities[known])
    tuned = np.empty(true.shape[1])
    for label in range(true.shape[1]):
        rows = known[:, label]
        positives = int(true[rows, label].sum())
        weight = positives / (positives + HALF_TRUST_POSITIVES)
        own = common
        if positives:
            own = _best_threshold(true[rows, label], probabilities[rows, label])
        tuned[label] = weight * own + (1.0 - weight) * common
    tuned = np.clip(tuned, LOWEST, HIGHEST)
    if max_false_alarms < 1.0:
        tuned = _quieter(true, probabilities, known, tuned, max_false_alarms)
    if min_precision > 0.0:
        for label in range(true.shape[1]):
            rows = known[:, label]
            tuned[label] = _precise(
                true[rows, label], probabilities[rows, label], tuned[label], min_precision
            )
    return tuned


def _quieter(
    true: NDArray[np.bool_],
    probabilities: NDArray[np.float32],
    known: NDArray[np.bool_],
    start: NDArray[np.float64],
    most: float,
) -> NDArray[np.float64]:
    """Coordinate ascent on micro plus macro F1, less what goes beyond the false alarms allowed."""
    plain = ~(true & known).any(axis=1)
    if not plain.any():
        return start
    tuned = start.copy()
    given = probabilities >= tuned
    for _ in range(_SWEEPS):
        for label in range(true.shape[1]):
            best = -np.inf
            for threshold in GRID:
                given[:, label] = probabilities[:, label] >= threshold
                alarms = float(given[plain].any(axis=1).mean())
                value = _both_f1(true & known, given & known) - _ALARM_COST * max(
                    0.0, alarms - most
                )
                # Of equal values the higher threshold: quieter on entries not seen here.
                if value >= best:
                    best, tuned[label] = value, threshold
            given[:, label] = probabilities[:, label] >= tuned[label]
    return tuned


def _both_f1(true: NDArray[np.bool_], given: NDArray[np.bool_]) -> float:
    hits, false, missed = ((a & b).sum(axis=0) for a, b in
                           ((true, given), (~true, given), (true, ~given)))  # fmt: skip
    micro = scores.f1(int(hits.sum()), int(false.sum()), int(missed.sum()))
    macro = np.mean([scores.f1(*map(int, counts)) for counts in
                     zip(hits, false, missed, strict=True)])  # fmt: skip
    return micro + float(macro)


def _precise(
    true: NDArray[np.bool_], probabilities: NDArray[np.float32], start: float, wanted: float
) -> float:
    """The lowest threshold from `start` on at which precision suffices; the highest if none."""
    for threshold in GRID[start <= GRID]:
        given = probabilities >= threshold
        if given.any() and true[given].mean() >= wanted:
            return float(threshold)
    return HIGHEST


def _best_threshold(true: NDArray[np.bool_], probabilities: NDArray[np.float32]) -> float:
    """The middle of the widest stretch of the grid with the best F1."""
    reached = np.array([_f1_at(true, probabilities, threshold) for threshold in GRID])
    best = np.flatnonzero(reached >= reached.max() - 1e-12)
    stretches = np.split(best, np.flatnonzero(np.diff(best) > 1) + 1)
    widest = max(stretches, key=len)
    return float(GRID[widest[len(widest) // 2]])


def _f1_at(true: NDArray[np.bool_], probabilities: NDArray[np.float32], threshold: float) -> float:
    given = probabilities >= threshold
    return scores.f1(
        int((true & given).sum()), int((~true & given).sum()), int((true & ~given).sum())
    )
