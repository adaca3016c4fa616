"""The log of all fits into a folder: `runs.jsonl`, a line for each, beside the models."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from training.errors import DataError
from training.progress import duration

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

RUNS_FILE = "runs.jsonl"
_HOUR = 3_600
#: Of the figures of a fit: mean average precision, the share of entries without a label that are
#: given one, and how long it took.
_HEADINGS = ("time", "entries", "epoch", "micro F1", "macro F1", "mAP", "alarms", "took")


def note_run(target: Path, version: str, metrics: dict[str, Any]) -> None:
    """Add a fit to the table of its folder; a folder that cannot be written keeps no table."""
    validation = metrics["validation"]
    line = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "name": metrics["name"],
        "version": version,
        "command": metrics["command"],
        "base": metrics["base"],
        "entries": metrics["data"]["train_entries"],
        "best_epoch": metrics["best_epoch"],
        "micro_f1": validation["micro_f1"],
        "macro_f1": validation["macro_f1"],
        "mean_average_precision": validation["mean_average_precision"],
        "labelled_share": validation["labelled_share"],
        "seconds": round(metrics["seconds"]["total"]),
        "learnt_nothing": metrics["learnt_nothing"],
    }
    try:
        with (target.parent / RUNS_FILE).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")
    except OSError:
        pass  # the model is written; a missing line of a table is no reason to fail


def read_runs(folder: Path) -> list[dict[str, Any]]:
    """The fits of a folder, oldest first.

    Raises:
        DataError: there is no table, or a line of it is broken.
    """
    file = folder / RUNS_FILE
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as exc:
        raise DataError(f"{file}: {exc.strerror or 'cannot be read'}") from None
    try:
        return [_checked(json.loads(line)) for line in lines if line.strip()]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise DataError(f"{file}: not JSON lines of fits") from None


def _checked(run: Any) -> dict[str, Any]:
    """The same, if `print_runs` can show it.

    Raises:
        KeyError, TypeError, AttributeError, ValueError: it cannot.
    """
    _figures(run)
    if not {"name", "version", "command"} <= run.keys():
        raise KeyError
    return dict(run)


def print_runs(runs: list[dict[str, Any]], console: Console) -> None:
    """Of each fit its name, its figures under common headings, and its command, a line each.

    Of a model that tells texts apart no better than the share of each label, that is told, too.

    The figures fit into 80 columns; names and commands are never broken.
    """
    widths = [
        max(len(heading), *(len(_figures(run)[at]) for run in runs)) if runs else len(heading)
        for at, heading in enumerate(_HEADINGS)
    ]
    _print_line(console, _aligned(_HEADINGS, widths), style="bold")
    for run in runs:
        console.print()
        nothing = "; it has learnt nothing" if run.get("learnt_nothing") else ""
        _print_line(console, f"{run['name']}, version {run['version']}{nothing}", style="bold")
        _print_line(console, _aligned(_figures(run), widths))
        _print_line(console, str(run["command"]))


def _print_line(console: Console, line: str, *, style: str = "") -> None:
    console.print(escape(line), style=style, highlight=False, soft_wrap=True)


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    """The time to the left, everything else to the right of its column."""
    first, *others = cells
    return "  ".join(
        [first.ljust(widths[0])]
        + [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
    )


def _figures(run: dict[str, Any]) -> list[str]:
    share = run.get("labelled_share")
    return [
        str(run["time"])[:16].replace("T", " "),
        f"{run['entries']:,}",
        f"{run['best_epoch']:g}",
        f"{run['micro_f1']:.3f}",
        f"{run['macro_f1']:.3f}",
        f"{run['mean_average_precision']:.3f}",
        "-" if share is None else f"{share:.1%}",
        _took(run["seconds"]),
    ]


def _took(seconds: float) -> str:
    return duration(seconds) if seconds < _HOUR else f"{seconds / _HOUR:.1f} h"
