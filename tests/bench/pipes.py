"""Processes that answer JSON lines: texts reach them through a pipe and never touch a file."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.bench.errors import BenchError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).parents[2]
STOP_SECONDS = 10.0


class PipeProcess:
    """A module of ours run as a process: one question at a time, one answer each.

    Args:
        module: run as `python -m`; it calls `serve`.
        environment: added to ours.
        log: where its stderr goes.
    """

    def __init__(self, module: str, environment: Mapping[str, str], *, log: Path) -> None:
        self._module = module
        self._environment = {**os.environ, **environment}
        self._log = log
        self._process: subprocess.Popen[str] | None = None
        #: What it said of itself when it was ready.
        self.greeting: dict[str, Any] = {}

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                env=self._environment,
                cwd=ROOT,
                # Ctrl-C is for us; it ends when its stdin does. Not a session of its own: Linux
                # shares a busy machine out by session, and a loop of many would get more.
                process_group=0,
            )
        return self

    def __exit__(self, *error: object) -> None:
        if self._process is None:
            return
        if error[0] is not None:  # nobody waits for what it is doing
            self._process.kill()
        with contextlib.suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        try:
            self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def wait_ready(self) -> None:
        """Wait for its greeting.

        Raises:
            BenchError: it could not start.
        """
        self.greeting = self._read()

    def ask(self, **question: Any) -> dict[str, Any]:
        """Ask and wait for the answer.

        Raises:
            BenchError: it failed or ended.
        """
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        except OSError:
            raise BenchError(f"{self._module} ended") from None
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise BenchError(f"{self._module} ended")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise BenchError(f"{self._module}: {answer['error']}")
        return answer


def serve(
    start: Callable[[], tuple[dict[str, Any], Callable[[dict[str, Any]], dict[str, Any]]]],
) -> None:
    """In the process: start up, greet, then answer until stdin ends.

    Args:
        start: loads what is needed; returns a greeting and what answers a question. What it
            raises is told by its type alone: the message could hold a text.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints must not mix with the answers

    def tell(message: dict[str, Any]) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    try:
        greeting, answer = start()
        tell(greeting)
        for line in sys.stdin:
            tell(answer(json.loads(line)))
    except BrokenPipeError:
        pass
    except Exception as exc:  # noqa: BLE001 - the process boundary
        with contextlib.suppress(OSError):
            tell({"error": type(exc).__name__})
