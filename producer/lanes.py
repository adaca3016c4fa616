"""Lanes: entries of different urgency, each in a list of its own, claimed in turn by weight."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from producer.errors import ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterable

#: The clear header with the lane of a message, unless that is the first one.
LANE = "lane"
#: What stands between the name of the queue and that of a lane in the name of the lane's list.
LANE_INFIX = ".lane:"
MAX_LANES = 8
_LANE = re.compile(r"\s*([a-z0-9-]{1,32})\s*=\s*([1-9][0-9]{0,3})\s*(?::\s*([0-9]{1,3})%)?\s*")
_WHOLE = 100


class Lane(NamedTuple):
    """One lane.

    Attributes:
        name: of `a-z0-9-`, at most 32.
        weight: where all lanes have entries, each gets claimed in proportion to its weight.
        share: how much of the most entries and bytes of the queue the lane may take, 0 to 1.
    """

    name: str
    weight: int
    share: float


class Lanes(NamedTuple):
    """The lanes of a queue.

    Attributes:
        first: the lane of whoever names none; its list is the queue itself.
        others: the others, each with a list of its own.
    """

    first: Lane
    others: tuple[Lane, ...] = ()

    @property
    def all(self) -> tuple[Lane, ...]:
        """All lanes, the first one first."""
        return (self.first, *self.others)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all lanes, the first one first."""
        return tuple(lane.name for lane in self.all)

    def named(self, name: str | None) -> Lane:
        """The lane of this name; the first one without a name.

        Raises:
            ValidationError: there is none; the name itself is not told, as it may be anything.
        """
        for lane in self.all:
            if name in {None, lane.name}:
                return lane
        names = ", ".join(self.names)
        raise ValidationError(f"there is no such lane; JOURNAL_LANES names {names}")


#: What a queue has where none are set.
ONE_LANE = Lanes(Lane("default", 1, 1.0))


@lru_cache(maxsize=16)
def parse_lanes(text: str) -> Lanes:
    """Lanes as a setting tells them, such as `interactive=8,bulk=1` or `interactive=8:30%,bulk=1`.

    Args:
        text: for each lane a name, a weight of 1 to 9999, and, if wanted, its share of the most
            entries and bytes of the queue. Lanes without a share divide what the others leave.

    Raises:
        ValueError: it is none; the message says why.
    """
    if not text.strip():
        return ONE_LANE
    found = [_LANE.fullmatch(part) for part in text.split(",")]
    if None in found or len(found) > MAX_LANES:
        raise ValueError(f"1 to {MAX_LANES} lanes such as interactive=8,bulk=1 or bulk=1:60%")
    told = [match.groups() for match in found if match]
    if len({name for name, _, _ in told}) < len(told):
        raise ValueError("two lanes have the same name")
    given = sum(int(share) for _, _, share in told if share)
    open_lanes = sum(share is None for _, _, share in told)
    if any(share and int(share) == 0 for _, _, share in told) or given + open_lanes > _WHOLE:
        raise ValueError("the shares of all lanes have to be above 0% and at most 100% together")
    first, *others = [
        Lane(
            name,
            int(weight),
            (int(share) if share else (_WHOLE - given) / open_lanes) / _WHOLE,
        )
        for name, weight, share in told
    ]
    return Lanes(first, tuple(others))


def lane_of(message: bytes, names: Iterable[str]) -> str | None:
    """The lane that a message tells in its header, if it is one of these; None for the first."""
    try:
        lane = json.loads(message)["headers"][LANE]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return next((name for name in names if name == lane), None)
