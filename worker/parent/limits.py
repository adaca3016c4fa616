"""How large a batch may be, how long it may take, and into what it is split when it is lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.protocol import Claim

#: A token of English is a little over four characters; a sealed character is 3/4 of a byte.
SEALED_CHARACTERS_PER_TOKEN = 6
#: Into how many parts the batch of a lost child is split. With halves, 64 entries lose seven
#: children until the guilty one is alone; with eighths three, as many as `max_deliveries`.
PARTS = 8
#: Batches claimed for each child: the one it works on, and the next, which gathers meanwhile.
PREFETCHED_BATCHES = 2
#: The share of the time limit that the smallest batch gets.
LEAST_TIME_SHARE = 0.25
#: Dead children are looked for ten times a second: in less time a death would look like lateness.
LEAST_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """The size of a full batch.

    Attributes:
        entries, tokens: most of each; one entry always fits.
        seconds: after which a full batch's child is killed; smaller ones get less.
    """

    entries: int
    tokens: int
    seconds: float

    @property
    def prefetched(self) -> int:
        """Entries claimed for each child, at most."""
        return PREFETCHED_BATCHES * self.entries

    @property
    def splits(self) -> int:
        """How often a full batch is split until each entry is alone."""
        entries, count = self.entries, 0
        while entries > 1:
            entries, count = part_size(entries), count + 1
        return count

    def time_limit(self, claims: Sequence[Claim]) -> float:
        """Seconds for a batch of these: less for a smaller one, so that a search is short."""
        tokens = sum(tokens_of(claim) for claim in claims)
        full = max(len(claims) / self.entries, tokens / self.tokens)
        limit = max(self.seconds * max(full, LEAST_TIME_SHARE), LEAST_SECONDS)
        return min(self.seconds, limit)


def tokens_of(claim: Claim) -> int:
    """About how many tokens an entry has, as far as a sealed one tells."""
    return len(claim.sealed) // SEALED_CHARACTERS_PER_TOKEN


def part_size(entries: int) -> int:
    """How many entries each part of a batch of so many has."""
    return -(-entries // PARTS)
