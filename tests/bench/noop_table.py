"""The figures of `--noop` as a table and as JSON."""

from __future__ import annotations

import statistics
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.table import Table

from tests.bench.noop import CHILDREN
from tests.bench.table import console, machine_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.bench.noop import Figures

_NAMES = {"claim": "our transport", "stock": "stock transport"}
_MS = 1000.0


def show(figures: Figures, machine: Mapping[str, Any]) -> None:
    """Print both tables and the machine."""
    out = console()
    rounds = len(figures.send_task)
    table = Table(
        title=f"{figures.entries} entries without models, {CHILDREN} children, batches of 64, "
        f"{rounds} rounds, medians \\[min - max]",
        title_justify="left",
    )
    table.add_column("")
    table.add_column("entries/s")
    for heading in ("CPU ms an entry", "parent", "children", "server"):
        table.add_column(heading, justify="right")
    for transport, handled in figures.handled.items():
        parent, children, server = (
            _MS * statistics.median(values)
            for values in (handled.parent, handled.children, handled.server)
        )
        table.add_row(
            _NAMES[transport],
            _spread(handled.rates),
            f"{parent + children:.3f}",
            f"{parent:.3f}",
            f"{children:.3f}",
            f"{server:.3f}",
        )
    out.print(table)
    submitting = Table(title="Submitting, one process", title_justify="left")
    submitting.add_column("")
    submitting.add_column("entries/s")
    submitting.add_row("submit_many, sealing", _spread(figures.submit_many))
    submitting.add_row("Celery's send_task, sealed before", _spread(figures.send_task))
    out.print(submitting)
    out.print(machine_line(machine, "none"))


def as_json(figures: Figures) -> dict[str, Any]:
    """Everything measured; rates in entries a second, CPU in seconds an entry."""
    return asdict(figures)


def _spread(rates: Sequence[float]) -> str:
    return rf"{statistics.median(rates):6.0f}  \[{min(rates):.0f} - {max(rates):.0f}]"
