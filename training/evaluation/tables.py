"""Scores as a table for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from rich.console import Console

    from training.evaluation.evaluate import Evaluation
    from training.scoring.scores import Scores


_TITLES = {
    "micro_f1": "micro F1",
    "macro_f1": "macro F1",
    "mean_average_precision": "mean average precision",
    "any_label_macro_f1": "any label at all, macro F1",
}


def print_scores(scores: Scores, console: Console) -> None:
    """A row for each label, and the figures over all of them below.

    Headings of two lines leave room for the labels at 80 columns.
    """
    table = Table(title=f"{scores.entries:,} entries", title_justify="left", box=None)
    table.add_column("label")
    for heading in ("entries", "found", "false\nalarms", "F1", "average\nprecision"):
        table.add_column(heading, justify="right")
    for label in scores.labels:
        precision = label.average_precision
        table.add_row(
            label.label,
            f"{label.support:,}",
            f"{label.true_positives:,}",
            f"{label.false_positives:,}",
            f"{label.f1:.3f}",
            "-" if precision is None else f"{precision:.3f}",
        )
    console.print(table)
    floor = f"micro F1 {scores.floor_micro_f1:.3f}, macro F1 {scores.floor_macro_f1:.3f}"
    lines = [
        f"micro F1 {scores.micro_f1:.3f}, macro F1 {scores.macro_f1:.3f}",
        f"giving every label to every entry: {floor}",
        f"mean average precision {scores.mean_average_precision:.3f}",
        f"any label at all: macro F1 {scores.any_label_macro_f1:.3f}",
    ]
    if scores.labelled_share is not None:
        lines.append(f"of the entries without a label, {scores.labelled_share:.1%} were given one")
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True)


def print_details(found: Evaluation, console: Console) -> None:
    """Confidence intervals, the calibration error, and micro F1 by length and by style."""
    for name, title in _TITLES.items():
        low, high = found.intervals[name]
        console.print(f"{title}: 95% interval {low:.3f} to {high:.3f}", highlight=False)
    console.print(f"expected calibration error {found.reliability.error:.3f}", highlight=False)
    for group, figures in (*found.by_length.items(), *found.by_style.items()):
        console.print(
            f"{group}: {figures['entries']:,} entries, micro F1 {figures['micro_f1']:.3f}",
            highlight=False,
        )
