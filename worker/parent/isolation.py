"""Isolating a poison entry: an entry that costs every child that is given it.

A batch that is lost is split and tried again in parts, and those that are lost again likewise,
until the poison entry is alone. These functions only decide; the gatherer acts on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.parent.limits import BatchLimits
    from worker.protocol import Claim

#: Into how many parts a lost batch is split. With halves, 64 entries lose seven children until
#: the poison entry is alone; with eighths three, as many as `max_deliveries`.
PARTS = 8
#: An entry that failed this many times as often as it may has cost worker after worker.
WORKERS_LOST = 3


@dataclass(frozen=True, slots=True)
class Split:
    """What to do with the entries of a lost batch: one of the two.

    Attributes:
        poison: the entry to dead-letter.
        parts: which entries to try again together, as slices of the batch.
    """

    poison: Claim | None = None
    parts: tuple[slice, ...] = ()


def split(claims: Sequence[Claim], limits: BatchLimits) -> Split:
    """Split a lost batch, or find its one entry to be a poison entry.

    Args:
        claims: the entries of the batch, at least one.
        limits: how often an entry may be delivered.
    """
    if len(claims) == 1 and claims[0].deliveries >= limits.deliveries:
        return Split(poison=claims[0])
    size = part_size(len(claims))
    starts = range(0, len(claims), size)
    return Split(parts=tuple(slice(start, min(start + size, len(claims))) for start in starts))


def part_size(entries: int) -> int:
    """How many entries each part of a batch of so many has, at most."""
    return -(-entries // PARTS)


def splits(entries: int) -> int:
    """How often a batch of so many entries is split until each entry is alone."""
    count = 0
    while entries > 1:
        entries, count = part_size(entries), count + 1
    return count


def is_suspect(claim: Claim, limits: BatchLimits) -> bool:
    """Whether an entry has cost whole workers before: it travels alone, to take no other along."""
    return claim.deliveries > limits.deliveries


def is_hopeless(claim: Claim, limits: BatchLimits) -> bool:
    """Whether an entry has cost so many workers that no child is given it again.

    Every split of a batch counts as a delivery, so an entry that was never lost alone may have as
    many more.
    """
    return claim.deliveries > WORKERS_LOST * limits.deliveries + splits(limits.entries)
