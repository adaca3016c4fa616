"""Confidence intervals: how far figures would move with other entries of the same kind.

The percentile bootstrap: B. Efron and R. Tibshirani, "An Introduction to the Bootstrap", 1993,
section 13.3: entries are drawn with replacement, as many as there are, `SAMPLES` times; the 95%
interval of a figure reaches from the 2.5th to the 97.5th percentile of its values. Whole entries
are drawn, because the labels of one entry are not independent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.scoring.scores import any_macro_f1, average_precision, f1

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLES = 400
#: Percentiles between which the middle 95% of the samples lie.
_EDGES = (2.5, 97.5)
#: Standard deviations within which 95% of a normal distribution lie.
_Z = 1.96


def intervals(
    truth: NDArray[np.float32],
    predicted: NDArray[np.bool_],
    probabilities: NDArray[np.float32] | None = None,
    known: NDArray[np.bool_] | None = None,
    *,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """95% intervals of a model's figures, by the names they have in `Scores`.

    Args:
        truth: above 0 where a label applies, shape `(entries, labels)`.
        predicted: which labels were given, the same shape.
        probabilities: the same shape; without them mean average precision has no interval.
        known: where it is known whether a label applies; everywhere by default.
        seed: of the samples.

    Returns:
        For each figure the lower and the upper end, from 0 to 1, rounded to four digits.
    """
    known = np.ones(truth.shape, dtype=np.bool_) if known is None else known
    true, given = (truth > 0) & known, predicted & known
    hits, false, missed = true & given, ~true & given, true & ~given
    any_true, any_given = np.any(true, axis=1), np.any(given, axis=1)
    rng = np.random.default_rng(seed)
    found: dict[str, list[float]] = {"micro_f1": [], "macro_f1": [], "any_label_macro_f1": []}
    if probabilities is not None:
        found["mean_average_precision"] = []
    for _ in range(SAMPLES):
        rows = rng.integers(0, len(true), len(true))
        counts = np.stack([part[rows].sum(axis=0) for part in (hits, false, missed)], axis=1)
        found["micro_f1"].append(f1(*map(int, counts.sum(axis=0))))
        occurring = counts[counts[:, 0] + counts[:, 2] > 0]
        found["macro_f1"].append(_mean([f1(*map(int, row)) for row in occurring]))
        found["any_label_macro_f1"].append(any_macro_f1(any_true[rows], any_given[rows]))
        if probabilities is not None:
            times = np.bincount(rows, minlength=len(true))
            each = [
                average_precision(true[k, i], probabilities[k, i], times[k])
                for i, k in enumerate(known.T)
            ]
            found["mean_average_precision"].append(_mean([p for p in each if p is not None]))
    return {name: _middle(values) for name, values in found.items()}


def share_interval(flags: NDArray[np.bool_]) -> tuple[float, float]:
    """95% interval of the share of flags that are true.

    Wilson's score interval (E. B. Wilson, "Probable inference, the law of succession, and
    statistical inference", JASA 22, 1927): with n flags of which the share p is true, and z = 1.96,
    (p + z^2/2n +- z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n). Unlike the bootstrap's, it has a
    width where the share is 0 or 1.

    Args:
        flags: shape `(entries,)`, at least one.
    """
    n, share = len(flags), float(flags.mean())
    spread = _Z**2 / n
    middle = (share + spread / 2) / (1 + spread)
    half = _Z / (1 + spread) * (share * (1 - share) / n + spread / (4 * n)) ** 0.5
    return round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)


def _middle(values: list[float]) -> tuple[float, float]:
    low, high = np.percentile(values, _EDGES)
    return round(float(low), 4), round(float(high), 4)


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else 0.0
