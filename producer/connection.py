"""Redis connections set up the way the clients need them, and operations executed on them."""

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
    """The URL as text; every part of the system gets the same, and Celery knows no `unix://`."""
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
    """A client with raw RESP2 replies; repeats a command that met a broken connection.

    So only what is safe to repeat may be sent. A submit carries a token, by which its repetition
    counts as the same one; a letter is replayed, put aside or dropped by whoever finds it there;
    reading again gives the next results, and those of a lost answer stay pending until they are
    reclaimed, those of a worker's claim until its lease ends. Only counts (of what was
    acknowledged, say) may come out too low.

    Args:
        url: where Redis is.
        answer_seconds: how long to wait for an answer [`ANSWER_SECONDS`].
        retries: how often to repeat a command [3].

    Raises:
        ConfigurationError: the URL is not one of Redis's.
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
    """The same for asyncio.

    Raises:
        ConfigurationError: the URL is not one of Redis's.
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
    """Send an operation's commands, a pipeline at a time, until it ends; returns its result.

    Raises:
        JournalError: what the operation makes of an error of Redis.
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
    """The same for asyncio.

    Raises:
        JournalError: what the operation makes of an error of Redis.
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
