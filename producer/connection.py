"""Connections to Redis with the options that the clients need, and operations executed on them."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, TypeVar

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from producer.errors import ConfigurationError

if TYPE_CHECKING:
    from pydantic import SecretStr

    from producer.operations.base import Operation

T = TypeVar("T")

CONNECT_SECONDS = 5.0
#: Longer than any of our blocking reads (2 s) and than a pause of Redis to fork for its snapshot.
ANSWER_SECONDS = 15.0
_RETRIES = 3
_BAD_URL = "JOURNAL_REDIS_URL is not a redis:// or rediss:// URL with options Redis knows"


def _options(answer_seconds: float) -> dict[str, Any]:
    return {
        "socket_connect_timeout": min(CONNECT_SECONDS, answer_seconds),
        "socket_timeout": answer_seconds,
        "socket_keepalive": True,
        "health_check_interval": 30,
        # RESP2 and no response callbacks: replies look the same in every redis-py and server.
        "protocol": 2,
        "client_name": f"journal@{socket.gethostname()}".replace(" ", "_"),
    }


def _address(url: SecretStr) -> str:
    """The URL as text. No `unix://`: every part of the system gets the same URL, Celery too."""
    address = url.get_secret_value()
    if not address.startswith(("redis://", "rediss://")):
        raise ConfigurationError(_BAD_URL)
    return address


def _try_options(pool: Any) -> None:
    # redis-py looks at the options of a URL only when it first connects; opens no socket.
    pool.connection_class(**pool.connection_kwargs)


def connect(
    url: SecretStr, *, answer_seconds: float | None = None, retries: int | None = None
) -> redis.Redis:
    """A client with raw RESP2 replies, which repeats a command after a broken connection.

    Only commands that are safe to repeat may therefore be sent. A submit has a token, by which
    its repetition counts as the same submit. A dead letter is replayed, written or dropped only if
    it is still there. A repeated read returns the next results; those of a lost answer stay pending
    until they are reclaimed, and those of a worker's claim until its lease ends. Only a returned
    count, such as of acknowledged results, may be too low.

    Args:
        url: where Redis is.
        answer_seconds: how long to wait for an answer, in seconds; `ANSWER_SECONDS` by default.
        retries: how often to repeat a command; 3 by default.

    Raises:
        ConfigurationError: the URL is not a Redis URL, or has an option that Redis does not know.
    """
    backoff = ExponentialWithJitterBackoff(base=0.1, cap=2.0)
    retry = Retry(backoff, _RETRIES if retries is None else retries)
    try:
        client = redis.Redis.from_url(
            _address(url), retry=retry, **_options(answer_seconds or ANSWER_SECONDS)
        )
        _try_options(client.connection_pool)
    except (TypeError, ValueError):
        raise ConfigurationError(_BAD_URL) from None
    client.response_callbacks.clear()
    return client


def connect_async(url: SecretStr) -> redis.asyncio.Redis:
    """A client for asyncio; see `connect`.

    Raises:
        ConfigurationError: the URL is not a Redis URL, or has an option that Redis does not know.
    """
    backoff = ExponentialWithJitterBackoff(base=0.1, cap=2.0)
    try:
        client = redis.asyncio.Redis.from_url(
            _address(url), retry=AsyncRetry(backoff, _RETRIES), **_options(ANSWER_SECONDS)
        )
        _try_options(client.connection_pool)
    except (TypeError, ValueError):
        raise ConfigurationError(_BAD_URL) from None
    client.response_callbacks.clear()
    return client


def execute(client: redis.Redis, operation: Operation[T]) -> T:
    """Send an operation's commands, in a pipeline for each list, until it returns its result.

    Raises:
        JournalError: what the operation raises, such as on an error reply of Redis.
    """
    try:
        commands = next(operation)
        while True:
            pipeline: Any = client.pipeline(transaction=False)
            for command in commands:
                pipeline.execute_command(*command)
            try:
                replies = pipeline.execute(raise_on_error=False)
            except RedisError as exc:
                replies = [exc] * len(commands)
            commands = operation.send(replies)
    except StopIteration as stop:
        result: T = stop.value
        return result


async def execute_async(client: redis.asyncio.Redis, operation: Operation[T]) -> T:
    """Execute an operation without blocking the event loop; see `execute`.

    Raises:
        JournalError: what the operation raises, such as on an error reply of Redis.
    """
    try:
        commands = next(operation)
        while True:
            pipeline = client.pipeline(transaction=False)
            for command in commands:
                pipeline.execute_command(*command)
            try:
                replies = await pipeline.execute(raise_on_error=False)
            except RedisError as exc:
                replies = [exc] * len(commands)
            commands = operation.send(replies)
    except StopIteration as stop:
        result: T = stop.value
        return result
