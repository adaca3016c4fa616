"""How far figures would move with other entries of the same kind.

The percentile bootstrap: B. Efron and R. Tibshirani, "An Introduction to the Bootstrap", 1993,
chapter 13. Whole entries are drawn, as their labels belong together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.scores import f1

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLES = 400
#: The middle 95% of the samples.
_EDGES = (2.5, 97.5)


def intervals(
    truth: NDArray[np.float32], predicted: NDArray[np.bool_], *, seed: int = 0
) -> dict[str, tuple[float, float]]:
    """95% intervals of micro and macro F1; both arrays have the shape `(entries, labels)`."""
    true = truth > 0
    hits, false, missed = true & predicted, ~true & predicted, true & ~predicted
    rng = np.random.default_rng(seed)
    found: dict[str, list[float]] = {"micro_f1": [], "macro_f1": []}
    for _ in range(SAMPLES):
        rows = rng.integers(0, len(true), len(true))
        counts = np.stack([part[rows].sum(axis=0) for part in (hits, false, missed)], axis=1)
        found["micro_f1"].append(f1(*map(int, counts.sum(axis=0))))
        occurring = counts[counts[:, 0] + counts[:, 2] > 0]
        each = [f1(*map(int, row)) for row in occurring]
        found["macro_f1"].append(float(np.mean(each)) if each else 0.0)
    return {
        name: tuple(round(float(edge), 4) for edge in np.percentile(values, _EDGES))  # type: ignore[misc]
        for name, values in found.items()
    }
