"""The processes of a fit that torchrun or accelerate started, one for each GPU.

All of them prepare the same data and train together; only the first reports and writes.
"""

from __future__ import annotations

import os

from training.errors import LaunchError


def count() -> int:
    """The number of processes; 1 without a launcher."""
    return _number("WORLD_SIZE", 1)


def is_first() -> bool:
    """Whether this process is the one that reports and writes."""
    # A single process is, whatever a launcher of other things has left in the environment.
    return count() == 1 or _number("RANK", 0) == 0


def check(*, batch_size: int, max_minutes: float | None, resume: bool) -> None:
    """Check before any work whether a fit can be shared by these processes.

    Raises:
        LaunchError: an option cannot be kept by several processes.
    """
    if count() == 1:
        return
    if max_minutes is not None or resume:
        # Each process would look at its own clock, or at folders that another is writing.
        raise LaunchError("several processes know neither --max-minutes nor --resume")
    if batch_size % count():
        raise LaunchError(f"--batch-size {batch_size} cannot be shared by {count()} processes")


def leave_group() -> None:
    """End the process group; from here on no process waits for another."""
    from torch import distributed  # noqa: PLC0415 - the command line stays light

    if distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


def _number(name: str, default: int) -> int:
    given = os.environ.get(name) or str(default)
    try:
        return int(given)
    except ValueError:
        raise LaunchError(f"{name} in the environment is no number") from None
