"""How full each part of the system is. Free of I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from producer.keys import keys_of
from producer.operations.base import raise_for_errors
from producer.operations.groups import groups_of

if TYPE_CHECKING:
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
        groups: for each consumer group, by name, results it has not acknowledged; a group is left
            out if they cannot be counted.
    """

    ready: int
    claimed: int
    results: int
    dead: int
    groups: dict[str, int]
    parked: int = 0


def status(settings: Settings) -> Operation[Status]:
    """Count the entries in each part of the system, mostly in one round trip."""
    keys = keys_of(settings.queue)
    *counts, groups = yield [
        *(("LLEN", name) for name in keys.waiting),
        ("HLEN", keys.claims),
        ("XLEN", settings.results),
        ("XLEN", settings.dead),
        ("LLEN", keys.parked),
        ("XINFO", "GROUPS", settings.results),
    ]
    raise_for_errors(counts)
    *waiting, claimed, results, dead, parked = counts
    # No stream yet: no groups.
    infos = [] if isinstance(groups, Exception) else groups
    found = yield from groups_of(settings, infos, results)
    backlogs = {group.name: group.backlog for group in found if group.exact}
    return Status(sum(waiting), claimed, results, dead, backlogs, parked)
