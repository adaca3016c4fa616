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


class LeaseStore(Protocol):
    """What is needed here of `worker.broker.claims.Claims`."""

    def renew(self, tags: Sequence[str]) -> int:
        """Renew leases; returns how many claims are still held."""

    def reap(self) -> int:
        """Requeue what dead workers held; returns how many messages."""


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
        self._every = lease_seconds / RENEWALS
        self._clock = clock
        self._renewed = -math.inf

    def renew(self, tags: Callable[[], Iterable[str]]) -> None:
        """Renew, if it is time to; where Redis refuses, the next call tries again.

        Args:
            tags: tells the tags of all claims held now; asked only when it is time.
        """
        now = self._clock()
        if now - self._renewed < self._every:
            return
        try:
            self._claims.renew(sorted(set(tags())))
        except RedisError as exc:
            log.debug("leases could not be renewed (%s)", type(exc).__name__)
        else:
            self._renewed = now


class Reaper:
    """Requeues claims whose leases have ended.

    After an outage of Redis all leases have ended, and nobody could renew one: then workers that
    are alive get the time of a lease to do so, before anything is requeued.

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
        self._clock = clock
        #: When Redis last answered; in the future while others are given time.
        self._heard: float | None = None

    def look(self) -> int:
        """Look, if it is time to; returns how many messages were requeued."""
        now = self._clock()
        if self._heard is not None:
            since = now - self._heard
            if since > self._lease / 2:
                self._heard = now + self._lease
            if since > self._lease / 2 or since < min(REAP_SECONDS, self._lease / 4):
                return 0
        try:
            requeued = self._claims.reap()
        except RedisError as exc:
            log.debug("dead workers could not be looked for (%s)", type(exc).__name__)
            return 0
        self._heard = now
        if requeued:
            log.warning("requeued %d entries of workers that did not renew their leases", requeued)
        return requeued
