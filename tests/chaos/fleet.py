"""The processes that chaos kills and pauses: workers and the exporter."""

from __future__ import annotations

import contextlib
import signal
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

import psutil

from deploy.local.processes import Process

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

STOP_SECONDS = 30.0
LIGHT_WORKER = "tests.chaos.light_worker"
STOCK_WORKER = "tests.bench.processes.stock_worker"


class Member(Process):
    """One process that is started again whenever it is gone; see `Process`."""

    def __init__(
        self,
        command: str,
        environment: Mapping[str, str],
        *,
        log: Path,
        module: str = "worker.cli",
    ) -> None:
        super().__init__(command, environment, log=log, module=module)
        self.restarts = -1
        #: The last line of its log whenever it ended though nobody killed it.
        self.last_lines: list[str] = []
        self._killed = False
        self.paused_until = 0.0

    def keep_alive(self) -> None:
        """Start it if it is not running; wake it if its pause is over."""
        if not self.running:
            if self.restarts >= 0 and not (self._killed or self._started_too_early):
                self.last_lines.append(self.last_line())
            self._killed = False
            self.start()
            self.restarts += 1
            self.paused_until = 0.0
        elif self.paused_until and time.monotonic() >= self.paused_until:
            self.resume()

    @property
    def ready(self) -> bool:
        """Whether it says that it is ready."""
        return self.page("readyz")[0] == HTTPStatus.OK

    @property
    def exits(self) -> int:
        """How often it ended though nobody killed it."""
        return len(self.last_lines)

    @property
    def _started_too_early(self) -> bool:
        """Whether it found no Redis, or one that takes nothing yet: it is to be started again."""
        told = self.last_line().removeprefix("journal-worker: ")
        return told.startswith(("Redis cannot be reached", "Redis does not take the command now"))

    @property
    def paused(self) -> bool:
        """Whether it is stopped by SIGSTOP."""
        return self.paused_until > 0

    def kill_parent(self) -> bool:
        """Send SIGKILL to it alone (its children then end by themselves); False if it was gone."""
        if self._process is None or not self.running:
            return False
        self._killed = True
        self._process.kill()
        self._process.wait(timeout=STOP_SECONDS)
        return True

    def kill_child(self, choose: float) -> bool:
        """Send SIGKILL to one of its children; False if there was none.

        Args:
            choose: which one, from 0 to 1.
        """
        children = self._children()
        if not children:
            return False
        with contextlib.suppress(psutil.Error):
            children[int(choose * len(children))].kill()
            return True
        return False

    def children(self) -> set[int]:
        """The process ids of its children."""
        return {child.pid for child in self._children()}

    def pause(self, seconds: float) -> bool:
        """Send SIGSTOP; `keep_alive` ends the pause. False if it is gone or paused already."""
        if self._process is None or not self.running or self.paused:
            return False
        self._process.send_signal(signal.SIGSTOP)
        self.paused_until = time.monotonic() + seconds
        return True

    def resume(self) -> None:
        """Send SIGCONT."""
        self.paused_until = 0.0
        if self._process is not None and self.running:
            self._process.send_signal(signal.SIGCONT)

    def stop(self, seconds: float = STOP_SECONDS) -> int:
        """Wake it and stop it; see `Process.stop`."""
        self.resume()
        return super().stop(seconds)

    def _children(self) -> list[psutil.Process]:
        if self._process is None:
            return []
        with contextlib.suppress(psutil.Error):
            return psutil.Process(self._process.pid).children()
        return []


def worker(environment: Mapping[str, str], log: Path, *, transport: str = "claim") -> Member:
    """A worker with stand-in stages: ours (`claim`), or stock Celery with one task an entry."""
    if transport == "claim":
        return Member("run", environment, log=log, module=LIGHT_WORKER)
    return Member("stand-in", environment, log=log, module=STOCK_WORKER)


def exporter(environment: Mapping[str, str], log: Path) -> Member:
    """The exporter."""
    return Member("exporter", environment, log=log)
