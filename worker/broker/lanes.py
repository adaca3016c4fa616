"""Lanes within a worker: in the tags of claims, whose turn it is, and those that it does not know.

A tag tells worker, claim, position, and the lane where that is not the first one. Thus whoever has
a tag, even of a worker that is dead, knows to which list the message belongs.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from producer.keys import Lanes

log = logging.getLogger(__name__)

TAG_PREFIX = "journal:"
#: What stands before the lane in a tag.
LANE_MARK = "@"


def tags_of(prefix: str, count: int, lanes: Lanes) -> list[str]:
    """All tags that a claim of up to `count` messages may give, whatever their lanes."""
    suffixes = [f"{LANE_MARK}{lane}" if lane else "" for lane in lanes.in_tags]
    return [f"{prefix}{number}{suffix}" for number in range(1, count + 1) for suffix in suffixes]


def lane_of_tag(tag: str) -> str:
    """The name of the lane in a tag; "" for the first one."""
    return tag.partition(LANE_MARK)[2]


def order_of(tag: str) -> tuple[int, int]:
    """The number of a claim and the position in it, by which a worker's tags are in order."""
    claim, _, position = tag.partition(LANE_MARK)[0].rpartition(":")
    return int(claim.rpartition(":")[2]), int(position)


class Turns:
    """Says which lane is next, by weight, among those in which something waits.

    Stride scheduling, as the claim in `lua/claim.lua` does it: an entry takes its lane 1 / weight
    forward, and the lane that is furthest behind is next (C. Waldspurger and W. Weihl, "Stride
    Scheduling", 1995). Lanes are called as in tags, the first one "".

    Args:
        lanes: of the queue.
    """

    def __init__(self, lanes: Lanes) -> None:
        weights = (lane.weight for lane in lanes.all)
        self._weights = dict(zip(lanes.in_tags, weights, strict=True))
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
        return self.hindmost(waiting)

    def hindmost(self, lanes: Collection[str]) -> str:
        """The lane of these, of which there is at least one, that is furthest behind."""
        return min(lanes, key=lambda lane: (self._ahead[lane], -self._weights[lane], lane))

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
