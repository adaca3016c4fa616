"""A limit to the time a fit may take."""

from __future__ import annotations

import time

from training.errors import DataError

#: Share of the limit kept back for the last evaluation and for writing the model.
_RESERVE = 0.12


class Deadline:
    """Tells how much of the time for training has been used.

    Args:
        minutes: limit of the whole fit from now on; None for no limit.
    """

    def __init__(self, minutes: float | None) -> None:
        self._limit = None if minutes is None else minutes * 60.0 * (1.0 - _RESERVE)
        self._born = time.monotonic()
        self._started = 0.0

    def start_training(self) -> None:
        """Call this when training begins; `used` counts from here on.

        Raises:
            DataError: none of it is left.
        """
        self._started = time.monotonic() - self._born
        if self._limit is not None and self._started >= self._limit:
            raise DataError(
                f"--max-minutes: {self._started / 60:.1f} minutes went by before training began"
            )

    def used(self) -> float:
        """The share of the time for training that is used, 0 to 1; always 0 without a limit."""
        if self._limit is None:
            return 0.0
        left_at_start = self._limit - self._started
        if left_at_start <= 0:
            return 1.0
        elapsed = time.monotonic() - self._born - self._started
        return min(1.0, elapsed / left_at_start)
