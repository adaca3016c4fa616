"""What chaos does to a running system: kinds of blows, dealt at random and counted."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.chaos.blows import failovers, load, processes, store

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from tests.chaos.blows.stage import Stage


@dataclass(frozen=True)
class Blow:
    """One thing that chaos does.

    Attributes:
        kind: what it is called on the command line; several blows may be of one kind.
        counter: the figure that limits it.
        weight: how often it falls, relative to the others.
        strike: does it, and tells, each time, after how many seconds it is to be gone on
            with; a blow that is over at once tells nothing.
        store: whether it needs a store that answers: it falls where no such blow goes on.
    """

    kind: str
    counter: str
    weight: float
    strike: Callable[[Stage], Iterator[float]]
    store: bool = False


#: The kind that needs a store that fails over.
FAILOVER = "failover"
BLOWS = (
    Blow("kill", "kills", 14, processes.kill_worker),
    Blow("kill", "kills", 42, processes.kill_child),
    Blow("kill", "kills", 4, processes.kill_exporter),
    Blow("pause", "pauses", 8, processes.pause),
    Blow("cut", "cuts", 6, store.cut_connections, store=True),
    Blow("silence", "silences", 3, store.silence),
    Blow("clock", "clocks", 4, store.move_clock, store=True),
    Blow("burst", "bursts", 4, load.burst),
    Blow("restart", "redis_kills", 3, store.kill_server, store=True),
    Blow("hang", "hangs", 4, store.hang, store=True),
    Blow("memory", "memory", 3, store.fill_memory, store=True),
    Blow("readonly", "readonly", 3, store.make_read_only, store=True),
    Blow(FAILOVER, "failovers", 1.5, failovers.kill_primary, store=True),
    Blow(FAILOVER, "failovers", 1, failovers.kill_primary_of_lagging_replica, store=True),
    Blow(FAILOVER, "failovers", 1, failovers.hang_primary, store=True),
    Blow(FAILOVER, "failovers", 1.5, failovers.switch_over, store=True),
)
#: By when every blow has fallen once: when the others have fallen this many times their weights.
_FIRST = 0.1
KINDS = tuple(dict.fromkeys(blow.kind for blow in BLOWS))
#: What a worker of stock Celery outlives.
OF_OLD = ("kill", "pause", "cut", "memory", "restart")
COUNTERS = tuple(dict.fromkeys(blow.counter for blow in BLOWS))


@dataclass
class Dealer:
    """Deals blows, and goes on with the one that lasts.

    Args:
        stage: what is struck.
        kinds: which kinds of blows fall.
        limits: how often at most, by counter.
    """

    stage: Stage
    kinds: Collection[str]
    limits: Mapping[str, int]
    _dealt: Counter[Blow] = field(default_factory=Counter)
    _lasting: list[Iterator[float]] = field(default_factory=list)
    _next: float = 0.0

    def strike(self) -> None:
        """Deal one blow, if any may fall now."""
        counts = self.stage.counts
        possible = [
            blow
            for blow in BLOWS
            if blow.kind in self.kinds
            and not (blow.store and self._lasting)
            and counts[blow.counter] < self.limits.get(blow.counter, counts[blow.counter] + 1)
        ]
        if not possible:
            return
        # Not by chance alone: so that in a short run, too, every kind falls.
        blow = min(possible, key=self._progress)
        self._dealt[blow] += 1
        steps = blow.strike(self.stage)
        if blow.store:
            self._lasting.append(steps)
            self._next = 0.0
            self.go_on()
        else:  # over at once
            next(steps, None)

    def _progress(self, blow: Blow) -> float:
        """How far a blow is ahead of its weight, with some chance; every blow falls early once."""
        chance = self.stage.random.random()
        if not self._dealt[blow]:
            return chance * _FIRST
        return (self._dealt[blow] + chance) / blow.weight

    def go_on(self) -> None:
        """Go on with the blow that lasts, if there is one and it is time to."""
        if self._lasting and time.monotonic() >= self._next:
            seconds = next(self._lasting[0], None)
            if seconds is None:
                self._lasting.clear()
            else:
                self._next = time.monotonic() + seconds

    def finish(self) -> None:
        """Let the blow that lasts come to its end."""
        while self._lasting:
            self.go_on()
            time.sleep(0.02)
