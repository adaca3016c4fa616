"""Leases, on a thread of the parent, so that the event loop never waits for Redis.

The thread renews those of this worker, reaps those of dead workers, and requeues what the event
loop could not, as soon as Redis answers.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from redis.exceptions import RedisError, ResponseError

from worker.broker.leases import LeaseRenewer, Reaper
from worker.broker.outages import Use

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from worker.broker.outages import Outages
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


class LeaseStore(Protocol):
    """What is needed here of `worker.broker.claims.Claims`."""

    def renew(self, tags: Sequence[str]) -> Any:
        """Renew leases."""

    def reap(self) -> int:
        """Requeue what dead workers held; returns how many messages."""

    def requeue(self, tags: Sequence[str]) -> int:
        """Requeue messages; returns how many were still held."""

    def ping(self) -> None:
        """Ask Redis for nothing but an answer."""


class LeaseThread:
    """Renews the leases of this worker's claims, and reaps those of dead workers.

    Args:
        claims: on a connection that only this thread uses.
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
        self._outages = outages
        watched = _Watched(claims, outages)
        self._renewer = LeaseRenewer(watched, lease_seconds, clock)
        self._reaper = Reaper(watched, lease_seconds, clock)
        self._watched = watched
        self._metrics = metrics
        self._clock = clock
        self._tags: tuple[str, ...] = ()
        self._told_at = -math.inf
        self._draining = False
        self._to_requeue: deque[tuple[tuple[str, ...], int]] = deque()
        self._thread: threading.Thread | None = None

    def hold(self, tags: Iterable[str]) -> None:
        """Called by the event loop: these claims are held, until it says otherwise."""
        self._tags = tuple(tags)  # one assignment, which the thread sees whole
        self._told_at = self._clock()

    def requeue_later(self, tags: Sequence[str]) -> None:
        """Called by the event loop: requeue these claims, where they are held, until it works."""
        if tags:
            self._to_requeue.append((tuple(tags), REQUEUES))

    def drain(self) -> None:
        """The event loop ends, but not yet what children work on: renew it to the end."""
        self._draining = True

    def start(self) -> None:
        """Start the thread, which ends with the process; where it runs, do nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="leases", daemon=True)
            self._thread.start()

    def work(self) -> None:
        """Renew and reap, where it is time to."""
        if self._draining or self._clock() - self._told_at < SILENT_LOOP_SECONDS:
            self._renewer.renew(lambda: self._tags)
        if requeued := self._reaper.look():
            self._metrics.redelivered(requeued)
        if self._watched.silent:
            self._watched.ping()
        if not self._watched.silent:
            self._requeue()
        self._outages.look()

    def _requeue(self) -> None:
        for _ in range(len(self._to_requeue)):
            tags, times = self._to_requeue[0]
            try:
                self._watched.requeue(tags)
            except RedisError as exc:
                log.debug("claims could not be requeued (%s)", type(exc).__name__)
                return
            self._to_requeue.popleft()
            if times > 1:
                self._to_requeue.append((tags, times - 1))

    def _run(self) -> None:
        while True:
            try:
                self.work()
            except Exception:
                log.exception("the thread of leases failed; going on")
            time.sleep(WORK_SECONDS)


class _Watched:
    """The claims, with every success and failure told to `Outages`."""

    def __init__(self, claims: LeaseStore, outages: Outages) -> None:
        self._claims = claims
        self._outages = outages
        #: Whether Redis gave no answer when it was asked last; an error reply is one.
        self.silent = False

    def renew(self, tags: Sequence[str]) -> Any:
        """See `Claims.renew`; without a claim Redis is not asked."""
        return self._ask(lambda: self._claims.renew(tags)) if tags else 0

    def reap(self) -> int:
        """See `Claims.reap`."""
        return int(self._ask(self._claims.reap))

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
