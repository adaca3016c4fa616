"""Blows at processes: they are killed and paused."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.chaos.blows.stage import Stage

#: A pause lasts so many leases.
_PAUSE_LEASES = (1.3, 2.0)


def kill_worker(stage: Stage) -> Iterator[float]:
    """Send SIGKILL to a worker's parent."""
    stage.counts["kills"] += stage.a_worker.kill_parent()
    yield from ()


def kill_child(stage: Stage) -> Iterator[float]:
    """Send SIGKILL to a worker's child."""
    stage.counts["kills"] += stage.a_worker.kill_child(stage.random.random())
    yield from ()


def kill_exporter(stage: Stage) -> Iterator[float]:
    """Send SIGKILL to the exporter."""
    stage.counts["kills"] += stage.exporter.kill_parent()
    yield from ()


def pause(stage: Stage) -> Iterator[float]:
    """Pause a worker past its lease, unless only one is awake: then nothing would be tested."""
    if sum(worker.paused for worker in stage.workers) < len(stage.workers) - 1:
        seconds = stage.lease * stage.random.uniform(*_PAUSE_LEASES)
        stage.counts["pauses"] += stage.a_worker.pause(seconds)
    yield from ()
