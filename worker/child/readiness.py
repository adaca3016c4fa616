"""How the parent learns that its children are ready, or cannot start."""

from __future__ import annotations

import json
import os
import select
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class ChildGate:
    """A pipe from all children to the parent, which carries one JSON line a message.

    Make it before the pool forks, so that every child inherits the writing end.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe()

    def tell_ready(self, model: dict[str, str]) -> None:
        """Called by a child whose models are loaded and warm.

        Args:
            model: which model it is and how it runs, for the metrics.
        """
        short = {name: value[:60] for name, value in model.items()}
        self._tell({"pid": os.getpid(), "ready": short})

    def tell_failed(self, why: str) -> None:
        """Called by a child that cannot start.

        Args:
            why: one line without any text of an entry.
        """
        self._tell({"pid": os.getpid(), "failed": why[:200]})

    def listen(
        self, *, on_ready: Callable[[int, dict[str, str]], None], on_failed: Callable[[str], None]
    ) -> None:
        """Called by the parent: read on a daemon thread what children tell.

        Args:
            on_ready: called with the process id of a child and its model.
            on_failed: called with the reason why a child cannot start.
        """

        def read() -> None:
            with os.fdopen(self._read, encoding="utf-8") as stream:
                for line in stream:
                    message = json.loads(line)
                    if "ready" in message:
                        on_ready(int(message["pid"]), message["ready"])
                    else:
                        on_failed(str(message["failed"]))

        threading.Thread(target=read, name="children", daemon=True).start()

    def _tell(self, message: dict[str, object]) -> None:
        line = json.dumps(message).encode() + b"\n"
        assert len(line) <= select.PIPE_BUF  # atomic up to here, so lines of children never mix
        os.write(self._write, line)
