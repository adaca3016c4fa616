"""A clock that goes faster than the clocks of this machine."""

from __future__ import annotations

import time


class Clock:
    """Seconds of the run since its start; `speed` of them pass in one second of this machine.

    Args:
        speed: 1 is real time.
    """

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._started = time.monotonic()

    def restart(self) -> None:
        """Begin again at 0."""
        self._started = time.monotonic()

    @property
    def now(self) -> float:
        """Seconds of the run."""
        return (time.monotonic() - self._started) * self.speed

    def at(self, monotonic: float) -> float:
        """Seconds of the run at an instant of `time.monotonic`."""
        return (monotonic - self._started) * self.speed

    def real(self, seconds: float) -> float:
        """How many seconds of this machine so many seconds of the run take."""
        return seconds / self.speed
