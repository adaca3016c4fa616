"""What it saves to let entries gather at light load, and what latency it costs.

    python -m tests.bench.gathering [--gather 0,0.02,0.05,0.1] [--rounds N] [--seconds N] [--json FILE]

One worker for each setting, at a fifth of the load that the first one bears, in turn; medians.
"""

from __future__ import annotations

import statistics
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from tests.bench import table
from tests.bench.latency import LOAD_SHARE, LoadLatency, load_latency
from tests.bench.machine import describe
from tests.bench.setting import Setting
from tests.bench.table import progress, write
from tests.bench.texts import deal, read_texts, sample
from tests.bench.variants import Worker
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MS = 1e3


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--gather", default="0,0.02,0.05,0.1", show_default=True, help="Seconds, by commas.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--seconds", type=click.FloatRange(0, min_open=True), default=20.0, show_default=True)
@click.option(
    "--rate",
    type=click.FloatRange(0, min_open=True),
    help="Entries a second; by default a fifth of what the first worker bears.",
)
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write all here."
)
def main(
    gather: str, rounds: int, seconds: float, rate: float | None, json_file: Path | None
) -> None:
    """Measure CPU and latency at a fifth of the load for several settings."""
    wanted = [float(one) for one in gather.split(",")]
    with Setting() as setting, progress() as tell:
        measured = measure(setting, wanted, rounds, seconds, tell, rate=rate)
    out = table.console()
    out.print(shown(measured, rounds))
    out.print(table.machine_line(describe(), "auto"))
    write(json_file, {str(key): [asdict(one) for one in runs] for key, runs in measured.items()})


def measure(
    setting: Setting,
    wanted: Sequence[float],
    rounds: int,
    seconds: float,
    tell: Callable[[str], None],
    *,
    rate: float | None = None,
    module: str = "worker.cli",
) -> dict[float, list[LoadLatency]]:
    """The figures of each round by setting.

    Args:
        setting: the server; each worker has a database of its own.
        wanted: values of `JOURNAL_GATHER_SECONDS`.
        rounds: rounds of each.
        seconds: how long one is.
        tell: told what comes next.
        rate: entries a second, if not a fifth of what the first worker bears.
        module: a stand-in for `worker.cli`.

    Raises:
        BenchError: a worker did not start, or an entry was lost or answered twice.
    """
    texts, children = sample(read_texts(None)), WorkerSettings.load().children
    measured: dict[float, list[LoadLatency]] = {one: [] for one in wanted}
    with ExitStack() as stack:
        workers = []
        for database, one in enumerate(wanted):
            tell(f"starting a worker, gathering for {one:g} s")
            environment = {**setting.environment(database), "JOURNAL_GATHER_SECONDS": str(one)}
            worker = Worker(
                environment,
                setting.log(f"gather{database}"),
                setting.stream(database),
                children=children,
                module=module,
            )
            workers.append(stack.enter_context(worker))
            worker.wait_ready()
            worker.round(deal(texts, worker.warm_up))
        dealt = deal(texts, 2 * workers[0].warm_up)
        throughput = rate / LOAD_SHARE if rate else len(dealt) / workers[0].round(dealt)
        for number in range(rounds):
            for one, worker in zip(wanted, workers, strict=True):
                tell(f"gathering for {one:g} s, round {number + 1} of {rounds}")
                dealt = deal(texts, len(texts))
                figures = load_latency(
                    worker.stream, dealt, throughput=throughput, seconds=seconds, pids=worker.pids
                )
                measured[one].append(figures)
    return measured


def shown(measured: dict[float, list[LoadLatency]], rounds: int) -> Table:
    """One row a setting; the CPU time of the first is what others are compared with."""
    title = f"light load, {rounds} rounds, medians"
    found = Table(title=title, title_justify="left")
    for heading in ("gathering, s", "entries/s", "CPU ms each", "of the first", "p50 ms", "p99 ms"):
        found.add_column(heading, justify="right")
    first = None
    for one, runs in measured.items():
        cpu, p50, p99 = (
            statistics.median(getattr(run, name) for run in runs) for name in ("cpu", "p50", "p99")
        )
        first = first or cpu
        found.add_row(
            f"{one:g}",
            f"{runs[0].rate:.1f}",
            f"{_MS * cpu:.1f}",
            f"{cpu / first:.2f}" if first else "-",
            f"{_MS * p50:.0f}",
            f"{_MS * p99:.0f}",
        )
    return found


if __name__ == "__main__":
    main()
