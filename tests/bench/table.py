"""The figures as tables for people and as JSON for programs."""

from __future__ import annotations

import statistics
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from tests.bench.latency import LOAD_SHARE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.bench.latency import IdleLatency, LoadLatency
    from tests.bench.rounds import Measured

_MB = 1e6
_MS = 1e3
#: Wide enough for every row on one line, in a pipe too.
WIDTH = 100


def console() -> Console:
    """Stdout, as plain lines when it is no terminal."""
    wide = Console(highlight=False)
    return wide if wide.is_terminal else Console(highlight=False, width=WIDTH)


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
            f"{one.median:6.1f}  [{min(one.rates):.1f} - {max(one.rates):.1f}]".replace("[", r"\["),
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
            f"p50 {load.p50 * _MS:.0f} ms, p99 {load.p99 * _MS:.0f} ms"
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


def _ratio(one: Measured, other: Measured | None) -> str:
    return f"{one.median / other.median:.2f}" if other else "-"
