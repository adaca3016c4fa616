"""The tags of claims: worker, claim, position, and the lane where that is not the first one.

Thus whoever has a tag, even of a worker that is dead, knows to which list the message belongs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from producer.lanes import Lanes

TAG_PREFIX = "journal:"
#: What stands before the lane in a tag.
LANE_MARK = "@"


def tags_of(prefix: str, count: int, lanes: Lanes) -> list[str]:
    """All tags that a claim of up to `count` messages may give, whatever their lanes."""
    suffixes = ["", *(f"{LANE_MARK}{lane.name}" for lane in lanes.others)]
    return [f"{prefix}{number}{suffix}" for number in range(1, count + 1) for suffix in suffixes]


def lane_of_tag(tag: str) -> str:
    """The name of the lane in a tag; "" for the first one."""
    return tag.partition(LANE_MARK)[2]


def order_of(tag: str) -> tuple[int, int]:
    """The number of a claim and the position in it, by which a worker's tags are in order."""
    claim, _, position = tag.partition(LANE_MARK)[0].rpartition(":")
    return int(claim.rpartition(":")[2]), int(position)
