"""`make bench ARGS=--lanes`: how long interactive entries wait, with a flood of bulk and without."""

from __future__ import annotations

import math
import statistics
import threading
import time
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.table import Table

from producer import JournalClient
from producer.connection import connect
from producer.load.schedule import Schedule
from producer.load.texts import random_texts
from tests.bench.errors import BenchError
from tests.bench.gateway.measure import quantile
from tests.bench.processes.noop_worker import BATCH_SECONDS
from tests.bench.stream import Stream
from tests.bench.variants import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.bench.setting import Setting

LANES = "interactive=8,bulk=1"
FLOOD, QUICK_FLOOD = 100_000, 8_000
SECONDS, QUICK_SECONDS = 20.0, 2.0
#: Interactive entries a second: some dozen are in the system at once.
RATE = 200.0
CHILDREN = 2
#: What a batch of the stand-in takes, whatever its size, as on a device.
DEVICE_SECONDS = 0.05
#: How long the flood runs by itself before interactive entries come.
BEFORE_SECONDS = 1.0
_BATCH = 64
_WARM_UP = 1_000
_STAGED = "journal.bench.staged"
_NOOP_WORKER = "tests.bench.processes.noop_worker"
_MS = 1e3


class Size(NamedTuple):
    """How much to measure: bulk entries in a round, and seconds of interactive ones."""

    flood: int
    seconds: float

    @classmethod
    def of(cls, flood: int | None, seconds: float | None, *, quick: bool) -> Size:
        """What is asked for, else as much as is usual."""
        usual = cls(QUICK_FLOOD, QUICK_SECONDS) if quick else cls(FLOOD, SECONDS)
        return cls(flood or usual.flood, seconds or usual.seconds)


@dataclass(slots=True)
class Figures:
    """What was measured; waits in seconds from when an entry was due to its result on the stream.

    Attributes:
        flood: bulk entries in a round.
        alone, beside: the waits of interactive entries, without the flood and with it.
        bulk_alone: bulk entries answered a second before the interactive ones came, by round.
        bulk_beside: the same while they came.
    """

    flood: int
    alone: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    bulk_alone: list[float] = field(default_factory=list)
    bulk_beside: list[float] = field(default_factory=list)

    def ratio(self, q: float) -> float:
        """How many times as long interactive entries wait beside the flood, at a quantile."""
        return quantile(self.beside, q) / quantile(self.alone, q)

    def bulk_share(self) -> float:
        """How much of its throughput alone the bulk lane keeps beside interactive entries.

        NaN where none was answered in that short time.
        """
        alone = statistics.median(self.bulk_alone)
        return statistics.median(self.bulk_beside) / alone if alone else math.nan


class System:
    """A worker of two lanes with stand-in stages, its backend, and its server.

    Args:
        setting: where it runs.
    """

    def __init__(self, setting: Setting) -> None:
        self.stream = Stream(
            setting.settings(0).model_copy(update={"lanes": LANES}), setting.stream(0).keys
        )
        environment = {
            **setting.environment(0),
            "JOURNAL_LANES": LANES,
            "JOURNAL_CONCURRENCY": str(CHILDREN),
            "JOURNAL_MAX_BATCH_ENTRIES": str(_BATCH),
            BATCH_SECONDS: str(DEVICE_SECONDS),
        }
        log = setting.log("lanes")
        self.worker = Worker(environment, log, self.stream, children=CHILDREN, module=_NOOP_WORKER)
        settings = self.stream.settings
        self._bulk = settings.queue_keys.lane("bulk").queue
        self._redis: Any = connect(settings.redis_url)

    def stage(self, texts: Iterator[str], entries: int) -> set[str]:
        """Submit bulk entries to a queue that no worker reads; returns their ids."""
        staged = self.stream.settings.model_copy(update={"queue": _STAGED})
        batch = self.stream.entries(list(islice(texts, entries)))
        with JournalClient(staged, self.stream.keys) as client:
            client.submit_many(batch, lane="bulk")
        # The first one is where it would wake a worker.
        lane = staged.queue_keys.lane("bulk").queue
        self._redis.execute_command("LMOVE", _STAGED, lane, "RIGHT", "RIGHT")
        return {entry.entry_id for entry in batch}

    def flood(self) -> None:
        """Let the worker have all that is staged at once."""
        staged = self.stream.settings.model_copy(update={"queue": _STAGED})
        lane = staged.queue_keys.lane("bulk").queue
        self._redis.execute_command("RENAME", lane, self._bulk)

    def interactive(self, texts: Iterator[str], seconds: float) -> dict[str, float]:
        """Submit interactive entries in an open loop; returns when each was due, since 1970."""
        due: dict[str, float] = {}
        since_1970 = time.time() - time.monotonic()
        schedule = Schedule(entries=None, duration=seconds, rate=RATE)
        for moments in schedule.due(time.monotonic(), threading.Event()):
            batch = self.stream.entries(list(islice(texts, len(moments))))
            self.stream.client.submit_many(batch)
            for entry, moment in zip(batch, moments, strict=True):
                due[entry.entry_id] = moment + since_1970
        return due

    def answered(self) -> int:
        """How many results there are."""
        return int(self._redis.execute_command("XLEN", self.stream.settings.results))

    @property
    def flooded(self) -> bool:
        """Whether bulk entries still wait."""
        return bool(self._redis.execute_command("LLEN", self._bulk))

    def waits(self, due: dict[str, float]) -> list[float]:
        """Seconds until the result of each entry was on the stream, whose ids tell milliseconds."""
        answered = self.stream.answered_at().items()
        return [moment - due[entry_id] for entry_id, moment in answered if entry_id in due]

    def close(self) -> None:
        """Close the connection; the worker closes the stream."""
        self._redis.close()


def measure(
    setting: Setting, flood: int, seconds: float, rounds: int, tell: Callable[[str], None]
) -> Figures:
    """Rounds without the flood and with it, in turn.

    Args:
        setting: where it runs.
        flood: bulk entries in a round.
        seconds: for which interactive entries come.
        rounds: of each.
        tell: told what comes next.

    Raises:
        BenchError: something was lost or answered twice, or the flood was too short.
    """
    system, figures, texts = System(setting), Figures(flood), random_texts(1)
    with system.worker as worker:
        tell("starting a worker")
        worker.wait_ready()
        worker.round(list(islice(texts, _WARM_UP)))
        for number in range(rounds):
            tell(f"interactive entries alone, round {number + 1} of {rounds}")
            due = system.interactive(texts, seconds)
            _collect(system, due, set(), figures.alone)
            tell(f"staging {flood} bulk entries")
            bulk = system.stage(texts, flood)
            tell(f"beside a flood, round {number + 1} of {rounds}")
            system.flood()
            time.sleep(BEFORE_SECONDS)
            start, first = time.monotonic(), system.answered()
            time.sleep(BEFORE_SECONDS)
            begun, before = time.monotonic(), system.answered()
            due = system.interactive(texts, seconds)
            ended, after = time.monotonic(), system.answered()
            if not system.flooded:
                raise BenchError("the flood ended before the interactive entries did")
            figures.bulk_alone.append((before - first) / (begun - start))
            figures.bulk_beside.append((after - before - len(due)) / (ended - begun))
            _collect(system, due, bulk, figures.beside)
    system.close()
    return figures


def _collect(system: System, due: dict[str, float], bulk: set[str], waits: list[float]) -> None:
    """Wait for all answers, note how long interactive entries waited, and empty the stream."""
    stream = system.stream
    stream.collect({*due, *bulk})
    waits += system.waits(due)
    stream.clear()


def shown(figures: Figures, rounds: int) -> Table:
    """The figures as a table."""
    table = Table(
        title=f"Interactive entries ({RATE:.0f}/s) beside a flood of {figures.flood:,} bulk entries, "
        f"lanes {LANES}, {CHILDREN} children, {DEVICE_SECONDS * _MS:.0f} ms a batch, {rounds} rounds",
        title_justify="left",
    )
    for heading in ("ms from due to result", "p50", "p95", "p99"):
        table.add_column(heading, justify="left" if heading[0] == "m" else "right")
    for name, waits in (("alone", figures.alone), ("beside the flood", figures.beside)):
        table.add_row(name, *(f"{quantile(waits, q) * _MS:.0f}" for q in (0.5, 0.95, 0.99)))
    table.add_row("ratio", *(f"{figures.ratio(q):.2f}" for q in (0.5, 0.95, 0.99)))
    rates = (statistics.median(rates) for rates in (figures.bulk_alone, figures.bulk_beside))
    alone, beside = (f"{rate:,.0f}/s" for rate in rates)
    table.caption = f"bulk entries: {alone} alone, {beside} beside ({figures.bulk_share():.0%})"
    return table


def as_json(figures: Figures) -> dict[str, Any]:
    """Everything measured; times in seconds, rates a second."""
    return {
        "flood": figures.flood,
        "rate": RATE,
        "lanes": LANES,
        "batch_seconds": DEVICE_SECONDS,
        **{
            name: {f"p{q * 100:.0f}": quantile(waits, q) for q in (0.5, 0.95, 0.99)}
            for name, waits in (("alone", figures.alone), ("beside", figures.beside))
        },
        "p95_ratio": figures.ratio(0.95),
        "bulk_alone": figures.bulk_alone,
        "bulk_beside": figures.bulk_beside,
        "bulk_share": figures.bulk_share(),
    }
