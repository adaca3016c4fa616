"""The figures as tables for people and as JSON for programs."""

from __future__ import annotations

import json
import statistics
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.bench.errors import BenchError
from tests.bench.latency import LOAD_SHARE
from tests.bench.noop import CHILDREN
from tests.bench.processes.stock_worker import TITLE as STOCK_TITLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.bench.latency import IdleLatency, LoadLatency
    from tests.bench.noop import Figures
    from tests.bench.rounds import Measured

_MB = 1e6
_MS = 1e3
#: Wide enough for every row on one line, in a pipe too.
WIDTH = 120
#: How the two workers of `--noop` are called.
_NOOP_WORKERS = {"claim": "the worker", "stock": STOCK_TITLE}


def console() -> Console:
    """Stdout, as plain lines when it is no terminal."""
    wide = Console(highlight=False)
    return wide if wide.is_terminal else Console(highlight=False, width=WIDTH)


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Show on stderr what is being measured; yields a function that takes the next line."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting")
        yield lambda what: bar.update(task, description=what)


def write(file: Path | None, figures: dict[str, Any]) -> None:
    """Write figures as JSON, if a file is given.

    Raises:
        BenchError: the file cannot be written.
    """
    if file is None:
        return
    try:
        file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    except OSError as exc:
        raise BenchError(f"{file}: {exc.strerror}") from None


def variants_table(title: str, measured: Mapping[str, Measured]) -> Table:
    """One row a variant."""
    table = Table(title=title, title_justify="left")
    table.add_column("")
    table.add_column("entries/s")
    for heading in ("x (a)", "of (d)", "CPU ms each", "peak MB"):
        table.add_column(heading, justify="right")
    for one in measured.values():
        table.add_row(
            f"({one.key}) {one.title}",
            _spread(one.rates, digits=1),
            _ratio(one, measured.get("a")),
            _ratio(one, measured.get("d")),
            f"{_MS * statistics.median(one.cpu):.1f}",
            f"{one.peak / _MB:.0f}" if one.peak else "-",
        )
    return table


def machine_line(machine: Mapping[str, Any], precision: str) -> str:
    """One line on what the figures depend on."""
    flags = ", ".join(machine["flags"]) or "none of the flags that matter"
    return (
        f"{machine['cores']} cores, {machine['cpu']} ({flags}); "
        f"torch {machine['torch']}, precision {precision}"
    )


def latency_lines(idle: IdleLatency | None, load: LoadLatency | None) -> list[str]:
    """What the latencies are."""
    lines = []
    if idle is not None:
        lines.append(
            f"One entry in an idle system (median of {idle.entries}): {idle.queued * _MS:.1f} ms; "
            f"the plain call {idle.plain * _MS:.1f} ms; ratio {idle.ratio:.2f}"
        )
    if load is not None:
        lines.append(
            f"(c) at {LOAD_SHARE:.0%} load ({load.rate:.1f}/s, {load.entries} entries): "
            f"p50 {load.p50 * _MS:.0f} ms, p99 {load.p99 * _MS:.0f} ms, "
            f"CPU {load.cpu * _MS:.1f} ms an entry"
        )
    return lines


def as_json(
    measured: Mapping[str, Measured], idle: IdleLatency | None, load: LoadLatency | None
) -> dict[str, Any]:
    """Everything measured; rates in entries a second, sizes in bytes, times in seconds."""
    return {
        "variants": {
            key: {
                **asdict(one),
                "median": one.median,
                "to_a": one.median / measured["a"].median if "a" in measured else None,
                "to_d": one.median / measured["d"].median if "d" in measured else None,
            }
            for key, one in measured.items()
        },
        "idle_latency": {**asdict(idle), "ratio": idle.ratio} if idle else None,
        "load_latency": asdict(load) if load else None,
    }


def noop_tables(figures: Figures) -> list[Table]:
    """Two tables of `--noop`: what the workers did, and submitting."""
    rounds = len(figures.send_task)
    handling = Table(
        title=f"{figures.entries} entries without models, {CHILDREN} children, {rounds} rounds, "
        "medians \\[min - max]",
        title_justify="left",
    )
    handling.add_column("")
    handling.add_column("entries/s")
    for heading in ("CPU ms an entry", "parent", "children", "server", "ms for one, idle"):
        handling.add_column(heading, justify="right")
    for transport, handled in figures.handled.items():
        parent, children, server = (
            _MS * statistics.median(values)
            for values in (handled.parent, handled.children, handled.server)
        )
        handling.add_row(
            _NOOP_WORKERS[transport],
            _spread(handled.rates),
            f"{parent + children:.3f}",
            f"{parent:.3f}",
            f"{children:.3f}",
            f"{server:.3f}",
            f"{_MS * statistics.median(handled.idle):.2f}",
        )
    submitting = Table(title="Submitting, one process", title_justify="left")
    submitting.add_column("")
    submitting.add_column("entries/s")
    submitting.add_row("submit_many, sealing", _spread(figures.submit_many))
    submitting.add_row("Celery's send_task, sealed before", _spread(figures.send_task))
    return [handling, submitting]


def _spread(rates: Sequence[float], digits: int = 0) -> str:
    """The median and the range of some rates, escaped for rich."""
    least, most = f"{min(rates):.{digits}f}", f"{max(rates):.{digits}f}"
    return rf"{statistics.median(rates):6.{digits}f}  \[{least} - {most}]"


def _ratio(one: Measured, other: Measured | None) -> str:
    return f"{one.median / other.median:.2f}" if other else "-"
