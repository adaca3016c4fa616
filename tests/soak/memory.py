"""What processes hold over time, and whether that grows."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, NamedTuple

from tests.bench.machine import anonymous_bytes, tree

if TYPE_CHECKING:
    from collections.abc import Sequence

#: So much of a run is warm-up: allocators, caches and connections come to their size.
WARM_UP_SHARE = 0.2
MOST_GROWTH_PERCENT = 3.0
#: Growth by less than this is no leak: Python's allocator takes memory in pieces of 1 MiB, and the small
#: processes hold few of them.
LEAST_GROWTH_MIB = 1.0
_MIB = 2**20


class Growth(NamedTuple):
    """How much a process held after warm-up and at the end, in MiB, by a straight line.

    Attributes:
        mib: after warm-up.
        mib_end: at the end.
    """

    mib: float
    mib_end: float

    @property
    def percent(self) -> float:
        """Of what it held after warm-up."""
        return 100 * (self.mib_end - self.mib) / self.mib if self.mib else 0.0

    @property
    def flat(self) -> bool:
        """Whether it grew by less than is allowed."""
        grown = self.mib_end - self.mib
        return grown < LEAST_GROWTH_MIB or self.percent < MOST_GROWTH_PERCENT


class Memory:
    """Samples of what each process holds, by name."""

    def __init__(self) -> None:
        self._samples: dict[str, list[tuple[float, float]]] = {}

    def take(self, name: str, now: float, held: int) -> None:
        """Note that a process holds so many bytes at a moment of the run, in seconds."""
        self._samples.setdefault(name, []).append((now, held / _MIB))

    def growth(self) -> dict[str, Growth]:
        """What became of each process that was seen twice after warm-up."""
        return {
            name: growth_of(samples)
            for name, samples in self._samples.items()
            if len(after_warm_up(samples)) > 1
        }


def after_warm_up(samples: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The samples that count: moments in seconds, and MiB."""
    ends = samples[-1][0]
    return [one for one in samples if one[0] >= WARM_UP_SHARE * ends]


def growth_of(samples: Sequence[tuple[float, float]]) -> Growth:
    """The straight line nearest to the samples after warm-up (least squares), at its two ends."""
    moments, mibs = zip(*after_warm_up(samples), strict=True)
    slope, intercept = statistics.linear_regression(moments, mibs)
    return Growth(intercept + slope * moments[0], intercept + slope * moments[-1])


def held_by(pid: int) -> int:
    """Bytes that a process and all that come from it hold, without the files that they map.

    The part of a page that others share counts for them; file pages cannot leak, and how many a
    process has depends on who else maps them.
    """
    return sum(map(anonymous_bytes, tree([pid])))
