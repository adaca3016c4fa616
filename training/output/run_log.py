"""The log of all fits into a folder: `runs.jsonl`, a line for each, beside the models."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from training.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

RUNS_FILE = "runs.jsonl"


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
    _row(run)
    return dict(run)


def print_runs(runs: list[dict[str, Any]], console: Console) -> None:
    """A row for each fit."""
    table = Table(box=None)
    for heading in ("time", "name", "version"):
        table.add_column(heading)
    for heading in ("entries", "epoch", "micro F1", "macro F1", "mAP", "false alarms", "seconds"):
        table.add_column(heading, justify="right")
    table.add_column("command", overflow="fold")
    for run in runs:
        table.add_row(*map(escape, _row(run)))
    console.print(table)


def _row(run: dict[str, Any]) -> list[str]:
    share = run.get("labelled_share")
    return [
        str(run["time"])[:16],
        str(run["name"]),
        str(run["version"]),
        f"{run['entries']:,}",
        f"{run['best_epoch']:g}",
        f"{run['micro_f1']:.3f}",
        f"{run['macro_f1']:.3f}",
        f"{run['mean_average_precision']:.3f}",
        "-" if share is None else f"{share:.1%}",
        str(run["seconds"]),
        str(run["command"]),
    ]
