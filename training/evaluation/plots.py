"""Pictures of where a model errs, as PNG files."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from training.scoring.reliability import RELIABILITY_FILE, plot_reliability

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from training.evaluation.evaluate import Evaluation
    from training.scoring.scores import Scores

CONFUSION_FILE = "confusion_by_label.png"
HEAT_MAP_FILE = "true_and_predicted.png"
NO_LABEL = "(no label)"
_INK, _MUTED, _EMPTY = "#1f2933", "#616e7c", "#f5f7fa"
_RIGHT, _WRONG = "#2a7f9e", "#c8553d"
_STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
}
_DPI = 150
_PANELS_A_ROW = 4
#: Above this share a cell is dark enough for white figures.
_DARK = 0.55
#: The same for cells that fade by transparency.
_DARK_ALPHA = 0.7


def write_plots(evaluation: Evaluation, folder: Path) -> list[Path]:
    """All pictures, into an existing folder; the paths of the files."""
    confusions, heat_map = folder / CONFUSION_FILE, folder / HEAT_MAP_FILE
    plot_reliability(evaluation.reliability, folder / RELIABILITY_FILE)
    plot_confusions(evaluation.scores, confusions)
    plot_heat_map(evaluation.truth, evaluation.predicted, evaluation.labels, heat_map)
    return [confusions, heat_map, folder / RELIABILITY_FILE]


def plot_confusions(scores: Scores, path: Path) -> None:
    """For each label a square of two by two: what was true against what was given.

    A cell's colour is its share of its row, so that rare labels can be read as well.
    """
    columns = min(_PANELS_A_ROW, len(scores.labels))
    rows = math.ceil(len(scores.labels) / columns)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(2.75 * columns + 0.6, 2.8 * rows + 1.0), layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(rows, columns, squeeze=False)
        for index, panel in enumerate(panels.flat):
            if index >= len(scores.labels):
                panel.axis("off")
                continue
            label = scores.labels[index]
            counts = np.array(
                [
                    [label.true_positives, label.false_negatives],
                    [label.false_positives, label.true_negatives],
                ]
            )
            _draw_square(panel, counts, first_column=index % columns == 0)
            panel.set_title(f"{label.label}\nF1 {label.f1:.2f}", fontsize=10.5, pad=8)
        figure.suptitle(
            f"Confusion by label   ·   {scores.entries:,} entries   ·   "
            f"micro F1 {scores.micro_f1:.2f}, macro F1 {scores.macro_f1:.2f}",
            fontsize=13,
            x=0.01,
            ha="left",
        )
        figure.savefig(path, dpi=_DPI, facecolor="white")


def plot_heat_map(
    truth: NDArray[np.float32],
    predicted: NDArray[np.bool_],
    names: Sequence[str],
    path: Path,
) -> None:
    """How often each label was given where each label was true, as a share of the row.

    The diagonal is recall. Elsewhere a high share shows labels that are confused, or that truly
    occur together; the column on the right, entries that were given nothing.
    """
    shares, counts = co_occurrence(truth, predicted)
    side = len(names) + 1
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(0.72 * side + 3.6, 0.6 * side + 2.9), layout="constrained")
        FigureCanvasAgg(figure)
        panel = figure.subplots()
        image = panel.imshow(shares, cmap="YlGnBu", vmin=0.0, vmax=1.0, aspect="auto")
        for row, column in np.ndindex(side, side):
            share = shares[row, column]
            if not math.isnan(share):
                panel.text(
                    column,
                    row,
                    f"{share:.0%}" if share else "·",
                    ha="center",
                    va="center",
                    fontsize=8.5,
                    color="white" if share > _DARK else _INK,
                )
        panel.set_xticks(
            range(side), [*names, NO_LABEL], rotation=40, ha="left", rotation_mode="anchor"
        )
        panel.set_yticks(
            range(side), [f"{n}  ({c})" for n, c in zip([*names, NO_LABEL], counts, strict=True)]
        )
        panel.xaxis.tick_top()
        _grid(panel, side, side)
        panel.set_ylabel("truly there  (entries)", labelpad=8)
        panel.set_title("given by the model", fontsize=10, pad=10)
        bar = figure.colorbar(image, ax=panel, shrink=0.6, pad=0.02)
        bar.ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        bar.outline.set_visible(False)
        figure.suptitle("Given labels where a label is true", fontsize=13, x=0.01, ha="left")
        figure.savefig(path, dpi=_DPI, facecolor="white")


def co_occurrence(
    truth: NDArray[np.float32], predicted: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Of the entries with true label i, the share that was given label j.

    "No label" stands last on both axes.

    Returns:
        Shares of shape `(labels + 1, labels + 1)`, NaN in a row without entries; and the number
        of entries of each row.
    """
    true = _with_none(truth > 0).astype(np.float64)
    given = _with_none(predicted).astype(np.float64)
    counts = true.sum(axis=0)
    with np.errstate(invalid="ignore"):
        shares = (true.T @ given) / counts[:, None]
    return shares, counts.astype(np.int64)


def _with_none(flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.column_stack([flags, ~flags.any(axis=1)])


def _draw_square(panel: Any, counts: NDArray[np.int64], *, first_column: bool) -> None:
    totals = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(totals, 1)
    for (row, column), count in np.ndenumerate(counts):
        share = float(shares[row, column])
        colour = _RIGHT if row == column else _WRONG
        panel.add_patch(mpl.patches.Rectangle((column, row), 1, 1, color=_EMPTY, lw=0))
        panel.add_patch(mpl.patches.Rectangle((column, row), 1, 1, color=colour, alpha=share, lw=0))
        ink = "white" if share > _DARK_ALPHA else _INK
        panel.text(
            column + 0.5, row + 0.46, f"{count:,}", ha="center", va="center", fontsize=14, color=ink
        )
        panel.text(
            column + 0.5,
            row + 0.74,
            f"{share:.0%}",
            ha="center",
            va="center",
            fontsize=8.5,
            color=ink if share > _DARK_ALPHA else _MUTED,
        )
    panel.set_xlim(0, 2)
    panel.set_ylim(2, 0)
    panel.set_aspect("equal")
    panel.set_xticks([0.5, 1.5], ["given", "not given"])
    panel.set_yticks(
        [0.5, 1.5],
        ["there", "not there"] if first_column else ["", ""],
        rotation=90,
        va="center",
    )
    panel.tick_params(length=0, labelsize=9, colors=_MUTED)
    _frame(panel)
    panel.axhline(1, color="white", lw=2)
    panel.axvline(1, color="white", lw=2)


def _grid(panel: Any, rows: int, columns: int) -> None:
    panel.set_xticks(np.arange(-0.5, columns), minor=True)
    panel.set_yticks(np.arange(-0.5, rows), minor=True)
    panel.grid(which="minor", color="white", lw=1.5)
    panel.tick_params(which="both", length=0)
    _frame(panel)


def _frame(panel: Any) -> None:
    for spine in panel.spines.values():
        spine.set_visible(False)
