"""Whether a worker is alive and ready: what its health pages answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: The event loop ticks every second; after so long without a tick it counts as hanging.
LOOP_SECONDS = 30.0


class Health:
    """Judges a worker by its event loop's ticks, its children and the batches that come back.

    Args:
        batch_seconds: the time limit of a batch; with none back for half as long again, plus
            `LOOP_SECONDS`, the worker counts as stuck.
        clock: seconds that only go forward.
        redis_problem: tells why Redis is of no use now, or None.
    """

    def __init__(
        self,
        batch_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        redis_problem: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._redis_problem = redis_problem
        self._limit = batch_seconds * 1.5 + LOOP_SECONDS
        self._clock = clock
        self._tick = clock()
        self._busy_since: float | None = None
        self._ready: set[int] = set()
        self._pids: set[int] = set()
        self._failed_starts = 0
        self._connected = False
        self._stopping = False
        self._watched: list[Callable[[], str | None]] = []
        self._consuming = True

    @property
    def children(self) -> int:
        """Children that are ready for batches."""
        return len(self._ready)

    @property
    def failed_starts(self) -> int:
        """Children in a row that ended before they were ready."""
        return self._failed_starts

    def tick(self, *, running: int, finished: bool) -> None:
        """Called by the event loop every second.

        Args:
            running: entries with a child.
            finished: whether a batch has come back since the last call.
        """
        self._tick = self._clock()
        self._connected = True
        if running == 0:
            self._busy_since = None
        elif self._busy_since is None or finished:
            self._busy_since = self._tick

    def child_ready(self, pid: int) -> None:
        """A child loaded its models."""
        self._ready.add(pid)
        self._failed_starts = 0

    def children_alive(self, pids: set[int]) -> None:
        """Forget children that are gone, and count those that were never ready.

        Args:
            pids: the process ids of all children there are now.
        """
        self._failed_starts += len(self._pids - pids - self._ready)
        self._pids = pids
        self._ready &= pids

    def disconnected(self) -> None:
        """The connection to Redis is lost: until it is back, ticks are not expected."""
        self._connected = False
        self._tick = self._clock()
        self._busy_since = None

    def watch(self, *problems: Callable[[], str | None]) -> None:
        """Ask these what is wrong, if something is: the worker is alive then and not ready."""
        self._watched += problems

    def consuming(self, *, queue: bool) -> None:
        """Whether the worker consumes the queue; remote control can tell it not to."""
        self._consuming = queue

    def stopping(self) -> None:
        """The worker drains."""
        self._stopping = True

    def alive(self) -> str | None:
        """None, or why this worker should be restarted."""
        now = self._clock()
        if self._connected and now - self._tick > LOOP_SECONDS:
            return f"the event loop has not moved for {now - self._tick:.0f} s"
        if self._busy_since is not None and now - self._busy_since > self._limit:
            return f"no batch has come back for {now - self._busy_since:.0f} s"
        return None

    def ready(self) -> str | None:
        """None, or why this worker cannot take entries."""
        if self._stopping:
            return "draining"
        if not self._ready:
            return "no child has loaded its models yet"
        if not self._consuming:
            return (
                "told by remote control (cancel_consumer) to take no entries; add_consumer ends it"
            )
        problem = self._redis_problem()
        if not self._connected:
            return "not connected to Redis" + (f": {problem}" if problem else "")
        problem = problem or self.alive()
        return problem or next(filter(None, (watched() for watched in self._watched)), None)
