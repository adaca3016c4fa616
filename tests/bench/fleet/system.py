"""A server with workers, real and simulated, and who submits to it."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import psutil

from deploy.local.processes import ModuleProcess, Process
from deploy.local.server import Server
from producer import KeySet, Settings
from producer.connection import connect
from producer.load.schedule import Schedule
from producer.load.texts import random_texts
from tests.bench.errors import BenchError
from tests.bench.machine import cpu_seconds
from tests.bench.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.bench.setting import Setting

IDLE_MODULE = "tests.bench.fleet.idle_workers"
#: Entries a second: most of the fleet is idle at any moment, and each entry wakes one of it.
RATE = 100.0
#: So many simulated workers share a process.
IDLE_IN_A_PROCESS = 100
#: Workers stand for other machines, so that what is measured must not be how busy this one is:
#: server and client go before them in real time, where that is permitted (to root), and the server
#: has a core of its own, where there are two.
WORKERS_NICE = 10
_ALLOWED = os.sched_getaffinity(0) if sys.platform == "linux" else set[int]()
ESTABLISHED = psutil.CONN_ESTABLISHED
_WARM_UP = 100
_PATIENCE_SECONDS = 300.0
_LIGHT_WORKER = "tests.chaos.light_worker"
_LOOK_SECONDS = 0.1


class Workers(NamedTuple):
    """How many workers the fleet has, simulated and real."""

    idle: int
    real: int


@dataclass(slots=True)
class Beside:
    """What was seen beside so many workers; times in seconds.

    Attributes:
        workers: how many.
        submits: how long each `submit` took.
        waits: from when each entry was due to its result on the stream.
        server: CPU of the server in a second of the load, by round.
        connections: to the server, without the bench's own.
        client_bytes: what the server takes for connections.
    """

    workers: int
    submits: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    server: list[float] = field(default_factory=list)
    connections: int = 0
    client_bytes: int = 0


class System:
    """A server with workers, and who submits to it.

    Args:
        setting: where it runs.
        program: the server's.
    """

    def __init__(self, setting: Setting, program: str) -> None:
        self._setting = setting
        self._server = Server(program=program, appendonly=True)
        settings = Settings.load(redis_url=self._server.url, keys_file=setting.keys_file)
        self.stream = Stream(settings, KeySet.load(setting.keys_file))
        self._environment = {
            "JOURNAL_REDIS_URL": self._server.url,
            "JOURNAL_KEYS_FILE": str(setting.keys_file),
            "JOURNAL_CONCURRENCY": "1",
            "JOURNAL_LOG_LEVEL": "WARNING",
            "CHAOS_SECONDS_PER_ENTRY": "0",
        }
        self._redis: Any = connect(settings.redis_url)
        self._texts = random_texts(1)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            own, others = _cores()
            with _on_cores(own):
                stack.enter_context(self._server)
            stack.enter_context(_on_cores(others))
            stack.enter_context(_in_real_time())
            _set_real_time(self._server.pid)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()
        self._redis.close()
        self._stack.close()

    @property
    def name(self) -> str:
        """Which server it is, and its version."""
        text: bytes = self._redis.execute_command("INFO", "server")
        lines = dict(line.split(":", 1) for line in text.decode().splitlines() if ":" in line)
        if version := lines.get("valkey_version"):
            return f"Valkey {version}"
        return f"Redis {lines['redis_version']}"

    def workers(self, workers: Workers) -> Fleet:
        """So many workers more, not started yet."""
        processes: list[ModuleProcess] = []
        for number in range(workers.real):
            log = self._setting.log(f"real-{number}")
            processes.append(Process("run", self._environment, log=log, module=_LIGHT_WORKER))
        for first in range(0, workers.idle, IDLE_IN_A_PROCESS):
            count = min(IDLE_IN_A_PROCESS, workers.idle - first)
            log = self._setting.log(f"idle-{first}")
            one = ModuleProcess(IDLE_MODULE, str(count), environment=self._environment, log=log)
            processes.append(one)
        return Fleet(processes, sum(workers), self.alive)

    def warm_up(self) -> None:
        """Let every process answer something."""
        self.stream.round(list(islice(self._texts, _WARM_UP)))

    def alive(self) -> int:
        """How many workers send heartbeats."""
        keys = self.stream.settings.queue_keys
        return int(self._redis.execute_command("ZCARD", keys.workers))

    def round(self, seconds: float, beside: Beside) -> None:
        """Submit one entry at a time at a rate, and note how long that and the answers took.

        Raises:
            BenchError: one was lost or answered twice.
        """
        due: dict[str, float] = {}
        since_1970 = time.time() - time.monotonic()
        cpu, began = cpu_seconds([self._server.pid]), time.monotonic()
        for moments in Schedule(entries=None, duration=seconds, rate=RATE).due(
            began, threading.Event()
        ):
            for moment in moments:
                (entry,) = self.stream.entries(list(islice(self._texts, 1)))
                started = time.perf_counter()
                self.stream.client.submit(entry)
                beside.submits.append(time.perf_counter() - started)
                due[entry.entry_id] = moment + since_1970
        self.stream.collect(due)
        taken = cpu_seconds([self._server.pid]) - cpu
        beside.server.append(taken / (time.monotonic() - began))
        answered = self.stream.answered_at()
        beside.waits += [answered[entry_id] - moment for entry_id, moment in due.items()]
        self.stream.clear()

    def count(self, beside: Beside) -> None:
        """Note how many connections the workers hold, and what all take of the server's memory."""
        clients = self._redis.execute_command("CLIENT", "LIST").splitlines()
        port = int(self._server.url.rpartition(":")[2].partition("/")[0])
        ours = [one for one in psutil.Process().net_connections("tcp") if one.raddr]
        own = sum(one.raddr.port == port and one.status == ESTABLISHED for one in ours)
        sizes = (line.rpartition(b" tot-mem=")[2].split()[0] for line in clients)
        beside.connections = len(clients) - own
        beside.client_bytes = sum(map(int, sizes))


class Fleet:
    """Workers of one kind or both, started together and killed together.

    Args:
        processes: of them.
        heartbeats: how many send one when all are there.
        alive: tells how many do.
    """

    def __init__(
        self, processes: Sequence[ModuleProcess], heartbeats: int, alive: Callable[[], int]
    ) -> None:
        self._processes, self._heartbeats, self._alive = processes, heartbeats, alive
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._before = self._alive()
        with ExitStack() as stack:  # or they would stay, should one not start
            for process in self._processes:
                process.start()
                stack.callback(process.kill)
                _set_session_priority(process.pid, WORKERS_NICE)
            self._wait(self._before + self._heartbeats)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()
        if self._before and error[0] is None:  # else nobody is left who forgets them
            self._wait(self._before)

    def _wait(self, heartbeats: int) -> None:
        ends = time.monotonic() + _PATIENCE_SECONDS
        while (alive := self._alive()) != heartbeats:
            if ended := [one for one in self._processes if (one.poll() or 0) > 0]:
                raise BenchError(f"a worker ended: {ended[0].last_line()}")
            if time.monotonic() > ends:
                raise BenchError(f"{alive} workers of {heartbeats} are alive")
            time.sleep(_LOOK_SECONDS)


def _cores() -> tuple[set[int], set[int]]:
    """The core of the server, and those of all else: the same where there is only one."""
    first, *others = sorted(_ALLOWED) or [0]
    return {first}, set(others) or {first}


@contextmanager
def _on_cores(cores: set[int]) -> Iterator[None]:
    """Keep this thread, and what it starts, to these cores, where the system can do that."""
    if sys.platform != "linux":
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def _in_real_time() -> Iterator[None]:
    """Let this thread go before everything else, and nothing that it starts."""
    _set_real_time(0)
    try:
        yield
    finally:
        if sys.platform == "linux":
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def _set_real_time(pid: int) -> None:
    """Let a process go before everything else, if that is permitted; 0 is this thread."""
    if sys.platform == "linux":
        with suppress(PermissionError):
            policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
            os.sched_setscheduler(pid, policy, os.sched_param(1))


def _set_priority(pid: int, nice: int) -> None:
    """Let a process go behind others."""
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, pid, nice)


def _set_session_priority(pid: int, nice: int) -> None:
    """Let the session that a process leads go behind others, if Linux groups processes by session.

    Where it does (`autogroup` in sched(7)), sessions share the cores evenly, whatever the nice
    values of their processes are.
    """
    _set_priority(pid, nice)
    with suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(f"{nice}")
