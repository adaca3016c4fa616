"""Rounds of a peer and of the worker in turn, their latencies, and what a kill costs each."""

from __future__ import annotations

import os
import signal
import statistics
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.bench.errors import BenchError
from tests.bench.latency import LOAD_SHARE
from tests.bench.machine import Usage, cpu_seconds
from tests.bench.peers.answers import Agreement, compare
from tests.bench.texts import deal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from producer import JournalResult
    from tests.bench.latency import LoadLatency
    from tests.bench.peers.backends import Backend, Loss
    from tests.bench.rounds import Plan

#: Entries in flight when a process is killed.
IN_FLIGHT = 200
#: Entries whose answers are compared.
COMPARED = 128
#: How many entries' CPU time a process has spent on them before: half a full batch. Its first batch
#: may be a small one.
BEFORE_KILL = 32
#: How long it may take until it has.
_BUSY_WITHIN = 60.0
_POLL_SECONDS = 0.005
#: An entry's CPU time, about, where no round told.
_CPU_SECONDS = 0.01


@dataclass(slots=True)
class Side:
    """What was measured of one of two that took turns.

    Attributes:
        entries: entries in a round.
        rates: entries a second, one figure a round.
        cpu: seconds of CPU time an entry of its processes, one figure a round.
        peak: the most bytes its processes had in memory in any round.
        latency: at a fifth of what the worker can bear.
        loss: what became of the entries in flight at a kill.
    """

    entries: int = 0
    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak: int = 0
    latency: LoadLatency | None = None
    loss: Loss | None = None

    @property
    def median(self) -> float:
        """The middle of the rates."""
        return statistics.median(self.rates)


@dataclass(slots=True)
class Pair:
    """A peer beside the worker.

    Attributes:
        name, title: of the peer.
        peer, worker: what was measured of each.
        agreement: how alike their answers are.
    """

    name: str
    title: str
    peer: Side = field(default_factory=Side)
    worker: Side = field(default_factory=Side)
    agreement: Agreement | None = None

    @property
    def ratio(self) -> float:
        """The peer's throughput, of the worker's: the median of what each round gave."""
        pairs = zip(self.peer.rates, self.worker.rates, strict=True)
        return statistics.median(peer / worker for peer, worker in pairs)


@dataclass(slots=True)
class Figures:
    """All pairs, what killing a child costs the worker, and what went wrong, by peer."""

    rounds: int
    pairs: list[Pair] = field(default_factory=list)
    worker_loss: Loss | None = None
    failures: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contender:
    """A running system.

    Attributes:
        backend: asks it.
        pids: the processes at the root of its process trees.
        workers: tells the processes that have loaded the stages.
        stopped: lets all its processes stand still as long as a block runs.
    """

    backend: Backend
    pids: Callable[[], list[int]]
    workers: Callable[[], list[int]]
    stopped: Callable[[], AbstractContextManager[None]]

    def warm_up(self, texts: Sequence[str]) -> float:
        """Let all its processes work; returns entries a second of the second pass."""
        self.backend.round(texts)
        return len(texts) / self.backend.round(texts)

    def round(self, texts: Sequence[str], side: Side) -> None:
        """Measure one round."""
        with Usage(self.pids()) as usage:
            seconds = self.backend.round(texts)
        side.entries = len(texts)
        side.rates.append(len(texts) / seconds)
        side.cpu.append(usage.cpu / len(texts))
        side.peak = max(side.peak, usage.peak)

    def loss(self, texts: Sequence[str], cpu: Sequence[float]) -> Loss:
        """Kill one of its processes while entries are in flight.

        Args:
            texts: what entries are dealt from.
            cpu: seconds of CPU time an entry, of its rounds.

        Raises:
            BenchError: none of them had anything to do.
        """
        busy = BEFORE_KILL * (statistics.median(cpu) if cpu else _CPU_SECONDS)
        kill = Killer(self.workers(), busy)
        return self.backend.loss(deal(texts, IN_FLIGHT), kill)


@dataclass(frozen=True, slots=True)
class Turns:
    """How a peer and the worker take turns.

    Attributes:
        worker: the worker.
        texts: what all rounds are dealt from.
        plan: how much to measure.
        latency_seconds: how long latencies are measured.
        tell: told what comes next.
    """

    worker: Contender
    texts: Sequence[str]
    plan: Plan
    latency_seconds: float
    tell: Callable[[str], None]

    def measure(self, pair: Pair, peer: Contender, expected: Sequence[JournalResult]) -> None:
        """Enter into a pair what can be measured of it.

        Args:
            pair: of this peer and the worker.
            peer: ready.
            expected: the worker's results of the first texts.

        Raises:
            BenchError: the peer left an entry unanswered, or answered otherwise than the worker.
        """
        self.tell(f"({pair.name}) warm-up")
        rate = peer.warm_up(deal(self.texts, self.plan.multiple))
        found = peer.backend.results(self.texts[: len(expected)])
        pair.agreement = compare(expected, found)
        pair.agreement.check()
        self._rounds(pair, peer, rate)
        self._latencies(pair, peer)
        self.tell(f"({pair.name}) killing one of its processes")
        pair.peer.loss = peer.loss(self.texts, pair.peer.cpu)

    def _rounds(self, pair: Pair, peer: Contender, rate: float) -> None:
        with peer.stopped():
            worker_rate = self.worker.warm_up(deal(self.texts, self.plan.multiple))
        theirs, ours = (
            deal(self.texts, self.plan.round_entries(one)) for one in (rate, worker_rate)
        )
        for number in range(self.plan.rounds):
            self.tell(f"({pair.name}) round {number + 1} of {self.plan.rounds}")
            peer.round(theirs, pair.peer)
            self.tell(f"the worker beside {pair.name}, round {number + 1} of {self.plan.rounds}")
            with peer.stopped():
                self.worker.round(ours, pair.worker)

    def _latencies(self, pair: Pair, peer: Contender) -> None:
        """At the same rate for both, a fifth of what the worker can bear."""
        rate = LOAD_SHARE * pair.worker.median
        texts, seconds = deal(self.texts, len(self.texts)), self.latency_seconds
        self.tell(f"({pair.name}) latency at {LOAD_SHARE:.0%} load")
        pair.peer.latency = peer.backend.latency(texts, rate, seconds)
        self.tell(f"the worker beside {pair.name}, latency at {LOAD_SHARE:.0%} load")
        with peer.stopped():
            pair.worker.latency = self.worker.backend.latency(texts, rate, seconds)


class Killer:
    """Sends SIGKILL to the first of some processes that works and has used so much CPU time by then.

    Args:
        pids: the processes.
        busy: seconds, counted from now.
    """

    def __init__(self, pids: Sequence[int], busy: float) -> None:
        self._busy = busy
        self._before = {one: cpu_seconds([one]) for one in pids}

    def __call__(self) -> None:
        """Wait until one has worked, and kill it.

        Raises:
            BenchError: none of them had anything to do, or they are gone.
        """
        began = time.monotonic()
        last = {pid: cpu_seconds([pid]) for pid in self._before}
        while time.monotonic() - began < _BUSY_WITHIN:
            time.sleep(_POLL_SECONDS)
            for pid, before in self._before.items():
                now = cpu_seconds([pid])
                # One that has done its share and is idle by now would lose nothing.
                if now > last[pid] and now - before >= self._busy:
                    os.kill(pid, signal.SIGKILL)
                    return
                last[pid] = now
        raise BenchError("the processes to be killed had nothing to do")


@contextmanager
def never_stopped() -> Iterator[None]:
    """For the worker, which uses next to nothing while it is idle."""
    yield
