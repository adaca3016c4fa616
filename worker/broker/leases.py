"""Leases of claims: renewing our own, and requeueing what dead workers held."""

from __future__ import annotations

import logging
import math
import time
from typing import TYPE_CHECKING, Protocol

from redis.exceptions import RedisError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

log = logging.getLogger(__name__)

#: How often to look for dead workers, at most.
REAP_SECONDS = 5.0
#: How often a lease is renewed before it would end: three renewals may fail.
RENEWALS = 4
#: How long one look goes on, at most, where there is more to requeue: of every second, as it is
#: called once a second by a thread that has leases to renew.
LOOK_SECONDS = 0.3


class LeaseStore(Protocol):
    """What is needed here of `worker.broker.claims.Claims`."""

    def renew(self, tags: Sequence[str]) -> list[str]:
        """Renew leases; returns the tags of the claims that are lost."""

    def reap(self, lease_seconds: float) -> int:
        """Requeue some of what dead workers held; returns how many messages, 0 if it was all."""


class WorkerRegister(Protocol):
    """What `Heartbeat` needs of `worker.broker.claims.Claims`."""

    def announce(self, children: int) -> int:
        """Tell that this worker is alive; returns how many are."""


class LeaseRenewer:
    """Renews the leases of this worker's claims, well before they end.

    Args:
        claims: where the leases are.
        lease_seconds: how long each is.
        clock: seconds that only go forward.
    """

    def __init__(
        self, claims: LeaseStore, lease_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._claims = claims
        self._lease = lease_seconds
        self._every = lease_seconds / RENEWALS
        self._clock = clock
        self._renewed = -math.inf

    @property
    def overdue(self) -> bool:
        """Whether leases may have ended: nothing was renewed for the length of one."""
        return math.isfinite(self._renewed) and self._clock() - self._renewed > self._lease

    def renew(self, tags: Callable[[], Iterable[str]], *, at_once: bool = False) -> list[str]:
        """Renew, if it is time to; where Redis refuses, the next call tries again.

        Args:
            tags: tells the tags of all claims held now; asked only when it is time.
            at_once: renew, whether it is time to or not.

        Returns:
            The tags of the claims that turned out to be lost.
        """
        now = self._clock()
        if not at_once and now - self._renewed < self._every:
            return []
        try:
            lost = self._claims.renew(sorted(set(tags())))
        except RedisError as exc:
            log.debug("leases could not be renewed (%s)", type(exc).__name__)
            return []
        self._renewed = now
        return lost


class Reaper:
    """Requeues claims whose leases have ended; Redis judges which, by its own clock.

    Args:
        claims: where the leases are.
        lease_seconds: how long each is.
        clock: seconds that only go forward.
    """

    def __init__(
        self, claims: LeaseStore, lease_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._claims = claims
        self._lease = lease_seconds
        # Well within half a lease, after which Redis takes the silence for an outage.
        self._every = min(REAP_SECONDS, lease_seconds / 4)
        self._clock = clock
        self._next = -math.inf

    def look(self) -> int:
        """Look, if it is time to; returns how many messages were requeued."""
        now = self._clock()
        if now < self._next:
            return 0
        requeued = 0
        try:
            while more := self._claims.reap(self._lease):
                requeued += more
                if self._clock() - now > LOOK_SECONDS:
                    break  # the next look goes on
            else:
                self._next = now + self._every
        except RedisError as exc:
            log.debug("dead workers could not be looked for (%s)", type(exc).__name__)
        if requeued:
            log.warning("requeued %d entries of workers that did not renew their leases", requeued)
        return requeued


class Heartbeat:
    """Tells the other workers that this one is alive and how much it can do.

    Args:
        claims: where workers announce themselves.
    """

    def __init__(self, claims: WorkerRegister) -> None:
        self._claims = claims

    def beat(self, children: int) -> None:
        """Announce this worker with its ready children; called once a second from its start."""
        try:
            self._claims.announce(children)
        except RedisError as exc:
            log.debug("the heartbeat could not be sent (%s)", type(exc).__name__)
