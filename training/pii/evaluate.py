"""Judging the anonymizer on annotated texts: a table, and leak against over-redaction."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from training.pii.scores import PiiScores, score

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from training.pii.generation.example import Example
    from training.progress import Progress
    from worker.anonymizer.anonymizer import Anonymizer

_BATCH = 64
THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True, slots=True)
class PiiEvaluation:
    """What the anonymizer did to one file.

    Attributes:
        name: of the file, and the style of the texts if it has several.
        scores: the counts.
        per_second: entries anonymized a second.
    """

    name: str
    scores: PiiScores
    per_second: float


def evaluate(
    name: str,
    rows: Sequence[tuple[Example, str]],
    anonymizer: Anonymizer,
    *,
    skip: frozenset[str],
    progress: Progress,
) -> list[PiiEvaluation]:
    """Score a file, each style of writing by itself."""
    progress.begin(f"anonymizing {name}", len(rows))
    found = []
    started = time.perf_counter()
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        found += anonymizer.anonymize([example.text for example, _ in batch])
        progress.advance(len(batch))
    rate = len(rows) / (time.perf_counter() - started)
    evaluations = []
    for style in dict.fromkeys(style for _, style in rows):
        chosen = [
            (example.text, example.spans, item.spans)
            for (example, its), item in zip(rows, found, strict=True)
            if its == style
        ]
        label = f"{name} ({style})" if style else name
        evaluations.append(PiiEvaluation(label, score(chosen, skip=skip), rate))
    return evaluations


def print_evaluations(evaluations: Sequence[PiiEvaluation], console: Console) -> None:
    """A table: one line a file and style, then the leak of each type."""
    from rich.table import Table  # noqa: PLC0415

    table = Table(
        "",
        "texts",
        "entities",
        "leaked",
        "texts with a leak",
        "clean texts altered",
        "redacted outside, per 1,000",
        "texts/s",
    )
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.justify = "right"
    for item in evaluations:
        figures = item.scores.to_json()
        table.add_row(
            item.name,
            str(figures["texts"]),
            str(figures["entities"]),
            _percent(figures["leak"]),
            _percent(figures["documents_leak"]),
            _percent(figures["clean_altered"]),
            "-" if item.scores.over_redaction is None else f"{item.scores.over_redaction:.2f}",
            f"{item.per_second:.0f}",
        )
    console.print(table)
    types = Table("leaked, by type", *(item.name for item in evaluations))
    for kind in sorted({kind for item in evaluations for kind in item.scores.entities}):
        types.add_row(
            kind,
            *(
                f"{item.scores.leaked[kind]} of {item.scores.entities[kind]}"
                if kind in item.scores.entities
                else ""
                for item in evaluations
            ),
        )
    if types.row_count:
        console.print(types)


def sweep(
    rows: Sequence[tuple[Example, str]],
    anonymizer: Anonymizer,
    *,
    skip: frozenset[str],
    progress: Progress,
) -> list[tuple[float, float, float]]:
    """Threshold, leak rate and over-redaction per 1,000 for thresholds of the tagger."""
    progress.begin("trying thresholds", len(THRESHOLDS))
    points = []
    for threshold in THRESHOLDS:
        anonymizer.set_threshold(threshold)
        found = []
        for start in range(0, len(rows), _BATCH):
            found += anonymizer.anonymize([e.text for e, _ in rows[start : start + _BATCH]])
        scores = score(
            [(e.text, e.spans, item.spans) for (e, _), item in zip(rows, found, strict=True)],
            skip=skip,
        )
        points.append((threshold, scores.leak_rate or 0.0, scores.over_redaction or 0.0))
        progress.advance(1)
    return points


def plot_sweep(points: Sequence[tuple[float, float, float]], file: Path) -> None:
    """Leak against over-redaction, a point for each threshold, as a PNG."""
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    axes = figure.subplots()
    values = np.array(points)
    axes.plot(values[:, 2], 100 * values[:, 1], marker="o", color="#3b6ea5")
    for threshold, leak, over in points:
        axes.annotate(
            f"{threshold:g}",
            (over, 100 * leak),
            textcoords="offset points",
            xytext=(5, 5),
            fontsize=8,
        )
    axes.set_xlabel("letters and digits redacted needlessly, per 1,000 characters")
    axes.set_ylabel("entities leaked, %")
    # Room above and to the right, for the first and the last label.
    axes.set_ylim(0, 110 * max(values[:, 1].max(), 0.001))
    axes.set_xlim(0, 1.1 * max(values[:, 2].max(), 0.01))
    axes.set_title("Leak against over-redaction, by the tagger's threshold")
    axes.grid(visible=True, alpha=0.3)
    figure.savefig(file, dpi=140)


def _percent(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.1%}"
