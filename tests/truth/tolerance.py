"""How near what a panel says has to be to what is true."""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass
from typing import Protocol

_ROUNDING = 1e-9


class Tolerance(Protocol):
    """Tells whether a figure is near enough."""

    @property
    def name(self) -> str:
        """For the table."""

    def allows(self, expected: float, seen: float) -> bool:
        """Whether it is."""


@dataclass(frozen=True, slots=True)
class Within:
    """Relative to what is expected, absolute, or both: whichever allows more."""

    share: float = 0.0
    amount: float = 0.0

    @property
    def name(self) -> str:
        """For the table."""
        parts = [f"{100 * self.share:g}%"] if self.share else []
        parts += [f"{self.amount:g}"] if self.amount else []
        return " or ".join(parts) or "exact"

    def allows(self, expected: float, seen: float) -> bool:
        """Whether it is near enough."""
        return abs(seen - expected) <= max(self.share * abs(expected), self.amount, _ROUNDING)


@dataclass(frozen=True, slots=True)
class SameBucket:
    """In the bucket of a histogram in which the true figure is, or within a share of it."""

    bounds: tuple[float, ...]
    share: float = 0.0

    @property
    def name(self) -> str:
        """For the table."""
        return f"bucket or {100 * self.share:g}%" if self.share else "bucket"

    def allows(self, expected: float, seen: float) -> bool:
        """Whether it is near enough."""
        place = bisect.bisect_left(self.bounds, expected)
        low = self.bounds[place - 1] if place else 0.0
        high = self.bounds[place] if place < len(self.bounds) else math.inf
        return low <= seen <= high or abs(seen - expected) <= self.share * expected


EXACT, RATE, P95 = Within(), Within(share=0.05), Within(share=0.15)
