"""When the entries of a load run are due: fixed ahead, whether or not others are answered."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from producer.operations.submit import SUBMIT_CHUNK

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator


class Schedule:
    """When entries are due: `rate` a second, or as fast as possible.

    Args:
        entries: how many; None for as many as fit into `duration`.
        duration: seconds; None for no such limit.
        rate: entries a second; 0 for as fast as possible.

    Attributes:
        total: how many entries will be sent; None if only the duration limits them.

    Raises:
        ValueError: neither a number of entries nor a duration is given.
    """

    def __init__(self, *, entries: int | None, duration: float | None, rate: float) -> None:
        if entries is None and duration is None:
            raise ValueError("a load run needs a number of entries or a duration")
        self.rate = rate
        self.duration = duration
        self.total = entries
        if duration is not None and rate:
            fitting = max(1, round(duration * rate))
            self.total = fitting if entries is None else min(entries, fitting)

    def due(self, started: float, stopping: threading.Event) -> Iterator[list[float]]:
        """Wait for the moments when entries are due, and yield them as they come.

        Args:
            started: when the schedule starts, in seconds on the monotonic clock.
            stopping: ends the schedule early.

        Yields:
            Due times that have come, on the same clock; no more than one submit may hold.
        """
        sent = 0
        while not stopping.is_set() and (self.total is None or sent < self.total):
            now = time.monotonic()
            left = SUBMIT_CHUNK if self.total is None else min(SUBMIT_CHUNK, self.total - sent)
            if not self.rate:
                if self.duration is not None and now - started >= self.duration:
                    return
                moments = [now] * left
            else:
                ready = int((now - started) * self.rate) + 1 - sent
                if ready <= 0:
                    stopping.wait(started + sent / self.rate - now)
                    continue
                moments = [started + (sent + i) / self.rate for i in range(min(ready, left))]
            yield moments
            sent += len(moments)
