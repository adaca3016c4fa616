"""`make bench ARGS=--fleet`: how long a submit takes beside one worker and beside 540."""

from __future__ import annotations

import shutil
import statistics
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.table import Table

from deploy.local.server import find_program
from tests.bench.fleet.system import RATE, Beside, System, Workers
from tests.bench.gateway.measure import quantile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.setting import Setting

SECONDS, QUICK_SECONDS = 20.0, 2.0
_MS = 1e3
#: The real ones have stand-in stages.
WORKERS, QUICK_WORKERS = Workers(500, 40), Workers(40, 2)


class Size(NamedTuple):
    """How much to measure: seconds of a round, and how large the fleet is."""

    seconds: float
    workers: Workers

    @classmethod
    def of(cls, entries: int | None, seconds: float | None, *, quick: bool) -> Size:
        """What is asked for, else as much as is usual."""
        usual = cls(QUICK_SECONDS, QUICK_WORKERS) if quick else cls(SECONDS, WORKERS)
        asked = entries / RATE if entries else seconds
        return usual._replace(seconds=asked or usual.seconds)


@dataclass(slots=True)
class Figures:
    """What was measured, by the name of the server: beside one worker, and beside the fleet."""

    servers: dict[str, tuple[Beside, Beside]] = field(default_factory=dict)

    def ratio(self, server: str, q: float) -> float:
        """How many times as long a submit takes beside the fleet, at a quantile."""
        one, fleet = self.servers[server]
        return quantile(fleet.submits, q) / quantile(one.submits, q)


def measure(
    setting: Setting,
    seconds: float,
    workers: Workers,
    rounds: int,
    tell: Callable[[str], None],
    *,
    programs: Sequence[str] = (),
) -> Figures:
    """Rounds beside one real worker, beside the fleet, and beside one again, on each server.

    Args:
        setting: where it runs.
        seconds: of a round.
        workers: those of the fleet.
        rounds: beside the fleet; beside one worker there are as many before, and after.
        tell: told what comes next.
        programs: the servers'; by default all that the machine has.

    Raises:
        BenchError: something was lost or answered twice, or a worker ended.
    """
    figures = Figures()
    for program in programs or find_programs():
        with System(setting, program) as system:
            tell(f"{system.name}: starting a worker")
            one, fleet = Beside(1), Beside(sum(workers))
            with system.workers(Workers(0, 1)):
                system.warm_up()
                for number in range(rounds):
                    tell(f"{system.name}: beside one worker, round {number + 1} of {rounds}")
                    system.round(seconds, one)
                system.count(one)
                tell(f"{system.name}: starting {sum(workers) - 1} workers")
                with system.workers(workers._replace(real=workers.real - 1)):
                    system.warm_up()
                    for number in range(rounds):
                        tell(f"{system.name}: beside the fleet, round {number + 1} of {rounds}")
                        system.round(seconds, fleet)
                    system.count(fleet)
                for number in range(rounds):
                    tell(f"{system.name}: beside one again, round {number + 1} of {rounds}")
                    system.round(seconds, one)
            figures.servers[system.name] = one, fleet
    return figures


def find_programs() -> list[str]:
    """The programs of all servers that this machine has."""
    named = (find_program(), *map(shutil.which, ("valkey-server", "redis-server")))
    return list({str(Path(one).resolve()): one for one in named if one}.values())


def shown(figures: Figures, rounds: int) -> Table:
    """The figures as a table."""
    table = Table(
        title=f"Submits, {RATE:.0f} a second, beside one worker and a fleet, {rounds} rounds",
        title_justify="left",
    )
    for heading in ("server", "workers", "p50 ms", "p99 ms", "answer p50 ms", "p99 ms"):
        table.add_column(heading, justify="left" if heading == "server" else "right")
    for heading in ("connections", "their MiB", "server CPU"):
        table.add_column(heading, justify="right")
    for name, both in figures.servers.items():
        for one in both:
            times = [quantile(of, q) for of in (one.submits, one.waits) for q in (0.5, 0.99)]
            table.add_row(
                name,
                f"{one.workers}",
                *(f"{seconds * _MS:.2f}" for seconds in times),
                f"{one.connections:,}",
                f"{one.client_bytes / 2**20:.1f}",
                f"{statistics.median(one.server):.1%}",
            )
    ratios = (
        f"{name}: {figures.ratio(name, 0.5):.2f} (p50), {figures.ratio(name, 0.99):.2f} (p99)"
        for name in figures.servers
    )
    table.caption = "a submit beside the fleet, as a multiple of beside one worker: " + "; ".join(
        ratios
    )
    return table


def as_json(figures: Figures) -> dict[str, Any]:
    """Everything measured; times in seconds, CPU in seconds a second."""
    return {
        name: {
            "ratio": {f"p{q * 100:.0f}": figures.ratio(name, q) for q in (0.5, 0.99)},
            **{
                part: {
                    "workers": one.workers,
                    "submit": {f"p{q * 100:.0f}": quantile(one.submits, q) for q in (0.5, 0.99)},
                    "answer": {f"p{q * 100:.0f}": quantile(one.waits, q) for q in (0.5, 0.99)},
                    "connections": one.connections,
                    "client_bytes": one.client_bytes,
                    "server_cpu": one.server,
                }
                for part, one in zip(("one", "fleet"), both, strict=True)
            },
        }
        for name, both in figures.servers.items()
    }
