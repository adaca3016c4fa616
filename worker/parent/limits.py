"""How large a batch may be, how long it may take, and how often an entry may be delivered."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.protocol import Claim

#: A token of English is a little over four characters; a sealed character is 3/4 of a byte.
SEALED_CHARACTERS_PER_TOKEN = 6
#: Bytes of a message for each of its tokens, as it is sealed text in base64; and of its headers.
MESSAGE_BYTES_PER_TOKEN = SEALED_CHARACTERS_PER_TOKEN * 4 // 3
MESSAGE_HEADER_BYTES = 1024
#: Batches claimed for each child: the one it works on, and the next, which gathers meanwhile.
PREFETCHED_BATCHES = 2
#: The share of the time limit that the smallest batch gets.
LEAST_TIME_SHARE = 0.25
#: Dead children are looked for ten times a second: in less time a death would look like lateness.
LEAST_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """The limits of a batch and of its entries.

    Attributes:
        entries, tokens: most of each in a batch; one entry always fits.
        seconds: after which a full batch's child is killed; smaller ones get less.
        deliveries: how often an entry may be given to a child.
        gather_seconds: the longest that an entry waits for others while a child is idle.
    """

    entries: int
    tokens: int
    seconds: float
    deliveries: int
    gather_seconds: float = 0.0

    @property
    def prefetched(self) -> int:
        """Entries claimed for each child, at most."""
        return PREFETCHED_BATCHES * self.entries

    @property
    def prefetched_bytes(self) -> int:
        """Bytes of messages claimed for each child, about: as many as the same batches may have."""
        tokens = self.tokens * MESSAGE_BYTES_PER_TOKEN
        return PREFETCHED_BATCHES * (tokens + self.entries * MESSAGE_HEADER_BYTES)

    def prefetched_by(self, children: int) -> tuple[int, int]:
        """Entries claimed for so many children, and bytes of their messages, at most."""
        return children * self.prefetched, children * self.prefetched_bytes

    def time_limit(self, claims: Sequence[Claim]) -> float:
        """Seconds for a batch of these: less for a smaller one, so that isolation is short."""
        tokens = sum(tokens_of(claim) for claim in claims)
        full = max(len(claims) / self.entries, tokens / self.tokens)
        limit = max(self.seconds * max(full, LEAST_TIME_SHARE), LEAST_SECONDS)
        return min(self.seconds, limit)


class BatchCosts:
    """What batches have taken of late: so much each, and so much for each of their tokens.

    On a device a batch takes about as long whatever it holds; on a CPU its tokens decide. A line
    through the latest batches by least squares, weighted so that older ones fade, tells which.
    """

    #: What each batch leaves of the weight of those before: about twenty count.
    FADING = 0.95
    #: How much longer than by itself a batch of an urgent lane may take because it is filled up.
    LONGER = 0.25

    def __init__(self) -> None:
        self._sums = [0.0] * 5

    def observe(self, tokens: int, seconds: float) -> None:
        """Note a batch that came back."""
        new = (1.0, tokens, seconds, tokens * tokens, tokens * seconds)
        self._sums = [self.FADING * old + one for old, one in zip(self._sums, new, strict=True)]

    def filled(self, tokens: int) -> float:
        """To how many tokens a batch of these may be filled up, and take little longer for it."""
        weight, total, seconds, squares, products = self._sums
        variance = weight * squares - total * total
        if variance <= 0:  # nothing is known: as if tokens were all that costs
            return (1 + self.LONGER) * tokens
        each = (weight * products - total * seconds) / variance
        if each <= 0:
            return math.inf
        whole = max(0.0, (seconds - each * total) / weight)
        return (1 + self.LONGER) * tokens + self.LONGER * whole / each


def tokens_of(claim: Claim) -> int:
    """About how many tokens an entry has, as far as a sealed one tells."""
    return len(claim.sealed) // SEALED_CHARACTERS_PER_TOKEN
