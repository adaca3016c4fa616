"""How full each part of the system is. Free of I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from producer.keys import lane_of
from producer.operations.base import raise_for_errors
from producer.operations.groups import groups_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from producer.keys import QueueKeys
    from producer.operations.base import Operation
    from producer.settings import Settings


@dataclass(frozen=True, slots=True)
class Status:
    """How full each part of the system is, in entries.

    Attributes:
        ready: waiting for a worker, of every priority.
        claimed: being worked on.
        results: answered and kept until every group has acknowledged.
        dead: dead letters.
        parked: waiting for a worker that has the key they were sealed with.
        lanes: of those that wait for any worker, how many in each lane.
        groups: for each consumer group, by name, results it has not acknowledged; a group is left
            out if they cannot be counted.
        shards: the same for each shard, by name, where there are several.
    """

    ready: int
    claimed: int
    results: int
    dead: int
    groups: dict[str, int]
    parked: int = 0
    lanes: dict[str, int] = field(default_factory=dict)
    shards: dict[str, Status] = field(default_factory=dict)


def status(settings: Settings) -> Operation[Status]:
    """Count the entries in each part of the system, mostly in one round trip."""
    keys = settings.queue_keys
    heads = [keys.woken, keys.queue] if keys.lanes.others else []
    *counts, groups = yield [
        *(("LLEN", name) for name in keys.waiting),
        ("HLEN", keys.claims),
        ("XLEN", settings.results),
        ("XLEN", settings.dead),
        *(("LLEN", name) for name in keys.all_parked),
        *(("LRANGE", name, -1, -1) for name in heads),
        ("XINFO", "GROUPS", settings.results),
    ]
    raise_for_errors(counts)
    lists, lanes = len(keys.waiting), len(keys.all_parked)
    waiting, (claimed, results, dead, *rest) = counts[:lists], counts[lists:]
    lent = [message for reply in rest[lanes:] for message in reply]
    # No stream yet: no groups.
    infos = [] if isinstance(groups, Exception) else groups
    found = yield from groups_of(settings, infos, results)
    backlogs = {group.name: group.backlog for group in found if group.exact}
    return Status(
        sum(waiting),
        claimed,
        results,
        dead,
        backlogs,
        sum(rest[:lanes]),
        by_lane(keys, waiting, lent),
    )


def by_lane(keys: QueueKeys, waiting: Sequence[int], lent: Sequence[bytes]) -> dict[str, int]:
    """How many messages wait in each lane.

    Args:
        keys: of the queue.
        waiting: how many are in each list of `keys.waiting`.
        lent: those that are next in the list of the first lane, where another lane may have put one
            to wake a worker.
    """
    others = [lane.name for lane in keys.lanes.others]
    counts = dict.fromkeys(keys.lanes.names, 0)
    for lane, number in zip(keys.lanes_of_waiting, waiting, strict=True):
        counts[lane] += number
    for lane in filter(None, (lane_of(message, others) for message in lent)):
        counts[keys.lanes.first.name] -= 1
        counts[lane] += 1
    return counts
