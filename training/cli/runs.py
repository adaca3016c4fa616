"""`journal-train runs`."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from training.cli.common import FOLDER, one_line_errors


@click.command()
@click.argument("folder", type=FOLDER, default=Path("models"))
def runs(folder: Path) -> None:
    """The figures of all fits whose models were written into FOLDER, the oldest first.

    Of each fit: when it ended, on how many entries; the best epoch and its F1 and mean average
    precision (mAP) on the validation entries; false alarms, the share of entries without a label
    that are given one; how long the fit took; and the command that makes the model again.
    """
    from training.output.run_log import print_runs, read_runs

    with one_line_errors():
        print_runs(read_runs(folder), Console())
