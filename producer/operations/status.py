"""How full each part of the system is. Free of I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from producer.keys import keys_of
from producer.operations.base import raise_for_errors
from producer.operations.groups import ConsumerGroup

if TYPE_CHECKING:
    from producer.operations.base import Operation
    from producer.settings import Settings


@dataclass(frozen=True, slots=True)
class Status:
    """How full each part of the system is, in entries.

    Attributes:
        ready: waiting for a worker.
        claimed: being worked on.
        results: answered and kept until every group has acknowledged.
        dead: dead letters.
        groups: for each consumer group, by name, results it has not acknowledged.
    """

    ready: int
    claimed: int
    results: int
    dead: int
    groups: dict[str, int]


def status(settings: Settings) -> Operation[Status]:
    """Count the entries in each part of the system, in one round trip."""
    keys = keys_of(settings.queue)
    *counts, groups = yield [
        ("LLEN", keys.queue),
        ("LLEN", keys.woken),
        ("HLEN", keys.claims),
        ("XLEN", settings.results),
        ("XLEN", settings.dead),
        ("XINFO", "GROUPS", settings.results),
    ]
    waiting, woken, claimed, results, dead = raise_for_errors(counts)
    # No stream yet: no groups.
    infos = [] if isinstance(groups, Exception) else groups
    found = [ConsumerGroup.of(info, results) for info in infos]
    backlogs = {group.name: group.backlog for group in found}
    return Status(waiting + woken, claimed, results, dead, backlogs)
