"""`python -m tests.truth.run`: every expression of the dashboard beside the truth.

A known load with known faults goes through real workers with stand-in stages, the exporter, the gateway
and a real Prometheus, and everything is counted a second time without any metric: what was submitted,
what is on the streams, what the stages noted. Then each expression of the dashboard is asked, with its
variables filled in, and its answer is held against that. Exit code 1 if one does not agree.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from tests.truth.drill import Drill
from tests.truth.facts import gather
from tests.truth.scene import Scene
from tests.truth.verdict import judge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.truth.tolerance import Tolerance
    from tests.truth.verdict import Line

HEAD = ("panel", "expression", "series", "expected", "seen", "within", "ok")
_WIDTH = 200
_HEADING = """# What the dashboard says, and what is true
Written by `python -m tests.truth.run --seconds {seconds:g} --write tests/truth/RESULTS.md`: a load with poison
entries, a killed child, duplicates, garbage and expiries (*loaded*: rates and latencies over all of it), then
a standstill with full lanes, a missing key and a group that lags (*still*), then no worker (*gone*).
Prometheus asks twice a second. Rates are within 5%, counts exact, latencies within a bucket and p95 within
15%.

"""


def compare(
    program: str,
    seconds: float,
    eased: Mapping[Tolerance, Tolerance] | None = None,
    ranks: float = 0.0,
) -> list[Line]:
    """Run the drill with a load of so many seconds, and judge every panel; see `judge`."""
    with Scene(program) as scene:
        drill = Drill(scene, seconds)
        try:
            drill.run()
            return judge(gather(drill), eased or {}, ranks)
        finally:
            drill.close()


def cells(line: Line) -> tuple[str, ...]:
    """What the table shows of a line."""
    ok = {True: "yes", False: "NO", None: "-"}[line.ok]
    figures = [
        "-" if line.ok is None else f"{value:.4g}" if value % 1 else f"{value:.0f}"
        for value in (line.expected, line.seen)
    ]
    return (line.target.panel, line.target.expression, line.series, *figures, line.tolerance, ok)


def as_markdown(lines: list[Line]) -> str:
    """The table in Markdown."""
    rows = [HEAD, ("---",) * len(HEAD), *map(_escaped, lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def _escaped(line: Line) -> tuple[str, ...]:
    panel, expression, *rest = (cell.replace("|", "\\|") for cell in cells(line))
    return (panel, f"`{expression}`", *rest)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--seconds", default=40.0, help="Of the load.")
@click.option("--write", type=click.Path(path_type=Path), help="Write the table (Markdown) here.")
def main(seconds: float, write: Path | None) -> None:
    """Hold every expression of the dashboard against the truth."""
    program = shutil.which("prometheus")
    if program is None:
        click.echo("skipped: there is no prometheus here (Debian: apt-get install prometheus)")
        sys.exit(2)
    lines = compare(program, seconds)
    table = Table(*HEAD, title="What the dashboard says, and what is true")
    for line in lines:
        table.add_row(*cells(line), style="red" if line.ok is False else "")
    Console(width=None if sys.stdout.isatty() else _WIDTH).print(table)
    if write:
        write.write_text(_HEADING.format(seconds=seconds) + as_markdown(lines), encoding="utf-8")
    sys.exit(any(line.ok is False for line in lines))


if __name__ == "__main__":
    main()
