"""Outages of Redis: one log line when one begins and one when it ends, however often we try."""

from __future__ import annotations

import logging
import threading
import time
from enum import StrEnum
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from producer.errors import ConfigurationError, StoreFull
from producer.operations.redis_errors import translate
from worker.celery_internals import stop_worker

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

#: The exit code of a worker whom Redis refuses the login or a permission: a person has to act.
EXIT_REFUSED = 2
#: After so long without a failure an outage is over.
CALM_SECONDS = 2.0


class Use(StrEnum):
    """What a worker uses Redis for; each may fail while the others work."""

    CONNECTION = "connection"
    WAITING = "waiting"
    CLAIMING = "claiming"
    LEASES = "leases"


class Outages:
    """Knows which uses of Redis fail now; every method may be called by any thread.

    An outage begins with the first use that fails, and ends when all have worked for a moment: on
    the way back they work and fail again, one after another.

    Args:
        clock: seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failing: dict[Use, str] = {}
        #: When the outage began, and when the last use that failed worked again.
        self._since: float | None = None
        self._over = 0.0

    def failed(self, use: Use, error: Exception) -> None:
        """Note that a use failed; the caller tries again.

        Where Redis refuses the login or a permission, trying again is of no use: the worker is
        told to stop, with exit code 2.
        """
        refused = isinstance(translate(error), ConfigurationError)
        reason = reason_of(error)
        with self._lock:
            known = reason in self._failing.values()
            self._failing.setdefault(use, reason)  # what comes after is often a consequence
            first = self._since is None
            if first:
                self._since = self._clock()
        if refused:
            if not known:
                log.critical("%s; leaving", reason)
            stop_worker(EXIT_REFUSED)
        elif first:
            log.warning("%s; trying again until it works", reason)

    def works(self, use: Use) -> None:
        """Note that a use works."""
        if use not in self._failing:  # without the lock, as this is called often
            return
        with self._lock:
            self._failing.pop(use, None)
            self._over = self._clock()

    def look(self) -> None:
        """Called every second or so: tell of the end of an outage, where it has ended."""
        with self._lock:
            since, over = self._since, self._over
            if since is None or self._failing or self._clock() - over < CALM_SECONDS:
                return
            self._since = None
        log.warning("Redis works again after %.1f s", over - since)

    def problem(self) -> str | None:
        """Why nothing can be claimed and kept now; None where it can.

        Where waiting alone is refused, as it is when Redis is out of memory, a worker claims
        without waiting.
        """
        with self._lock:
            reasons = [why for use, why in self._failing.items() if use is not Use.WAITING]
        return reasons[0] if reasons else None


def reason_of(error: Exception) -> str:
    """What an error of Redis or of the connection to it means, in one line without a password."""
    known = translate(error)
    if isinstance(known, StoreFull):
        return "Redis is out of memory and refuses writes"
    if isinstance(error, RedisError):
        return str(known)
    return f"Redis cannot be reached: {type(error).__name__}"
