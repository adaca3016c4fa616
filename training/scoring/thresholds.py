"""From which probability on each label is given, tuned on the validation entries.

A label's own best threshold is the one with the highest F1 (Z. Lipton, C. Elkan and
B. Naryanaswamy, "Optimal thresholding of classifiers to maximize F1 measure", ECML PKDD 2014). On
few positives it is mostly chance, so it is drawn towards the threshold that is best for all labels
together, with the credibility factor n / (n + k) of n positives (H. Bühlmann, "Experience rating
and credibility", ASTIN Bulletin 4, 1967).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.scoring import scores

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

#: A threshold outside of these would give a label to all or to none.
LOWEST, HIGHEST = 0.05, 0.95
#: How often the coordinate ascent of `_quieter` goes through all labels.
_SWEEPS = 3
#: How much a share of false alarms beyond those allowed weighs against F1.
ALARM_COST = 20.0
#: The thresholds that are tried, in steps of 0.01.
GRID = np.round(np.linspace(LOWEST, HIGHEST, 91), 4)
#: A label that cannot be given as precisely as it was asked for is given practically never.
SILENT = 0.999
#: Of fewer entries that were given a label, the share that is right says next to nothing.
FEWEST_GIVEN = 5
#: The k of n / (n + k): a label with this many positives gets half its own threshold and half the
#: common one.
HALF_TRUST_POSITIVES = 20


def tune_thresholds(
    truth: NDArray[np.float32],
    probabilities: NDArray[np.float32],
    known: NDArray[np.bool_] | None = None,
    *,
    min_precision: float = 0.0,
    max_false_alarms: float = 1.0,
    at_least: NDArray[np.float64] | None = None,
    common: float | None = None,
) -> NDArray[np.float64]:
    """Thresholds of shape `(labels,)` with a high F1 on these entries, rounded to four digits.

    Each label's own best threshold is drawn towards the one common threshold that is best for
    all (micro F1), the more so the fewer positives it has: with n positives the threshold is
    w own + (1 - w) common, w = n / (n + 20). What is asked for beyond that only raises thresholds.

    Args:
        truth: multi-hot, shape `(entries, labels)`.
        probabilities: the same shape.
        known: where it is known whether a label applies, the same shape; everywhere by default.
        min_precision: raise each label's threshold until at least this share of the entries that
            are given it truly have it; to `SILENT` where that cannot be shown.
        max_false_alarms: raise thresholds until at most this share of the entries without any
            label is given one, at the least cost in F1.
        at_least: what each label's threshold is no lower than, shape `(labels,)`.
        common: the threshold to begin with for every label, in place of its own; None to tune.
    """
    true = truth > 0
    known = np.ones_like(true) if known is None else known
    if common is None:
        tuned = _between_own_and_common(true, probabilities, known)
    else:
        tuned = np.full(true.shape[1], common)
    if at_least is not None:
        tuned = np.maximum(tuned, at_least)
    if max_false_alarms < 1.0:
        tuned = _quieter(true, probabilities, known, tuned, max_false_alarms)
    if min_precision > 0.0:
        for label in range(true.shape[1]):
            rows = known[:, label]
            tuned[label] = _precise(
                true[rows, label], probabilities[rows, label], tuned[label], min_precision
            )
    return tuned


def _between_own_and_common(
    true: NDArray[np.bool_], probabilities: NDArray[np.float32], known: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Each label's own best threshold, drawn towards the common one; shape `(labels,)`."""
    common = _best_threshold(true[known], probabilities[known])
    tuned: NDArray[np.float64] = np.empty(true.shape[1])
    for label in range(true.shape[1]):
        rows = known[:, label]
        positives = int(true[rows, label].sum())
        weight = positives / (positives + HALF_TRUST_POSITIVES)
        own = common
        if positives:
            own = _best_threshold(true[rows, label], probabilities[rows, label])
        tuned[label] = weight * own + (1.0 - weight) * common
    return np.clip(tuned, LOWEST, HIGHEST).round(4)


def silent_labels(thresholds: Mapping[str, float]) -> list[str]:
    """The labels that are never given, as `min_precision` was out of their reach."""
    return [label for label, threshold in thresholds.items() if threshold >= SILENT]


def _quieter(
    true: NDArray[np.bool_],
    probabilities: NDArray[np.float32],
    known: NDArray[np.bool_],
    start: NDArray[np.float64],
    most: float,
) -> NDArray[np.float64]:
    """Coordinate ascent on micro plus macro F1, less what goes beyond the false alarms allowed.

    No threshold is lowered, and none moves if there are few enough false alarms already.
    """
    plain = ~(true & known).any(axis=1) & known.all(axis=1)

    def alarms(thresholds: NDArray[np.float64]) -> float:
        given = (probabilities >= thresholds) & known
        return float(given[plain].any(axis=1).mean())

    if not plain.any() or alarms(start) <= most:
        return start
    tuned = start.copy()
    for _ in range(_SWEEPS):
        for label in range(true.shape[1]):
            best = -np.inf
            for threshold in (start[label], *GRID[start[label] < GRID]):
                trial = tuned.copy()
                trial[label] = threshold
                given = (probabilities >= trial) & known
                excess = max(0.0, float(given[plain].any(axis=1).mean()) - most)
                value = micro_plus_macro_f1(true & known, given) - ALARM_COST * excess
                # Of equal values the higher threshold: quieter on entries not seen here.
                if value >= best:
                    best, tuned[label] = value, threshold
    # One label at a time finds no way where entries are given several at once.
    for together in (*GRID, SILENT):
        if alarms(tuned) <= most:
            break
        tuned = np.maximum(tuned, together)
    return tuned


def micro_plus_macro_f1(true: NDArray[np.bool_], given: NDArray[np.bool_]) -> float:
    """Micro F1 plus macro F1, from 0 to 2, of arrays of shape `(entries, labels)`."""
    hits, false, missed = (
        (a & b).sum(axis=0) for a, b in ((true, given), (~true, given), (true, ~given))
    )
    micro = scores.f1(int(hits.sum()), int(false.sum()), int(missed.sum()))
    macro = np.mean(
        [scores.f1(*map(int, counts)) for counts in zip(hits, false, missed, strict=True)]
    )
    return micro + float(macro)


def _precise(
    true: NDArray[np.bool_], probabilities: NDArray[np.float32], start: float, wanted: float
) -> float:
    """The lowest threshold from `start` on at which precision suffices; `SILENT` if none."""
    for threshold in (start, *GRID[start < GRID]):
        given = probabilities >= threshold
        if given.sum() >= FEWEST_GIVEN and true[given].mean() >= wanted:
            return float(threshold)
    return SILENT


def _best_threshold(true: NDArray[np.bool_], probabilities: NDArray[np.float32]) -> float:
    """The threshold of the grid with the best F1; of several, the middle of the widest run."""
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
