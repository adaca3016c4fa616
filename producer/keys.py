"""The keys of Redis that belong to one queue: all lie under its name, so two queues share none."""

from __future__ import annotations

from typing import NamedTuple

from producer.lanes import LANE_INFIX, ONE_LANE, Lanes


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
        turns: hash, from a lane to how far it is ahead of the one whose turn is next.
        lanes: the lanes of the queue; the list of the first one is `queue`.
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
        return (self.woken, self.queue, *self.of_priorities, *self.of_lanes)

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


def keys_of(queue: str, lanes: Lanes = ONE_LANE) -> QueueKeys:
    """The names of all keys of a queue with these lanes."""
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
    )
