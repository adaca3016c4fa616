"""Memory of a process that has loaded its models."""

from __future__ import annotations

import ctypes
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: A pause between two batches is shorter under load, and longer where there is none.
IDLE_SECONDS = 2.0


def give_back_freed() -> bool:
    """Give the operating system what was freed, where the C library keeps it: with glibc.

    Loading makes each tensor two or three times (of the base, merged, in oneDNN's layout); what is
    freed between those that stay is kept for later, and every child has it in its share. See
    `malloc_trim(3)`.

    Returns:
        Whether the C library could be asked.
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError):
        return False
    trim(0)
    return True


class IdleTrim:
    """Gives back what was freed as soon as no batch has ended for a while.

    What a batch needs for its passes is freed after it, and the C library keeps that for the next:
    some 30 MB a child. Under load they are used again at once, and nothing is given back.

    Args:
        seconds: without a batch, after which it is.
        trim: gives it back.
    """

    def __init__(
        self, seconds: float = IDLE_SECONDS, trim: Callable[[], object] = give_back_freed
    ) -> None:
        self._seconds, self._trim = seconds, trim
        self._last, self._busy = 0.0, False
        self._ended = threading.Event()
        threading.Thread(target=self._run, name="idle-trim", daemon=True).start()

    def batch_began(self) -> None:
        """Tell that a batch has begun: nothing is given back until it ends."""
        self._busy = True

    def batch_ended(self) -> None:
        """Tell that a batch has just ended."""
        self._last, self._busy = time.monotonic(), False
        self._ended.set()

    def _run(self) -> None:
        while self._ended.wait():
            self._ended.clear()
            while (rest := self._last + self._seconds - time.monotonic()) > 0:
                time.sleep(rest)
            # Where another has begun or ended meanwhile, its end is waited for.
            if not (self._busy or self._ended.is_set()):
                self._trim()
