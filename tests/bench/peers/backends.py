"""The backend in front of each contender: asks, counts the answers, and notes how long they took."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tests.bench.errors import BenchError
from tests.bench.latency import LOAD_SHARE, LoadLatency, load_latency

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from producer import JournalResult
    from tests.bench.stream import Stream

#: Seconds without any answer after which what is not answered counts as lost.
PATIENCE_SECONDS = 20.0
#: Results that are read at once.
_COUNT = 512
_BLOCK_MS = 500


@dataclass(frozen=True, slots=True)
class Loss:
    """What became of entries in flight when a process was killed.

    Attributes:
        entries: how many were in flight.
        lost: how many were never answered, or with an error.
        twice: how many were answered more than once.
        seconds: from the kill to the last answer.
    """

    entries: int
    lost: int
    twice: int
    seconds: float


class Backend(Protocol):
    """Asks a contender."""

    def round(self, texts: Sequence[str]) -> float:
        """Have all texts answered; returns the seconds from the first to the last.

        Raises:
            BenchError: an answer is missing.
        """

    def results(self, texts: Sequence[str]) -> list[JournalResult]:
        """The results of some texts, in their order.

        Raises:
            BenchError: an answer is missing.
        """

    def latency(self, texts: Sequence[str], rate: float, seconds: float) -> LoadLatency:
        """How long answers take that are asked for at a rate, whatever the answers do.

        Raises:
            BenchError: an answer is missing.
        """

    def loss(self, texts: Sequence[str], kill: Callable[[], None]) -> Loss:
        """Ask for all texts at once, call `kill` when all are under way, and count the answers."""

    def close(self) -> None:
        """Close connections."""


class QueueBackend:
    """Submits to a queue on Redis and reads the results stream.

    Args:
        stream: the queue and the stream.
        patience: seconds without any answer after which the rest counts as lost.
    """

    def __init__(self, stream: Stream, patience: float = PATIENCE_SECONDS) -> None:
        self.stream = stream
        self._patience = patience

    def round(self, texts: Sequence[str]) -> float:
        """See `Backend.round`."""
        return self.stream.round(texts)

    def results(self, texts: Sequence[str]) -> list[JournalResult]:
        """See `Backend.results`."""
        entries = self.stream.entries(texts)
        self.stream.client.submit_many(entries)
        found: dict[str, JournalResult] = {}
        last = time.monotonic()
        while len(found) < len(entries) and time.monotonic() - last < self._patience:
            received = self.stream.client.receive(group="bench", count=_COUNT, block=1.0)
            self.stream.client.acknowledge([one.stream_id for one in received], group="bench")
            found |= {one.result.entry_id: one.result for one in received}
            last = time.monotonic() if received else last
        self.stream.skip()
        if missing := sum(entry.entry_id not in found for entry in entries):
            raise BenchError(f"{missing} of {len(entries)} entries not answered")
        return [found[entry.entry_id] for entry in entries]

    def latency(self, texts: Sequence[str], rate: float, seconds: float) -> LoadLatency:
        """See `Backend.latency`."""
        return load_latency(self.stream, texts, throughput=rate / LOAD_SHARE, seconds=seconds)

    def loss(self, texts: Sequence[str], kill: Callable[[], None]) -> Loss:
        """See `Backend.loss`."""
        entries = self.stream.entries(texts)
        missing, answers = {entry.entry_id for entry in entries}, 0
        self.stream.client.submit_many(entries)
        kill()
        killed = last = time.monotonic()
        while missing and time.monotonic() - last < self._patience:
            if arrived := self.stream.read(_BLOCK_MS):
                last = time.monotonic()
            answers += len(arrived)
            missing -= set(arrived)
        answers += len(self.stream.read(_BLOCK_MS))  # what comes a second time
        twice = answers - (len(entries) - len(missing))
        return Loss(len(entries), len(missing), twice, last - killed)

    def close(self) -> None:
        """See `Backend.close`."""
        self.stream.close()


async def until_quiet(tasks: Sequence[asyncio.Task[bool]], patience: float) -> tuple[int, float]:
    """Wait for tasks until none has ended for a while, and cancel the rest.

    Args:
        tasks: whose results tell whether they brought an answer.
        patience: seconds without any answer after which to give up.

    Returns:
        How many brought an answer, and after how many seconds the last one came.
    """
    began = last = time.monotonic()
    waiting, answered = set(tasks), 0
    while waiting and time.monotonic() - last < patience:
        done, waiting = await asyncio.wait(
            waiting, timeout=0.5, return_when=asyncio.FIRST_COMPLETED
        )
        brought = sum(task.result() for task in done)
        answered += brought
        last = time.monotonic() if brought else last
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    return answered, last - began
