"""What blows strike: the store, the processes, and the load on them."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Sequence

    from tests.chaos.fleet import Member
    from tests.chaos.load import Submitter
    from tests.chaos.store import Store


_LOOK_SECONDS = 0.1
#: After so long it will not come any more.
_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Stage:
    """Everything that blows strike.

    Attributes:
        store: where the entries are.
        workers, exporter: the processes.
        submitter: the load.
        random: the only source of chance.
        lease: how long a lease is, in seconds.
        counts: what was done so far.
    """

    store: Store
    workers: Sequence[Member]
    exporter: Member
    submitter: Submitter
    random: random.Random
    lease: float
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def a_worker(self) -> Member:
        """Any of the workers."""
        return self.random.choice(self.workers)


def until(condition: Callable[[], bool]) -> Iterator[float]:
    """In a blow that lasts: wait until a condition holds, or for so long that it never will."""
    ends = time.monotonic() + _PATIENCE_SECONDS
    while not condition() and time.monotonic() < ends:
        yield _LOOK_SECONDS
