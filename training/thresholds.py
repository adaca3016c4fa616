"""From which probability on a label is given, tuned on the validation entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training import scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A threshold outside of these would give a label to all or to none.
LOWEST, HIGHEST = 0.05, 0.95
GRID = np.linspace(LOWEST, HIGHEST, 91)
#: A label with this many positives gets half its own threshold and half the common one. The best
#: threshold of few positives is mostly chance: F1-optimal thresholds overfit on rare labels
#: (Lipton, Elkan and Narayanaswamy, "Thresholding classifiers to maximize F1 score", 2014).
HALF_TRUST_POSITIVES = 20


def tune_thresholds(
    truth: NDArray[np.float32], probabilities: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Thresholds of shape `(labels,)` with a high F1 on these entries.

    Each label's own best threshold is drawn towards the one common threshold that is best for
    all (micro F1), the more so the fewer positives it has: w = n / (n + 20) of its own.

    Args:
        truth: multi-hot, shape `(entries, labels)`.
        probabilities: the same shape.
    """
    true = truth > 0
    common = _best_threshold(true.ravel(), probabilities.ravel())
    tuned = np.empty(true.shape[1])
    for label in range(true.shape[1]):
        positives = int(true[:, label].sum())
        weight = positives / (positives + HALF_TRUST_POSITIVES)
        own = _best_threshold(true[:, label], probabilities[:, label]) if positives else common
        tuned[label] = weight * own + (1.0 - weight) * common
    return np.clip(tuned, LOWEST, HIGHEST)


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
