"""Lanes within a worker: whose turn it is, and lanes that it does not know."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from producer.lanes import Lanes

log = logging.getLogger(__name__)


class Turns:
    """Says which lane is next, by weight, among those in which something waits.

    Stride scheduling, as the claim in `lua/claim.lua` does it: an entry takes its lane 1 / weight
    forward, and the lane that is furthest behind is next (C. Waldspurger and W. Weihl, "Stride
    Scheduling", 1995). Lanes are called as in tags, the first one "".

    Args:
        lanes: of the queue.
    """

    def __init__(self, lanes: Lanes) -> None:
        self._weights = {"": lanes.first.weight, **{one.name: one.weight for one in lanes.others}}
        self._ahead = dict.fromkeys(self._weights, 0.0)

    @property
    def lanes(self) -> tuple[str, ...]:
        """All lanes that have turns."""
        return tuple(self._weights)

    def next(self, waiting: Collection[str]) -> str:
        """The lane whose turn it is, of these, of which there is at least one.

        Those in which nothing waits save up no turns.
        """
        hindmost = min(self._ahead[lane] for lane in waiting)
        for lane, ahead in self._ahead.items():
            self._ahead[lane] = max(0.0, ahead - hindmost) if lane in waiting else 0.0
        return min(waiting, key=lambda lane: (self._ahead[lane], -self._weights[lane], lane))

    def took(self, lane: str, entries: int) -> None:
        """Note that so many entries of a lane had their turn."""
        self._ahead[lane] += entries / self._weights[lane]


class UnknownLanes:
    """Lanes in which entries wait and that this worker does not know, so that it takes none."""

    def __init__(self) -> None:
        self._names: frozenset[str] = frozenset()

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._names)

    def found(self, names: Collection[str]) -> None:
        """Note those that were found now, and log what is new."""
        new = frozenset(names)
        if unseen := sorted(new - self._names):
            log.warning(
                "entries wait in lanes that JOURNAL_LANES does not name, and this worker takes "
                "none of them: %s",
                ", ".join(unseen),
            )
        elif self._names and not new:
            log.info("no entries wait in lanes that JOURNAL_LANES does not name any more")
        self._names = new
