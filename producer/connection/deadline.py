"""The deadline of a client call, which everything beneath it keeps: name look-up, pool, sockets.

It is a context variable, so that redis-py need not pass it on: whoever waits asks `remaining` or
`answer_limit`. Outside of a `Deadline` the connection's own timeouts hold.
"""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from redis.backoff import AbstractBackoff, ExponentialWithJitterBackoff
from redis.exceptions import AuthenticationError, AuthorizationError
from redis.exceptions import TimeoutError as RedisTimeoutError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The part of a deadline after which a connection that does not answer is given up: the rest is for
#: another connection, since this one may be dead without anyone having told.
ATTEMPT_SHARE = 0.5
#: Where a connection has no timeout of its own.
LONGEST_SECONDS = 86_400.0
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a call may take.

    Attributes:
        seconds: for the whole call, to which the time of its blocking reads is added.
        each_round_trip: whether every round trip of the call has so long.
    """

    seconds: float
    each_round_trip: bool = False


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a call ends.

    Attributes:
        ends: in seconds on the monotonic clock.
        answer_seconds: how long one connection may take to answer.
    """

    ends: float
    answer_seconds: float


_deadline: ContextVar[Deadline | None] = ContextVar("producer_deadline", default=None)


class OutOfTimeError(RedisTimeoutError):
    """The deadline has passed."""


@contextmanager
def within(seconds: float, answer_seconds: float | None = None) -> Iterator[None]:
    """Let everything in the block end in so many seconds.

    Args:
        seconds: until the deadline.
        answer_seconds: how long one connection may take to answer; by default as long.
    """
    limit = seconds if answer_seconds is None else answer_seconds
    token = _deadline.set(Deadline(time.monotonic() + seconds, limit))
    try:
        yield
    finally:
        _deadline.reset(token)


def remaining() -> float | None:
    """Seconds until the deadline, never negative; None without one."""
    deadline = _deadline.get()
    return None if deadline is None else max(0.0, deadline.ends - time.monotonic())


def at_most(seconds: float) -> float:
    """So many seconds, or those that remain if they are fewer."""
    left = remaining()
    return seconds if left is None else min(seconds, left)


def answer_limit(seconds: float) -> float:
    """How long to wait for an answer.

    Args:
        seconds: the limit where there is no deadline.
    """
    deadline = _deadline.get()
    if deadline is None:
        return seconds
    return min(deadline.answer_seconds, max(0.0, deadline.ends - time.monotonic()))


class DeadlineBackoff(AbstractBackoff):
    """Pauses between attempts, exponential with jitter, none of which outlasts the deadline."""

    def __init__(self) -> None:
        self._pauses = ExponentialWithJitterBackoff(
            base=_FIRST_PAUSE_SECONDS, cap=_LONGEST_PAUSE_SECONDS
        )

    def compute(self, failures: int) -> float:
        """Seconds to wait after so many failures.

        Raises:
            OutOfTimeError: the deadline comes first. While an error is handled, as redis-py does
                when it asks, that one is raised: it says why there was no answer. So is a refused
                login, which repeating does not help.
        """
        handled = sys.exception()
        if isinstance(handled, (AuthenticationError, AuthorizationError)):
            raise handled
        pause: float = self._pauses.compute(failures)
        left = remaining()
        if left is not None and left <= pause:
            raise handled or OutOfTimeError("the deadline has passed")
        return pause
