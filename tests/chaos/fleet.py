"""The processes that chaos strikes: workers, the exporter, the server."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil

from deploy.local.server import free_port

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Member:
    """One process that is started again whenever it is gone."""

    def __init__(self, command: list[str], environment: Mapping[str, str], log: Path) -> None:
        self._command = [sys.executable, *command]
        self._environment = {**os.environ, **environment}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self.restarts = -1
        self.paused_until = 0.0

    def keep_alive(self) -> None:
        """Start it if it is not running; wake it if its pause is over."""
        if self._process is None or self._process.poll() is not None:
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    self._command,
                    env=self._environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            self.restarts += 1
            self.paused_until = 0.0
        elif self.paused_until and time.monotonic() >= self.paused_until:
            self.resume()

    @property
    def paused(self) -> bool:
        """Whether it is stopped by SIGSTOP."""
        return self.paused_until > 0

    def kill(self) -> bool:
        """SIGKILL to the process (its children die with it); False if there was none."""
        if self._process is None or self._process.poll() is not None:
            return False
        self._process.kill()
        self._process.wait(timeout=30)
        return True

    def kill_child(self, choose: float) -> bool:
        """SIGKILL to one of its children; False if there was none."""
        with contextlib.suppress(psutil.Error):
            children = psutil.Process(self._process.pid).children() if self._process else []
            if children:
                children[int(choose * len(children))].kill()
                return True
        return False

    def children(self) -> set[int]:
        """The process ids of its children."""
        with contextlib.suppress(psutil.Error):
            return (
                {c.pid for c in psutil.Process(self._process.pid).children()}
                if self._process
                else set()
            )
        return set()

    def pause(self, seconds: float) -> bool:
        """SIGSTOP to the process, until `keep_alive` finds the time is over."""
        if self._process is None or self._process.poll() is not None or self.paused:
            return False
        self._process.send_signal(signal.SIGSTOP)
        self.paused_until = time.monotonic() + seconds
        return True

    def resume(self) -> None:
        """SIGCONT."""
        self.paused_until = 0.0
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it, drained if it can."""
        if self._process is None:
            return
        self.resume()
        self._process.terminate()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(timeout=10)


def worker(environment: Mapping[str, str], log: Path) -> Member:
    """A worker with stand-in stages."""
    settings = {**environment, "JOURNAL_METRICS_PORT": str(free_port())}
    return Member(["-m", "tests.chaos.light_worker"], settings, log)


def exporter(environment: Mapping[str, str], log: Path) -> Member:
    """The exporter."""
    settings = {**environment, "JOURNAL_EXPORTER_PORT": str(free_port())}
    return Member(["-m", "worker.cli", "exporter"], settings, log)
