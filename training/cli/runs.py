"""`journal-train runs`."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from training.cli.common import FOLDER, one_line_errors


@click.command()
@click.argument("folder", type=FOLDER, default=Path("models"))
def runs(folder: Path) -> None:
    """The table of all fits whose models were written into FOLDER."""
    from training.output.run_log import print_runs, read_runs

    with one_line_errors():
        print_runs(read_runs(folder), Console())
