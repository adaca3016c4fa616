"""Workers and exporter as processes of this machine, for the demo, the bench and the tests."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Self

from deploy.local.server import free_port

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

READY_SECONDS = 180.0


class Process:
    """One of our commands with its pages on a free port.

    Args:
        command: `run` or `exporter`.
        environment: the JOURNAL_* settings.
        arguments: further options of the command.
        log: where stderr goes.
    """

    def __init__(
        self,
        command: str,
        environment: Mapping[str, str],
        *,
        log: Path,
        arguments: Sequence[str] = (),
    ) -> None:
        self.port = free_port()
        self.log = log
        variable = "JOURNAL_EXPORTER_PORT" if command == "exporter" else "JOURNAL_METRICS_PORT"
        self._environment = {**os.environ, **environment, variable: str(self.port)}
        self._command = [sys.executable, "-m", "worker.cli", command, *arguments]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it; `wait_ready` tells when it works."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_ready(self, seconds: float = READY_SECONDS) -> None:
        """Wait until `/readyz` says ok.

        Raises:
            SystemExit: it ended or took too long; the last line of its log is the message.
        """
        deadline = time.monotonic() + seconds
        while self.page("readyz")[0] != 200:  # noqa: PLR2004 - HTTP's OK
            if self._process is None or self._process.poll() is not None:
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

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._process.poll() if self._process else None

    def stop(self, seconds: float = 60.0) -> int:
        """SIGTERM, then wait for the drain; returns the exit code (-9 if it had to be killed)."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.terminate()
        try:
            code = self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            code = -signal.SIGKILL
        self._process = None
        return code

    def kill(self) -> None:
        """SIGKILL to it and its children."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(timeout=30)

    def last_line(self) -> str:
        """The last line it logged."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "no output"
