"""Reliability: whether a label of probability p is right in the share p of the cases.

Expected calibration error: M. Naeini, G. Cooper and M. Hauskrecht, "Obtaining well calibrated
probabilities using Bayesian binning", AAAI 2015. Probabilities are sorted into ten bins of equal
width; the error is the sum over bins b of n_b / n |right_b - said_b|: of the n_b probabilities in a
bin, said_b is the mean and right_b the share whose label is true.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

BINS = 10
RELIABILITY_FILE = "reliability.png"


@dataclass(frozen=True, slots=True)
class Reliability:
    """The bins that hold anything, in ascending order.

    Attributes:
        said: the mean probability in each bin, 0 to 1.
        right: the share of them whose label is true, 0 to 1.
        counts: how many probabilities each bin holds.
    """

    said: tuple[float, ...]
    right: tuple[float, ...]
    counts: tuple[int, ...]

    @property
    def error(self) -> float:
        """The expected calibration error, 0 to 1."""
        total = sum(self.counts)
        rows = zip(self.said, self.right, self.counts, strict=True)
        return sum(abs(said - right) * count for said, right, count in rows) / max(1, total)

    def to_json(self) -> dict[str, Any]:
        """As JSON, rounded to four digits."""
        return {
            "expected_calibration_error": round(self.error, 4),
            "said": [round(value, 4) for value in self.said],
            "right": [round(value, 4) for value in self.right],
            "counts": list(self.counts),
        }


def reliability(
    truth: NDArray[np.float32], probabilities: NDArray[np.float32], known: NDArray[np.bool_]
) -> Reliability:
    """Reliability over all labels together.

    Args:
        truth: above 0 where a label applies, shape `(entries, labels)`.
        probabilities: the same shape.
        known: where it is known whether a label applies, the same shape; the rest is left out.
    """
    right, said = (truth > 0)[known], probabilities[known]
    bins = np.minimum((said * BINS).astype(int), BINS - 1)
    filled = [b for b in range(BINS) if (bins == b).any()]
    return Reliability(
        tuple(float(said[bins == b].mean()) for b in filled),
        tuple(float(right[bins == b].mean()) for b in filled),
        tuple(int((bins == b).sum()) for b in filled),
    )


def plot_reliability(found: Reliability, path: Path) -> None:
    """Write the reliability diagram, the share that is right over the probability, as a PNG."""
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(5.2, 5.0), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="#9aa5b1", linewidth=1, linestyle="--")
    sizes = 20 + 180 * np.sqrt(np.array(found.counts) / max(found.counts, default=1))
    axes.plot(found.said, found.right, color="#2a7f9e", linewidth=1.5)
    axes.scatter(found.said, found.right, s=sizes, color="#2a7f9e", zorder=3)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel("probability given")
    axes.set_ylabel("share that is right")
    axes.set_title(f"Reliability, expected calibration error {found.error:.3f}", fontsize=11)
    axes.grid(visible=True, alpha=0.3)
    figure.savefig(path, dpi=140, facecolor="white")
