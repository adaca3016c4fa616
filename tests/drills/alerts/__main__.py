"""The command; see the package."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from tests.drills.alerts.rules import names
from tests.drills.alerts.run import drill
from tests.drills.alerts.table import as_markdown, as_table, left_out

if TYPE_CHECKING:
    from tests.drills.alerts.scene import Row

_WIDTH = 180


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", multiple=True, metavar="NAME", help="An alert; all by default. Repeatable.")
@click.option("--write", type=click.Path(path_type=Path), help="Write the table (Markdown) here.")
def main(only: tuple[str, ...], write: Path | None) -> None:
    """Bring about each alert, follow its action, and account for every entry."""
    if unknown := set(only) - set(names()):
        raise click.BadParameter(f"no such alert: {', '.join(sorted(unknown))}")
    program = shutil.which("prometheus")
    if program is None:
        click.echo("skipped: there is no prometheus here (Debian: apt-get install prometheus)")
        sys.exit(2)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    chosen = only or names()
    outcome = drill(program, chosen, _tell)
    without = left_out(chosen, outcome.rows)
    Console(width=None if sys.stdout.isatty() else _WIDTH).print(as_table(outcome.rows, without))
    if write:
        figures = outcome.figures()
        write.write_text(as_markdown(outcome.rows, without, figures), encoding="utf-8")
    click.echo(json.dumps({**outcome.figures(), "left_out": without}))
    sys.exit(not outcome.ok or bool(without))


def _tell(row: Row) -> None:
    """Say at once how it went: a whole drill takes minutes."""
    told = "fired and cleared" if row.ok else f"NOT AS IT SHOULD BE: {row.problem}"
    click.echo(f"{row.alert}: {told}", err=True)


if __name__ == "__main__":
    main()
