"""Taking back what dead workers held."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Protocol

from redis.exceptions import RedisError

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

#: How often to look, at most.
REAP_SECONDS = 5.0


class Leases(Protocol):
    """What the reaper needs of `worker.broker.claims.Claims`."""

    def reap(self) -> int:
        """Put back what dead workers held; returns how many messages."""


class Reaper:
    """Puts claims back whose leases have ended.

    After an outage of Redis all leases have, and nobody could renew one: workers that are alive
    get the time of a lease to do so.

    Args:
        claims: where the leases are.
        lease_seconds: how long each is.
        clock: seconds that only go forward.
    """

    def __init__(
        self, claims: Leases, lease_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._claims = claims
        self._lease = lease_seconds
        self._clock = clock
        #: When Redis last answered; in the future while others are given time.
        self._heard: float | None = None

    def look(self) -> int:
        """Look, if it is time to; returns how many messages were put back."""
        now = self._clock()
        if self._heard is not None:
            since = now - self._heard
            if since > self._lease / 2:
                self._heard = now + self._lease
            if since > self._lease / 2 or since < min(REAP_SECONDS, self._lease / 4):
                return 0
        try:
            back = self._claims.reap()
        except RedisError as exc:
            log.warning("dead workers could not be looked for (%s)", type(exc).__name__)
            return 0
        self._heard = now
        if back:
            log.warning("took back %d entries of workers that gave no sign of life", back)
        return back
