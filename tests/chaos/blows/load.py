"""Blows of the load itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.chaos.blows.stage import Stage

#: How long nothing is submitted before a burst, in seconds: the workers have nothing left by then.
_IDLE_SECONDS = 1.5
_ENTRIES = (256, 1024)


def burst(stage: Stage) -> Iterator[float]:
    """Let the workers idle, then submit many entries at once."""
    entries = stage.random.randint(*_ENTRIES)
    stage.counts["bursts"] += stage.submitter.burst(_IDLE_SECONDS, entries)
    yield from ()
