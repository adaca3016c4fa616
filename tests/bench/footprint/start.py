"""How soon a worker is there, and what it holds: `make bench ARGS=--start`.

    python -m tests.bench.run --start [--rounds N] [--beside FOLDER]

Start to ready with one child, the time until an entry is answered whose child was killed, and the
memory of a worker with two children that has answered some: the sum of the proportional set sizes
of its processes. With `--beside` another checkout takes turns with this one.
"""

from __future__ import annotations

import statistics
import time
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count, islice
from typing import TYPE_CHECKING, Any

import psutil
from rich.table import Table

from deploy.local.latency import read_value
from deploy.local.processes import READY_SECONDS, ROOT, Process
from producer.load.texts import random_texts
from tests.bench.errors import BenchError
from tests.bench.machine import cpu_seconds, proportional_bytes, tree
from tests.bench.setting import Setting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

ENTRIES = 200
_MEMORY_CHILDREN = 2
_POLL_SECONDS = 0.02


@dataclass(slots=True)
class Started:
    """What the rounds of one checkout gave; one figure a round in each list.

    Attributes:
        ready: seconds from the start until one child is ready.
        cpu: seconds of CPU time until then.
        again: seconds from the end of the child until an entry is answered.
        pss: bytes of a worker with two children.
    """

    name: str
    ready: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    pss: list[int] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The figures and their medians."""
        figures: dict[str, list[float]] = {
            "ready_seconds": self.ready,
            "ready_cpu_seconds": self.cpu,
            "answered_after_kill_seconds": self.again,
            "two_children_pss_bytes": [float(value) for value in self.pss],
        }
        return {
            name: {"median": statistics.median(values), "rounds": values}
            for name, values in figures.items()
        }


def measure(
    trees: Sequence[Path], rounds: int, tell: Callable[[str], None] = lambda _: None
) -> list[Started]:
    """Start the workers of several checkouts in turn.

    Args:
        trees: the folders that hold them.
        rounds: of each.
        tell: told before each start what comes next.

    Raises:
        BenchError: a worker ended, was not ready in time, or answered too late.
    """
    measured = [Started(folder.name) for folder in trees]
    seeds = count()
    with Setting() as setting:
        for number in range(rounds):
            for folder, figures in zip(trees, measured, strict=True):
                tell(f"{figures.name}: round {number + 1} of {rounds}")
                _one_child(setting, folder, figures, next(seeds))
                figures.pss.append(_memory(setting, folder, next(seeds)))
    return measured


class CheckoutWorker(Process):
    """The worker of a checkout, with the shipped models and so many children."""

    def __init__(self, setting: Setting, folder: Path, children: int) -> None:
        environment = {**setting.environment(0), "JOURNAL_CONCURRENCY": str(children)}
        super().__init__("run", environment, log=setting.log("start"))
        self._children = children
        self._folder = folder
        self._environment["PYTHONPATH"] = str(folder)

    def start(self) -> None:
        """Start it from its checkout, and wait until all children are ready.

        Raises:
            BenchError: it ended or took too long.
        """
        self._launch(start_new_session=True, cwd=self._folder)
        deadline = time.monotonic() + READY_SECONDS
        while read_value(self.page("metrics")[1], "journal_worker_children") < self._children:
            if not self.running or time.monotonic() > deadline:
                raise BenchError(f"a worker is not ready: {self.last_line()}")
            time.sleep(_POLL_SECONDS)


def _one_child(setting: Setting, folder: Path, figures: Started, seed: int) -> None:
    started = time.perf_counter()
    with CheckoutWorker(setting, folder, 1) as worker:
        figures.ready.append(time.perf_counter() - started)
        figures.cpu.append(cpu_seconds(tree([worker.pid])))
        with closing(setting.stream(0)) as stream:
            stream.skip()
            stream.round(_texts(seed, 1))
            (child,) = psutil.Process(worker.pid).children()
            killed = time.perf_counter()
            child.kill()
            stream.round(_texts(seed, 1))
            figures.again.append(time.perf_counter() - killed)


def _memory(setting: Setting, folder: Path, seed: int) -> int:
    with (
        CheckoutWorker(setting, folder, _MEMORY_CHILDREN) as worker,
        closing(setting.stream(0)) as stream,
    ):
        stream.skip()
        stream.round(_texts(seed, ENTRIES))
        return sum(map(proportional_bytes, tree([worker.pid])))


def _texts(seed: int, entries: int) -> list[str]:
    return list(islice(random_texts(seed=seed), entries))


def shown(measured: Sequence[Started], rounds: int) -> Table:
    """A table with the medians."""
    found = Table(title=f"start and memory, {rounds} rounds in turn, medians", title_justify="left")
    columns = ("", "ready, one child", "CPU until then", "answered after a kill", "PSS, two")
    for name in columns:
        found.add_column(name, justify="left" if not name else "right")
    for one in measured:
        found.add_row(
            one.name,
            f"{statistics.median(one.ready):.2f} s",
            f"{statistics.median(one.cpu):.2f} s",
            f"{statistics.median(one.again):.2f} s",
            f"{statistics.median(one.pss) / 2**20:.0f} MiB",
        )
    return found


def trees(beside: Path | None) -> list[Path]:
    """This checkout, and before it the one to compare with."""
    return [*([beside.resolve()] if beside else []), ROOT]
