"""The four ways of doing the same work, each started once and then asked for rounds."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import islice
from typing import TYPE_CHECKING, Protocol, Self

from deploy.local.latency import read_value
from deploy.local.processes import READY_SECONDS, ModuleProcess, Process
from tests.bench.errors import BenchError
from tests.bench.processes.pipes import PipeProcess
from tests.bench.processes.stock_worker import FAILED, READY, TITLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from tests.bench.stream import Stream

CHUNK = 64
STOCK_WORKER = "tests.bench.processes.stock_worker"
_POLL_SECONDS = 0.1


class Variant(Protocol):
    """One way of doing the work, running in processes of its own."""

    key: str
    title: str

    @property
    def warm_up(self) -> int:
        """Entries that let all its processes work once."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
    def wait_ready(self) -> None:
        """Wait until everything is loaded."""

    def round(self, texts: Sequence[str]) -> float:
        """Process all texts; returns the seconds it took."""

    @property
    def pids(self) -> list[int]:
        """The processes at the root of its process trees."""


class Tutorial:
    """(a) one process, one text at a time, fp32 padded to 128."""

    key = "a"
    title = "the tutorial's way"
    warm_up = 32

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self._process = PipeProcess("tests.bench.processes.tutorial", environment, log=log)

    def __enter__(self) -> Self:
        self._process.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._process.__exit__(*error)

    def wait_ready(self) -> None:
        """Wait until everything is loaded."""
        self._process.wait_ready()

    def round(self, texts: Sequence[str]) -> float:
        """Process all texts; returns the seconds it took."""
        started = time.perf_counter()
        if self._process.ask(texts=list(texts))["done"] != len(texts):
            raise BenchError("the tutorial's way lost count of its texts")
        return time.perf_counter() - started

    @property
    def pids(self) -> list[int]:
        """The process."""
        return [self._process.pid]


class Plain:
    """(d) the components in a plain loop, chunks dealt to whichever process is free."""

    key = "d"
    title = "bound: no queue"

    def __init__(self, environment: Mapping[str, str], log: Path, *, processes: int) -> None:
        self.processes = [
            PipeProcess("tests.bench.processes.plain", environment, log=log)
            for _ in range(processes)
        ]
        self.warm_up = CHUNK * processes
        self._stack = ExitStack()
        self._threads: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:  # what has started ends, should a later one not start
            # Left last: its threads end once the processes they talk to have.
            self._threads = stack.enter_context(ThreadPoolExecutor(len(self.processes)))
            for process in self.processes:
                stack.enter_context(process)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def wait_ready(self) -> None:
        """Wait until everything is loaded."""
        for process in self.processes:
            process.wait_ready()

    def round(self, texts: Sequence[str]) -> float:
        """Process all texts; returns the seconds it took."""
        assert self._threads is not None
        started = time.perf_counter()
        waiting = deque(_chunks(texts))

        def work(process: PipeProcess) -> int:
            done = 0
            while waiting:
                try:
                    chunk = waiting.popleft()
                except IndexError:  # another took the last one
                    break
                done += process.ask(texts=chunk)["done"]
            return done

        if sum(self._threads.map(work, self.processes)) != len(texts):
            raise BenchError("the plain loop lost count of its texts")
        return time.perf_counter() - started

    @property
    def pids(self) -> list[int]:
        """The processes."""
        return [process.pid for process in self.processes]

    @property
    def precision(self) -> str:
        """The precision chosen when the model was loaded."""
        return str(self.processes[0].greeting["precision"])


class _Service:
    """What (b) and (c) have in common: a worker process behind a queue."""

    def __init__(self, process: ModuleProcess, stream: Stream, *, children: int) -> None:
        self._process = process
        self._children = children
        self.stream = stream
        self.warm_up = CHUNK * children

    def __enter__(self) -> Self:
        self._process.start()
        return self

    def __exit__(self, *error: object) -> None:
        if error[0] is None:
            self._process.stop()
        else:  # draining would take the time of what nobody waits for
            self._process.kill()
        self.stream.close()

    def wait_ready(self) -> None:
        """Wait until every child has loaded its stages.

        Raises:
            BenchError: the worker ended or took too long.
        """
        deadline = time.monotonic() + READY_SECONDS
        while self.ready_children() < self._children:
            if not self._process.running:
                raise BenchError(f"a worker ended: {self._process.last_line()}")
            if time.monotonic() > deadline:
                raise BenchError(f"a worker is not ready: {self._process.last_line()}")
            time.sleep(_POLL_SECONDS)

    def ready_children(self) -> float:
        """How many children can work."""
        raise NotImplementedError

    def round(self, texts: Sequence[str]) -> float:
        """Process all texts; returns the seconds it took."""
        return self.stream.round(texts)

    @property
    def pids(self) -> list[int]:
        """The parent."""
        return [self._process.pid]


class Worker(_Service):
    """(c) `journal-worker run` as it comes, or a stand-in for it.

    Args:
        environment: the JOURNAL_* settings.
        log: where the worker logs.
        stream: the backend that asks it.
        children: how many child processes it has.
        module: a stand-in for `worker.cli`.
    """

    key = "c"
    title = "the worker"

    def __init__(
        self,
        environment: Mapping[str, str],
        log: Path,
        stream: Stream,
        *,
        children: int,
        module: str = "worker.cli",
    ) -> None:
        self._worker = Process("run", environment, log=log, module=module)
        super().__init__(self._worker, stream, children=children)

    def ready_children(self) -> float:
        """How many children can work, by the worker's own metrics."""
        return read_value(self._worker.page("metrics")[1], "journal_worker_children")


class StockCelery(_Service):
    """(b) one task an entry on kombu's own Redis transport.

    Args:
        stages: what its children run; see `stock_worker.STAGES`.
        environment: the JOURNAL_* settings.
        log: where the worker logs.
        stream: the backend that asks it.
        children: how many child processes it has.
    """

    key = "b"
    title = TITLE

    def __init__(
        self,
        stages: str,
        environment: Mapping[str, str],
        log: Path,
        stream: Stream,
        *,
        children: int,
    ) -> None:
        process = ModuleProcess(STOCK_WORKER, stages, environment=environment, log=log)
        super().__init__(process, stream, children=children)

    def ready_children(self) -> float:
        """How many children can work, by what they logged."""
        log = self._process.log.read_text(errors="replace")
        if FAILED in log:
            raise BenchError(f"a worker ended: {self._process.last_line()}")
        return log.count(READY)


def _chunks(texts: Sequence[str]) -> Iterator[list[str]]:
    waiting = iter(texts)
    while chunk := list(islice(waiting, CHUNK)):
        yield chunk
