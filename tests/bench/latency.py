"""How long one entry takes: in an idle system, and at a fifth of the load it can bear."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING

from producer.load.run import LoadRun
from producer.load.schedule import Schedule
from producer.sealing import ENTRY
from tests.bench.errors import BenchError
from tests.bench.machine import cpu_seconds, tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.processes.pipes import PipeProcess
    from tests.bench.stream import Stream

LOAD_SHARE = 0.2
#: Seconds after each entry, so that the next one finds every process idle.
REST_SECONDS = 0.05
_WARM_UP = 3


@dataclass(frozen=True, slots=True)
class IdleLatency:
    """Medians in seconds: through the queue, and as a plain call of the pipeline."""

    entries: int
    queued: float
    plain: float

    @property
    def ratio(self) -> float:
        """How much longer an entry takes through the queue."""
        return self.queued / self.plain


@dataclass(frozen=True, slots=True)
class LoadLatency:
    """Seconds from the moment an entry was due until its result was read.

    Attributes:
        rate: entries a second.
        entries: how many there were.
        p50, p99: of the latency.
        cpu: seconds of CPU time an entry, of the processes that were named; 0 of none.
    """

    rate: float
    entries: int
    p50: float
    p99: float
    cpu: float = 0.0


def idle_latency(stream: Stream, plain: PipeProcess, texts: Sequence[str]) -> IdleLatency:
    """One entry at a time, through the worker and through a plain call in turn.

    The plain call opens, anonymizes, classifies and seals the same entry in one process.
    """
    queued: list[float] = []
    called: list[float] = []
    for number, entry in enumerate(stream.entries([*texts[:_WARM_UP], *texts])):
        seconds = stream.answer(entry)
        time.sleep(REST_SECONDS)
        sealed = stream.keys.seal(entry.encode(), kind=ENTRY, entry_id=entry.entry_id)
        answer = plain.ask(sealed=sealed, entry_id=entry.entry_id)
        time.sleep(REST_SECONDS)
        if answer["outcome"] != "answered":
            raise BenchError("the plain call did not answer an entry")
        if number >= _WARM_UP:
            queued.append(seconds)
            called.append(answer["seconds"])
    stream.skip()
    return IdleLatency(len(queued), statistics.median(queued), statistics.median(called))


def load_latency(
    stream: Stream,
    texts: Sequence[str],
    *,
    throughput: float,
    seconds: float,
    pids: Sequence[int] = (),
) -> LoadLatency:
    """An open loop at a fifth of `throughput` entries a second.

    Args:
        stream: the queue and the results of what is to answer.
        texts: of the entries, over and over.
        throughput: entries a second that the worker can bear.
        seconds: how long entries come.
        pids: processes whose CPU time is told, with their descendants.

    Raises:
        BenchError: an entry was lost, dead-lettered or answered twice.
    """
    schedule = Schedule(entries=None, duration=seconds, rate=LOAD_SHARE * throughput)
    processes = tree(pids)
    before = cpu_seconds(processes)
    report = LoadRun(stream.settings, stream.keys, cycle(texts), schedule).run()
    cpu = cpu_seconds(processes) - before
    stream.skip()
    if report.failure:
        raise BenchError(f"the load run failed: {report.failure}")
    if report.lost or report.duplicated or report.dead:
        raise BenchError(
            f"under load {report.lost} entries were lost, {report.duplicated} answered twice, "
            f"{report.dead} dead-lettered"
        )
    p50, p99 = report.latency.p50, report.latency.p99
    if p50 is None or p99 is None:
        raise BenchError("the load run answered nothing")
    return LoadLatency(schedule.rate, report.entries, p50, p99, cpu / max(1, report.entries))
