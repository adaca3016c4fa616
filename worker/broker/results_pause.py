"""Whether a worker is paused because results are not read, told once where it begins and ends."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

#: While entries wait, a paused worker tries to claim again twice a second. After so long without
#: being refused it is not paused any more: nothing waits.
FORGET_SECONDS = 5.0


class ResultsPause:
    """Follows the answers to claims; may be asked from any thread.

    Args:
        max_results: the limit of results at which claiming pauses.
        clock: seconds that only go forward.
    """

    def __init__(self, max_results: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_results = max_results
        self._clock = clock
        self._lock = threading.Lock()
        self._began: float | None = None
        self._refused = 0.0

    @property
    def is_on(self) -> bool:
        """Whether the worker is paused."""
        with self._lock:
            if self._began is not None and self._clock() - self._refused > FORGET_SECONDS:
                self._end()
            return self._began is not None

    def problem(self) -> str | None:
        """None, or why the worker is paused, in words."""
        if not self.is_on:
            return None
        return (
            f"paused: {self._max_results} results are not acknowledged by every group "
            "(`journal groups list` tells which)"
        )

    def refused(self) -> None:
        """A claim was refused because of the limit."""
        with self._lock:
            self._refused = self._clock()
            if self._began is None:
                self._began = self._refused
                log.warning(
                    "claiming pauses: %d results are not acknowledged by every group; start what "
                    "reads them, or see `journal groups list`",
                    self._max_results,
                )

    def claimed(self) -> None:
        """A claim was not refused."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._began is not None:
            log.warning("claiming goes on after a pause of %.0f s", self._clock() - self._began)
            self._began = None
