"""Leases, on a thread of the parent, so that the event loop never waits for Redis.

The thread renews those of this worker, tells the others that it is alive, reaps those of dead
workers, puts back entries that waited for a key, and requeues what the event loop could not, as
soon as Redis answers.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from redis.exceptions import RedisError, ResponseError

from worker.broker.claims import SILENT_SECONDS
from worker.broker.leases import Heartbeat, LeaseRenewer, Reaper
from worker.broker.outages import Use
from worker.protocol import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from worker.broker.outages import Outages
    from worker.broker.parked import Unparker
    from worker.monitoring.metrics import Metrics

log = logging.getLogger(__name__)

#: How often the thread looks whether there is something to do.
WORK_SECONDS = 1.0
#: How often claims are requeued: an answer that was not read in time may belong to a command that
#: Redis executes only after the first requeue.
REQUEUES = 2
#: After so long without a word from the event loop, what it held is not renewed any more: whatever
#: it hangs in, others shall have its entries. Reconnecting to Redis takes it a few seconds only.
SILENT_LOOP_SECONDS = 60.0
#: The longest that the event loop waits for leases to be renewed before it dispatches.
CATCH_UP_SECONDS = 1.0


class LeaseStore(Protocol):
    """What is needed here of `worker.broker.claims.Claims`."""

    def renew(self, tags: Sequence[str]) -> list[str]:
        """Renew leases; returns the tags of the claims that are lost."""

    def announce(self, children: int) -> int:
        """Tell that this worker is alive; returns how many are."""

    def reap(self, lease_seconds: float) -> int:
        """Requeue some of what dead workers held; returns how many messages, 0 if it was all."""

    def requeue(self, tags: Sequence[str]) -> int:
        """Requeue messages; returns how many were still held."""

    def ping(self) -> None:
        """Ask Redis for nothing but an answer."""


class Watch(Protocol):
    """What is needed here of `worker.broker.neighbours.Neighbours`."""

    def note(self) -> None:
        """Note where this worker is, so that others can tell when it has ended."""

    def look(self) -> int:
        """Requeue what workers held that have ended, if it is time to; returns how many entries."""


class LeaseThread:
    """Renews the leases of this worker's claims, sends its heartbeat, and reaps those of others.

    Args:
        claims: this worker's, on a connection that only this thread uses.
        lease_seconds: how long a lease is.
        outages: told whether Redis answers.
        metrics: where requeued entries are counted.
        clock: seconds that only go forward.
    """

    def __init__(
        self,
        claims: LeaseStore,
        lease_seconds: float,
        *,
        outages: Outages,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._claims = claims
        #: Puts back entries that wait for a key which this worker has; None where none is parked.
        self.unparker: Unparker | None = None
        self._outages = outages
        watched = _Watched(claims, outages)
        self._lease = lease_seconds
        self._renewer = LeaseRenewer(watched, lease_seconds, clock)
        self._reaper = Reaper(watched, lease_seconds, clock)
        self._heartbeat = Heartbeat(watched)
        self._watched = watched
        self._metrics = metrics
        #: Requeues what workers of this host held that have ended; set before the thread starts.
        self.neighbours: Watch | None = None
        self._clock = clock
        self._tags: tuple[str, ...] = ()
        self._children = 0
        self._told_at = -math.inf
        #: Whether the event loop waits for a renewal, and what ends its wait.
        self._urgent = False
        self._caught_up = threading.Event()
        self._wake = threading.Event()
        self._draining = False
        self._to_requeue: deque[tuple[tuple[str, ...], int]] = deque()
        self._thread: threading.Thread | None = None

    def hold(self, tags: Iterable[str], children: int) -> None:
        """Called by the event loop every second: what this worker holds, and how much it can do.

        Args:
            tags: the claims that are held, until it says otherwise.
            children: how many are ready; the share of the work is by these.
        """
        self._tags = tuple(tags)  # one assignment, which the thread sees whole
        self._children = children
        self._told_at = self._clock()

    def catch_up(self, tags: Callable[[], Iterable[str]]) -> None:
        """Called by the event loop before it dispatches: renew first, if leases may have ended.

        It waits for no more than `CATCH_UP_SECONDS`, and not at all where Redis does not answer.

        Args:
            tags: tells the tags of all claims held now; asked only where it is needed.
        """
        stood_still = math.isfinite(self._told_at) and self._clock() - self._told_at > self._lease
        if self._watched.silent or not (stood_still or self._renewer.overdue):
            return
        self.hold(tags(), self._children)
        self._caught_up.clear()
        self._urgent = True
        self._wake.set()
        if not self._caught_up.wait(CATCH_UP_SECONDS):
            log.debug("leases were not renewed in time; going on")

    def take_lost(self) -> set[str]:
        """Called by the event loop: the tags of claims that turned out to be lost since last."""
        lost = self._watched.lost
        return {lost.popleft() for _ in range(len(lost))}

    def requeue_later(self, tags: Sequence[str]) -> None:
        """Called by the event loop: requeue these claims, where they are held, until it works."""
        if tags:
            self._to_requeue.append((tuple(tags), REQUEUES))

    def drain(self) -> None:
        """The event loop ends, but not yet what children work on: renew it to the end."""
        self._draining = True

    def start(self) -> None:
        """Start the thread, which ends with the process; where it runs, do nothing.

        Called before the event loop runs: nothing may be claimed before it is noted who claims.
        """
        if self._thread is None:
            if self.neighbours:
                self.neighbours.note()
            self._thread = threading.Thread(target=self._run, name="leases", daemon=True)
            self._thread.start()

    def work(self) -> None:
        """Renew, announce and reap, where it is time to."""
        urgent, self._urgent = self._urgent, False
        silent = self._clock() - self._told_at
        if self._draining or silent < SILENT_LOOP_SECONDS:
            self._renewer.renew(lambda: self._tags, at_once=urgent)
        if urgent:
            self._caught_up.set()
        # An event loop that connects again, or hangs, claims nothing: others need not leave it a
        # share.
        if not self._watched.silent and (self._draining or silent < SILENT_SECONDS):
            idle = self._draining or (self.unparker is not None and self.unparker.doubtful)
            self._heartbeat.beat(0 if idle else self._children)
        if requeued := self._reaper.look():
            self._metrics.redelivered(requeued)
        if self.neighbours and not self._watched.silent:
            self._metrics.redelivered(self.neighbours.look())
        if self._watched.silent:
            self._watched.ping()
        if not self._watched.silent:
            self._requeue()
        self._outages.look()
        hears = not self._watched.silent and silent < SILENT_SECONDS
        if self.unparker is not None and hears and not self._draining:
            self.unparker.look()

    def _requeue(self) -> None:
        for _ in range(len(self._to_requeue)):
            tags, times = self._to_requeue[0]
            try:
                requeued = self._watched.requeue(tags)
            except RedisError as exc:
                log.debug("claims could not be requeued (%s)", type(exc).__name__)
                return
            self._to_requeue.popleft()
            if requeued:
                self._metrics.count(Outcome.REQUEUED, requeued)
            if times > 1:
                self._to_requeue.append((tags, times - 1))

    def _run(self) -> None:
        while True:
            try:
                self.work()
            except Exception:
                log.exception("the thread of leases failed; going on")
            self._wake.wait(WORK_SECONDS)
            self._wake.clear()


class _Watched:
    """The claims, with every success and failure told to `Outages`, and a list of what is lost."""

    def __init__(self, claims: LeaseStore, outages: Outages) -> None:
        self._claims = claims
        self._outages = outages
        #: Whether Redis gave no answer when it was asked last; an error reply is one.
        self.silent = False
        #: The tags of lost claims; filled by the thread and emptied by the event loop.
        self.lost: deque[str] = deque()

    def renew(self, tags: Sequence[str]) -> list[str]:
        """See `Claims.renew`; without a claim Redis is not asked."""
        lost: list[str] = self._ask(lambda: self._claims.renew(tags)) if tags else []
        self.lost.extend(lost)  # before the renewal counts as done, and the event loop dispatches
        return lost

    def announce(self, children: int) -> int:
        """See `Claims.announce`."""
        return int(self._ask(lambda: self._claims.announce(children)))

    def reap(self, lease_seconds: float) -> int:
        """See `Claims.reap`."""
        return int(self._ask(lambda: self._claims.reap(lease_seconds)))

    def requeue(self, tags: Sequence[str]) -> int:
        """See `Claims.requeue`."""
        return int(self._ask(lambda: self._claims.requeue(tags)))

    def ping(self) -> None:
        """See whether Redis answers again."""
        try:
            self._ask(self._claims.ping)
        except RedisError as exc:
            log.debug("Redis does not answer (%s)", type(exc).__name__)

    def _ask(self, question: Callable[[], Any]) -> Any:
        try:
            answer = question()
        except RedisError as exc:
            self.silent = not isinstance(exc, ResponseError)
            self._outages.failed(Use.LEASES, exc)
            raise
        self.silent = False
        self._outages.works(Use.LEASES)
        return answer
