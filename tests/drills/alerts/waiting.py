"""Waiting for what has to come true, and what is raised where it does not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_SECONDS = 60.0
_LOOK_SECONDS = 0.1


class DrillError(Exception):
    """Raised when something did not come true, or an action did not lead where it says."""


def wait_until(holds: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Look until it holds.

    Raises:
        DrillError: it did not within that time.
    """
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            raise DrillError(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(_LOOK_SECONDS)


def expect(holds: object, what: str) -> None:
    """Hold what is seen against what an action, or a scene, says.

    Raises:
        DrillError: it is not so.
    """
    if not holds:
        raise DrillError(f"not as it is told: {what}")
