"""The keys of Redis that belong to one queue, and its lanes.

All keys lie under the queue's name, so two queues share none. Lanes hold entries of different
urgency, each in a list of its own, and are claimed in turn by weight.
"""

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
#: What stands between the name of a lane and the number of a list for tenants in the list's name.
TENANTS_INFIX = ".tenants:"
MAX_BUCKETS = 64
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

    @property
    def in_tags(self) -> tuple[str, ...]:
        """What they are called in the tags of claims: the first one "", the others by name."""
        return ("", *(lane.name for lane in self.others))

    def header(self, lane: Lane) -> str | None:
        """What the header of a message tells of its lane; None for the first one."""
        return None if lane == self.first else lane.name

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


class QueueKeys(NamedTuple):
    """The names of a queue's keys.

    Attributes:
        queue: the list of messages that wait; the oldest is on the right.
        woken: the list of messages that each woke a worker and still wait, likewise.
        claims: hash, from the tag of a claim to its message.
        leases: sorted set of the tags, by the time of the last sign of life.
        deliveries: hash, from the SHA-1 of a message to how many of its deliveries failed.
        reaper: hash with the times that the judging of leases needs.
        workers: sorted set of live workers, by the time of their last heartbeat.
        weights: hash, from a worker to its ready children; the field "" holds the sum of all.
        parked: list of messages whose key no worker that claimed them had, each behind the id of
            its key and a space.
        host: what precedes a host in the key of a hash, from each of its workers to its process.
        measured: hash with how many bytes the list of messages takes, and when that was measured.
        seen: what precedes an entry id in the key that remembers its submit.
        reply: what precedes an entry id in the key of the reply that its submitter asked for.
        turns: hash, from a lane to how far it is ahead of the one whose turn is next; and a field
            ` tenants:N` where each lane has N lists for tenants.
        lanes: the lanes of the queue; the list of the first one is `queue`.
        buckets: how many lists each lane has for entries whose submitter names a tenant; 1 for
            none but its own.
    """

    queue: str
    woken: str
    claims: str
    leases: str
    deliveries: str
    reaper: str
    workers: str
    weights: str
    parked: str
    host: str
    measured: str
    seen: str
    reply: str
    turns: str
    lanes: Lanes = ONE_LANE
    buckets: int = 1

    @property
    def names(self) -> tuple[str, ...]:
        """All of the names above."""
        return tuple(name for name in self if isinstance(name, str))

    @property
    def of_priorities(self) -> tuple[str, ...]:
        """The lists where kombu puts messages with a priority."""
        return tuple(f"{self.queue}\x06\x16{step}" for step in (3, 6, 9))

    @property
    def waiting(self) -> tuple[str, ...]:
        """All lists in which messages wait for a worker."""
        return (self.woken, self.queue, *self.of_priorities, *self.of_lanes, *self.of_tenants)

    @property
    def lanes_of_waiting(self) -> tuple[str, ...]:
        """The lane of each of `waiting`."""
        first, *others = self.lanes.names
        own = (first,) * (2 + len(self.of_priorities))
        return (*own, *others, *(name for name in self.lanes.names for _ in self._buckets))

    @property
    def of_tenants(self) -> tuple[str, ...]:
        """The lists of all lanes for entries whose submitter names a tenant."""
        return tuple(
            self.tenant(name, bucket) for name in self.lanes.names for bucket in self._buckets
        )

    @property
    def _buckets(self) -> range:
        return range(self.buckets if self.buckets > 1 else 0)

    def tenant(self, lane: str, bucket: int) -> str:
        """The list of one of a lane's buckets, whose name tells of how many, as scripts read it."""
        own = "" if lane == self.lanes.first.name else lane
        return f"{self.queue}{LANE_INFIX}{own}{TENANTS_INFIX}{bucket}/{self.buckets}"

    @property
    def of_lanes(self) -> tuple[str, ...]:
        """The lists of all lanes but the first."""
        return tuple(self.lane(lane.name).queue for lane in self.lanes.others)

    @property
    def all_parked(self) -> tuple[str, ...]:
        """The lists of parked messages, one for each lane."""
        return tuple(self.lane(name).parked for name in self.lanes.names)

    def lane(self, name: str) -> QueueKeys:
        """The keys of a lane; of these only `queue`, `parked` and `measured` are its own."""
        if name == self.lanes.first.name:
            return self
        return keys_of(f"{self.queue}{LANE_INFIX}{name}")


def keys_of(queue: str, lanes: Lanes = ONE_LANE, buckets: int = 1) -> QueueKeys:
    """The names of all keys of a queue with these lanes, and so many buckets in each."""
    return QueueKeys(
        queue,
        woken=f"{queue}.woken",
        claims=f"{queue}.claims",
        leases=f"{queue}.leases",
        deliveries=f"{queue}.deliveries",
        reaper=f"{queue}.reaper",
        workers=f"{queue}.workers",
        weights=f"{queue}.weights",
        parked=f"{queue}.parked",
        host=f"{queue}.host:",
        measured=f"{queue}.measured",
        seen=f"{queue}.seen:",
        reply=f"{queue}.reply:",
        turns=f"{queue}.turns",
        lanes=lanes,
        buckets=buckets,
    )
