"""A peer as a group of processes: found, stopped for a while, and ended as a whole."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import secrets
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil

from deploy.local.processes import READY_SECONDS, ModuleProcess
from tests.bench.errors import BenchError
from tests.bench.peers.servers import READY_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

#: The environment variable by which every process of a peer is known, whoever its parent is.
MARK = "BENCH_PEER"
STOP_SECONDS = 15.0
_END_SECONDS = 30.0
_POLL_SECONDS = 0.1
_TIMES = 3
_STOPPED_SECONDS = 5.0
_HEARD_SECONDS = 0.005


class PeerProcess(ModuleProcess):
    """A module of the peers' environment, run with all the processes that it starts.

    Args:
        command: run as `python -m`.
        python: the interpreter; that of this process by default.
        environment: environment variables beside those of this process.
        log: the file that its stdout and stderr are appended to.
        workers: how many of its processes load the stages.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        python: Path | None,
        environment: Mapping[str, str],
        log: Path,
        workers: int,
    ) -> None:
        self._mark = secrets.token_hex(8)
        self._workers = workers
        self._ready_file = log.with_suffix(".ready")
        self._ready_file.touch()
        own = {MARK: self._mark, READY_FILE: str(self._ready_file)}
        super().__init__(*command, environment={**environment, **own}, log=log)
        self._command[0] = str(python or sys.executable)

    def __exit__(self, *error: object) -> None:
        if error[0] is None:
            self.stop(STOP_SECONDS)
        else:
            self.kill()

    def stop(self, seconds: float = STOP_SECONDS) -> int:
        """Send SIGTERM, wait, and kill whatever of it is left.

        Frameworks leave processes behind, even where they end in order.
        """
        code = super().stop(seconds)
        self._end_all()
        return code

    def kill(self) -> None:
        """Kill all its processes."""
        self._end_all()
        super().kill()
        self._process = None

    def all(self) -> list[psutil.Process]:
        """Every process of it, the first one first."""
        return sorted(marked(self._mark), key=lambda one: one.pid != self.pid)

    def wait_ready(self, seconds: float = READY_SECONDS) -> None:
        """Wait until all workers have loaded the stages.

        Raises:
            BenchError: it ended or took too long.
        """
        deadline = time.monotonic() + seconds
        while len(self.ready()) < self._workers:
            if not self.running:
                raise BenchError(f"it ended: {self.last_line()}")
            if time.monotonic() > deadline:
                raise BenchError(f"not ready after {seconds:.0f} s: {self.last_line()}")
            time.sleep(_POLL_SECONDS)

    def ready(self) -> list[int]:
        """The processes that have loaded the stages and live."""
        pids = map(int, self._ready_file.read_text(encoding="ascii").split())
        return [pid for pid in pids if psutil.pid_exists(pid)]

    def check_loopback(self) -> None:
        """Make sure that only this machine can reach it.

        Raises:
            BenchError: it listens on another address.
        """
        for one in self.all():
            with contextlib.suppress(psutil.Error):
                for connection in one.net_connections(kind="inet"):
                    if connection.status == psutil.CONN_LISTEN and not is_loopback(
                        connection.laddr.ip
                    ):
                        raise BenchError(f"it listens on {connection.laddr.ip}, not on loopback")

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Let all its processes stand still as long as the block runs: some poll when idle."""
        still = self.all()
        for one in still:
            with contextlib.suppress(psutil.Error):
                one.suspend()
        wait_stopped(still)
        try:
            yield
        finally:
            for one in reversed(still):
                with contextlib.suppress(psutil.Error):
                    one.resume()

    def _end_all(self) -> None:
        for _ in range(_TIMES):  # again for what was started meanwhile
            left = marked(self._mark)
            for one in left:
                with contextlib.suppress(psutil.Error):
                    one.kill()
            psutil.wait_procs(left, timeout=_END_SECONDS)


def wait_stopped(processes: Sequence[psutil.Process]) -> None:
    """Wait until processes that were sent SIGSTOP have heard of it, or a few seconds have gone."""
    deadline = time.monotonic() + _STOPPED_SECONDS
    for one in processes:
        with contextlib.suppress(psutil.Error):
            while one.status() != psutil.STATUS_STOPPED and time.monotonic() < deadline:
                time.sleep(_HEARD_SECONDS)


def marked(mark: str) -> list[psutil.Process]:
    """The living processes whose environment holds a peer's mark."""
    found = []
    for one in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if one.pid != os.getpid() and one.environ().get(MARK) == mark:
                found.append(one)
    return found


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches an address, IPv4 written as IPv6 too."""
    ip = ipaddress.ip_address(address)
    mapped = getattr(ip, "ipv4_mapped", None)
    return (mapped or ip).is_loopback
