"""Carrying operations out: their commands in pipelines, each call within its deadline."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from redis.exceptions import RedisError

from producer.connection.clients import RETRIES
from producer.connection.deadline import (
    ATTEMPT_SHARE,
    DeadlineBackoff,
    Limit,
    OutOfTimeError,
    remaining,
    within,
)
from producer.connection.primary import annotate, primary_of
from producer.errors import NotReplicated
from producer.operations.base import Computation, Waiting
from producer.operations.redis_errors import is_demotion

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import redis
    import redis.asyncio

    from producer.operations.base import Command, Operation

T = TypeVar("T")

#: Computations larger than this leave the event loop: about a millisecond of sealing.
MOST_ON_LOOP = 50_000
#: Everything beneath ends by itself with the deadline and knows why; only what has no timeout, such
#: as a look-up of a name, is cut off so much later.
_GRACE_SECONDS = 0.1


def execute(client: redis.Redis, operation: Operation[T], limit: Limit | None = None) -> T:
    """Send an operation's commands, in a pipeline for each list, until it returns its result.

    Args:
        client: a client of `connect`.
        operation: what to do.
        limit: how long it may take; by default as long as its connections' own timeouts let it.

    Raises:
        Unavailable: Redis did not answer in time.
        JournalError: what the operation raises, such as on an error reply of Redis.
    """
    timer = _Timer(limit)
    try:
        step = next(operation)
        while True:
            if isinstance(step, Computation):
                step = operation.send(step.run())
            else:
                with timer.round_trip(step):
                    replies = _ask(client, step)
                step = operation.send(replies)
    except StopIteration as stop:
        result: T = stop.value
        return result
    except NotReplicated:
        primary_of(client.connection_pool).moved()
        raise


async def execute_async(
    client: redis.asyncio.Redis, operation: Operation[T], limit: Limit | None = None
) -> T:
    """Execute an operation without blocking the event loop; see `execute`.

    Raises:
        Unavailable: Redis did not answer in time.
        JournalError: what the operation raises, such as on an error reply of Redis.
    """
    timer = _Timer(limit)
    try:
        step = next(operation)
        while True:
            if isinstance(step, Computation):
                large = step.size > MOST_ON_LOOP
                step = operation.send(await asyncio.to_thread(step.run) if large else step.run())
            else:
                with timer.round_trip(step):
                    replies = await _ask_async(client, step)
                step = operation.send(replies)
    except StopIteration as stop:
        result: T = stop.value
        return result
    except NotReplicated:
        primary_of(client.connection_pool).moved()
        raise


class _Timer:
    """Gives each round trip of a call its deadline.

    Args:
        limit: of the call; None for none.
    """

    def __init__(self, limit: Limit | None) -> None:
        self._limit = limit
        self._ends = 0.0 if limit is None else time.monotonic() + limit.seconds

    @contextmanager
    def round_trip(self, commands: Sequence[Command]) -> Iterator[None]:
        """Set the deadline of one round trip; the time for which its commands block is added."""
        if self._limit is None:
            yield
            return
        started = time.monotonic()
        if self._limit.each_round_trip:
            self._ends = started + self._limit.seconds
        block = commands.seconds if isinstance(commands, Waiting) else 0.0
        one_answer = ATTEMPT_SHARE * self._limit.seconds + block
        with within(self._ends + block - started, answer_seconds=one_answer):
            yield
        self._ends += min(block, time.monotonic() - started)


def _ask(client: redis.Redis, commands: Sequence[Command]) -> list[Any]:
    """The replies to commands; again if the server turns out to be no primary."""
    pauses = DeadlineBackoff()
    for failures in range(1, RETRIES + 1):
        replies = _ask_once(client, commands)
        try:
            pause = _pause_before_next(replies, failures, pauses)
        except OutOfTimeError:
            return replies
        if pause is None:
            return replies
        time.sleep(pause)
    return _ask_once(client, commands)


async def _ask_async(client: redis.asyncio.Redis, commands: Sequence[Command]) -> list[Any]:
    pauses = DeadlineBackoff()
    for failures in range(1, RETRIES + 1):
        replies = await _ask_once_async(client, commands)
        try:
            pause = _pause_before_next(replies, failures, pauses)
        except OutOfTimeError:
            return replies
        if pause is None:
            return replies
        await asyncio.sleep(pause)
    return await _ask_once_async(client, commands)


def _pause_before_next(
    replies: Sequence[Any], failures: int, pauses: DeadlineBackoff
) -> float | None:
    """Seconds to wait before the commands are sent again; None if they are not to be.

    Raises:
        OutOfTimeError: the deadline comes first.
    """
    demoted = any(isinstance(reply, Exception) and is_demotion(reply) for reply in replies)
    return pauses.compute(failures) if demoted else None


def _ask_once(client: redis.Redis, commands: Sequence[Command]) -> list[Any]:
    pipeline: Any = client.pipeline(transaction=False)
    for command in commands:
        pipeline.execute_command(*command)
    try:
        replies: list[Any] = pipeline.execute(raise_on_error=False)
    except RedisError as exc:
        return _unanswered(client, exc, commands)
    return replies


async def _ask_once_async(client: redis.asyncio.Redis, commands: Sequence[Command]) -> list[Any]:
    pipeline: Any = client.pipeline(transaction=False)
    for command in commands:
        pipeline.execute_command(*command)
    left = remaining()
    try:
        async with asyncio.timeout(None if left is None else left + _GRACE_SECONDS):
            replies: list[Any] = await pipeline.execute(raise_on_error=False)
    except RedisError as exc:
        return _unanswered(client, exc, commands)
    except TimeoutError:
        return _unanswered(client, OutOfTimeError("the deadline has passed"), commands)
    return replies


def _unanswered(client: Any, error: RedisError, commands: Sequence[Command]) -> list[Any]:
    annotate(error, str(primary_of(client.connection_pool).address))
    return [error] * len(commands)
