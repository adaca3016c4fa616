"""Programs of ours as processes of this machine, for the demo, the bench, chaos and the tests."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from deploy.local.server import free_port

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).parents[2]
READY_SECONDS = 180.0
STOP_SECONDS = 60.0
#: A killed process is gone at once, unless the kernel is busy writing its memory out.
_KILL_SECONDS = 30.0


class ModuleProcess:
    """A Python module run as a process, with a log; a context manager that starts and stops it.

    It finds the packages of this repository from any working directory. SIGINT from a terminal
    does not reach it: it is stopped by whoever started it.

    Args:
        module: run as `python -m`.
        arguments: the module's command line.
        environment: environment variables beside those of this process.
        log: the file that its stdout and stderr are appended to.
    """

    def __init__(
        self, module: str, *arguments: str, environment: Mapping[str, str], log: Path
    ) -> None:
        self.module = module
        self.log = log
        self._command = [sys.executable, "-m", module, *arguments]
        self._environment = {**os.environ, **environment}
        paths = [str(ROOT), self._environment.get("PYTHONPATH", "")]
        self._environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        self._process: subprocess.Popen[Any] | None = None

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it; what tells that it is ready depends on the program."""
        self._launch(start_new_session=True)

    def poll(self) -> int | None:
        """The exit code, or None while it runs or where it was not started."""
        return self._process.poll() if self._process else None

    def stop(self, seconds: float = STOP_SECONDS) -> int:
        """Send SIGTERM and wait for the end.

        Args:
            seconds: how long it may take; then it is killed with its children.

        Returns:
            The exit code: -9 if it was killed, 0 if it was not started.
        """
        if self._process is None:
            return 0
        if self.running:
            self._process.terminate()
        return self._wait(seconds)

    def kill(self) -> None:
        """Send SIGKILL to it and its children."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(timeout=_KILL_SECONDS)

    def last_line(self) -> str:
        """The last line of its log."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "no output"

    def _launch(self, **options: Any) -> None:
        """Start the process; `options` go to `Popen` and must put it into a group of its own."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                **{"stdout": log, "stderr": log, **options},
            )

    def _wait(self, seconds: float) -> int:
        """Wait for the end, kill what does not end in time, and return the exit code."""
        assert self._process is not None
        try:
            code = self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            code = -signal.SIGKILL
        self._process = None
        return code


class ServingProcess(ModuleProcess):
    """A module run as a process that serves pages over HTTP, `/readyz` among them.

    Args:
        module: run as `python -m`.
        arguments: the module's command line.
        port: where it serves.
        environment: environment variables beside those of this process.
        log: the file that its stdout and stderr are appended to.
    """

    def __init__(
        self, module: str, *arguments: str, port: int, environment: Mapping[str, str], log: Path
    ) -> None:
        self.port = port
        super().__init__(module, *arguments, environment=environment, log=log)

    def wait_ready(self, seconds: float = READY_SECONDS) -> None:
        """Wait until `/readyz` answers 200.

        Raises:
            SystemExit: it ended or took too long; the last line of its log is the message.
        """
        deadline = time.monotonic() + seconds
        while self.page("readyz")[0] != HTTPStatus.OK:
            if not self.running:
                raise SystemExit(f"it ended: {self.last_line()}")
            if time.monotonic() > deadline:
                raise SystemExit(f"not ready after {seconds:.0f} s: {self.last_line()}")
            time.sleep(0.1)

    def page(self, name: str) -> tuple[int, str]:
        """Status and body of one of its pages; status 0 if nobody listens."""
        url = f"http://127.0.0.1:{self.port}/{name}"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as exc:
            return exc.code, exc.read().decode()
        except OSError:
            return 0, ""


class Process(ServingProcess):
    """A command of `journal-worker`, with its pages on a free port.

    Args:
        command: `run` or `exporter`.
        environment: the JOURNAL_* settings.
        log: the file that its stdout and stderr are appended to.
        arguments: further options of the command.
        module: a stand-in for `worker.cli` that takes the same command line.
    """

    def __init__(
        self,
        command: str,
        environment: Mapping[str, str],
        *,
        log: Path,
        arguments: Sequence[str] = (),
        module: str = "worker.cli",
    ) -> None:
        port = free_port()
        variable = "JOURNAL_EXPORTER_PORT" if command == "exporter" else "JOURNAL_METRICS_PORT"
        settings = {**environment, variable: str(port)}
        super().__init__(module, command, *arguments, port=port, environment=settings, log=log)
