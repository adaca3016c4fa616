"""What a device refuses: what it has no memory for is computed in halves; a lost one is told."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import torch

from worker.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

#: How torch and CUDA's libraries begin the message of what went wrong on a device.
_MESSAGES = ("CUDA error", "cuDNN error", "HIP error")


def in_passes(
    groups: Iterable[list[int]], compute: Callable[[list[int]], torch.Tensor]
) -> Iterator[tuple[list[int], torch.Tensor]]:
    """Compute groups of sequences; one that the device has no memory for, in halves.

    Args:
        groups: indices of the sequences of each pass.
        compute: the pass.

    Yields:
        The indices that were computed together, with what came of them.

    Raises:
        DeviceError: the device is lost, or has no memory for one sequence, which is a short one:
            other processes have it all.
    """
    waiting = deque(groups)
    while waiting:
        group = waiting.popleft()
        found = _computed(group, compute)
        if found is None:
            # Behind the exception, which held the tensors of the pass.
            torch.cuda.empty_cache()
            half = len(group) // 2
            waiting.extendleft((group[half:], group[:half]))
        else:
            yield group, found


def _computed(
    group: list[int], compute: Callable[[list[int]], torch.Tensor]
) -> torch.Tensor | None:
    """What came of a pass; None if there was no memory for more than one sequence."""
    try:
        return compute(group)
    except RuntimeError as exc:
        if isinstance(exc, torch.OutOfMemoryError):
            if len(group) > 1:
                return None
            raise DeviceError("no memory is left on the device") from None
        if is_lost(exc):
            raise DeviceError("the device is lost") from None
        raise


def is_lost(error: RuntimeError) -> bool:
    """Whether an error is the device's: every further use of it by this process will fail."""
    lost = getattr(torch, "AcceleratorError", None)  # torch has it since 2.8
    if lost is not None and isinstance(error, lost):
        return True
    return str(error).startswith(_MESSAGES)
