"""How reading results goes on by itself while Redis does not answer or is full. Free of I/O."""

from __future__ import annotations

import logging
import random
import time
from typing import Literal

from producer.errors import StoreFull, Unavailable

log = logging.getLogger(__name__)

OnOutage = Literal["wait", "raise"]
#: What a reader waits out. A full Redis lets it read and acknowledge, but not make its group.
OUTAGES = (Unavailable, StoreFull)
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 2.0


class Outage:
    """Says how long to wait after each error, and logs when an outage begins and when it is over.

    Args:
        on_outage: `wait` to go on, `raise` to raise every error.
        timeout: seconds without a result after which an error is raised; None for never.
    """

    def __init__(self, on_outage: OnOutage, timeout: float | None) -> None:
        self._waits = on_outage == "wait"
        self._timeout = timeout
        self._began: float | None = None
        self._failures = 0

    def pause(self, error: Unavailable | StoreFull) -> float:
        """Seconds to wait before the next attempt.

        Raises:
            Unavailable, StoreFull: the error, if it is not to be waited for, or no longer.
        """
        now = time.monotonic()
        began = now if self._began is None else self._began
        left = None if self._timeout is None else began + self._timeout - now
        if not self._waits or (left is not None and left <= 0.0):
            raise error
        if self._began is None:
            self._began = now
            log.warning("%s; reading results goes on by itself", error)
        longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0**self._failures)
        self._failures += 1
        pause = longest * random.uniform(0.5, 1.0)  # noqa: S311 - only spreads the readers
        return pause if left is None else min(pause, left)

    def over(self) -> None:
        """Note that Redis answers."""
        if self._began is not None:
            log.warning("Redis answers again after %.1f s", time.monotonic() - self._began)
            self._began, self._failures = None, 0
