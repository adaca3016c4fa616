"""Processes that answer JSON lines: texts reach them through a pipe and never touch a file."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from typing import IO, TYPE_CHECKING, Any

from deploy.local.processes import ModuleProcess
from tests.bench.errors import BenchError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

END_SECONDS = 10.0


class PipeProcess(ModuleProcess):
    """A module that calls `serve`, run as a process: one question at a time, one answer each.

    Args:
        module: run as `python -m`.
        environment: environment variables beside those of this process.
        log: the file that its stderr is appended to.
    """

    def __init__(self, module: str, environment: Mapping[str, str], *, log: Path) -> None:
        super().__init__(module, environment=environment, log=log)
        #: What it said of itself when it was ready.
        self.greeting: dict[str, Any] = {}

    def __exit__(self, *error: object) -> None:
        if error[0] is not None:  # nobody waits for what it is doing
            self.kill()
        self.stop()

    def start(self) -> None:
        """Start it; `wait_ready` tells when it answers."""
        self._launch(
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            # Not a session of its own: Linux shares a busy machine out by session, and a loop of
            # many would get more.
            process_group=0,
        )

    def stop(self, seconds: float = END_SECONDS) -> int:
        """Close its stdin, by which it ends; see `ModuleProcess.stop`."""
        if self._process is None:
            return 0
        questions, answers = self._pipes()
        with contextlib.suppress(OSError):
            questions.close()
        code = self._wait(seconds)
        answers.close()
        return code

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
        questions, _ = self._pipes()
        try:
            questions.write(json.dumps(question) + "\n")
            questions.flush()
        except OSError:
            raise BenchError(f"{self.module} ended") from None
        return self._read()

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        """Where questions are written and answers read."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        return self._process.stdin, self._process.stdout

    def _read(self) -> dict[str, Any]:
        line = self._pipes()[1].readline()
        if not line:
            raise BenchError(f"{self.module} ended")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise BenchError(f"{self.module}: {answer['error']}")
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
