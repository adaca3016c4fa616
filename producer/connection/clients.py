"""Clients of redis-py with the options, connections and pools that the producer needs."""

from __future__ import annotations

import socket
from functools import cache
from typing import TYPE_CHECKING, Any

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.retry import Retry

from producer.connection.address import BAD_URL, Address
from producer.connection.awaited import (
    AsyncPlainConnection,
    AsyncTLSConnection,
    AsyncWaitingPool,
)
from producer.connection.blocking import PlainConnection, TLSConnection, WaitingPool
from producer.connection.deadline import DeadlineBackoff
from producer.connection.primary import Primary
from producer.connection.sentinel import SentinelPrimary
from producer.errors import ConfigurationError

if TYPE_CHECKING:
    from pydantic import SecretStr

CONNECT_SECONDS = 5.0
#: Longer than any of our blocking reads (2 s) and than a pause of Redis to fork for its snapshot.
ANSWER_SECONDS = 15.0
#: As many as one process hardly ever uses at once; further calls wait for one.
MAX_CONNECTIONS = 50
RETRIES = 3


def connect(
    url: SecretStr,
    *,
    answer_seconds: float | None = None,
    retries: int | None = None,
    max_connections: int | None = None,
    retry: Retry | None = None,
) -> redis.Redis:
    """A client with raw RESP2 replies, which repeats a command after a broken connection.

    Only commands that are safe to repeat may therefore be sent. A submit has a token, by which
    its repetition counts as the same submit. A dead letter is replayed, written or dropped only if
    it is still there. A repeated read returns the next results; those of a lost answer stay pending
    until they are reclaimed, and those of a worker's claim until its lease ends. Only a returned
    count, such as of acknowledged results, may be too low.

    A server that says that it is no primary is left: the next command looks for the primary anew,
    by its name or by the Sentinels.

    Args:
        url: where Redis is.
        answer_seconds: how long to wait for an answer, in seconds; `ANSWER_SECONDS` by default.
        retries: how often to repeat a command; 3 by default.
        max_connections: how many to hold at most; a command waits for a free one. 50 by default.
        retry: which errors are followed by a repetition, and when; in place of `retries`.

    Raises:
        ConfigurationError: the URL is not a Redis URL, or has an option that Redis does not know.
    """
    address = Address.parse(url)
    retry = retry or Retry(DeadlineBackoff(), RETRIES if retries is None else retries)
    options = _options(address, retry, answer_seconds, max_connections)
    pool = _pool(WaitingPool, connection_class(address), options)
    client = redis.Redis.from_pool(pool)
    client.response_callbacks.clear()
    return client


def connection_class(address: Address) -> type[PlainConnection | TLSConnection]:
    """The class of blocking connections to this address; each takes `primary` as an option."""
    return TLSConnection if address.tls else PlainConnection


def connect_async(url: SecretStr, *, max_connections: int | None = None) -> redis.asyncio.Redis:
    """A client for asyncio; see `connect`.

    Raises:
        ConfigurationError: the URL is not a Redis URL, or has an option that Redis does not know.
    """
    address = Address.parse(url)
    options = _options(address, AsyncRetry(DeadlineBackoff(), RETRIES), None, max_connections)
    kind = AsyncTLSConnection if address.tls else AsyncPlainConnection
    pool = _pool(AsyncWaitingPool, kind, options)
    client = redis.asyncio.Redis.from_pool(pool)
    client.response_callbacks.clear()
    return client


def _options(
    address: Address, retry: Any, answer_seconds: float | None, max_connections: int | None
) -> dict[str, Any]:
    """The options of a pool; those in the URL win, but for the protocol."""
    seconds = answer_seconds or ANSWER_SECONDS
    return {
        "socket_connect_timeout": min(CONNECT_SECONDS, seconds),
        "socket_timeout": seconds,
        "socket_keepalive": True,
        "health_check_interval": 30,
        **_driver_options(),
        "client_name": f"journal@{socket.gethostname()}".replace(" ", "_"),
        "max_connections": max_connections or MAX_CONNECTIONS,
        "timeout": seconds,
        **address.connection_options(),
        "retry": retry,
        # RESP2 and no response callbacks: replies look the same in every redis-py and server.
        "protocol": 2,
        "primary": Primary(address) if address.master is None else SentinelPrimary(address),
    }


@cache
def _driver_options() -> dict[str, Any]:
    """What connections tell of redis-py, made once: each would read it from the disk again."""
    try:
        from redis.driver_info import DriverInfo  # noqa: PLC0415 - redis-py before 7.1 has none
    except ImportError:
        return {}
    return {"driver_info": DriverInfo()}


def _pool(pool_class: Any, connection_class: Any, options: dict[str, Any]) -> Any:
    try:
        pool = pool_class(connection_class=connection_class, **options)
        # redis-py looks at the options of a URL only when it first connects; opens no socket.
        pool.connection_class(**pool.connection_kwargs)
    except (TypeError, ValueError):
        pool = None
    if pool is None:  # out here the error has no context: that one may quote the URL
        raise ConfigurationError(BAD_URL)
    return pool
