"""The primary that the connections of a client lead to, and when they have to look for it anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from producer.connection.address import endpoint
from producer.operations.redis_errors import is_demotion

if TYPE_CHECKING:
    from producer.connection.address import Address


class Primary:
    """Where the primary is, by a fixed host and port; its name is looked up at every connect.

    Args:
        address: where Redis is.

    Attributes:
        address: the same.
        generation: grows when the primary has moved. A connection of an older generation connects
            anew before it is used again, so nobody's socket is closed by another thread.
        failure: the class of the latest error of a connection; None if there was none.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self.generation = 0
        self.failure: type[Exception] | None = None

    def moved(self, seen: int | None = None) -> None:
        """Note that a server is no primary any more.

        Args:
            seen: the generation of the connection to it; None for the present one.
        """
        if seen is None or seen == self.generation:
            self.generation += 1

    def locate(self) -> tuple[str, int]:
        """Host and port of the primary.

        Raises:
            ConnectionError: of redis-py; no primary is known.
        """
        return self.address.hosts[0]

    async def locate_async(self) -> tuple[str, int]:
        """Host and port of the primary; see `locate`."""
        return self.address.hosts[0]

    def note(self, error: BaseException | None, host: str, port: int, generation: int) -> None:
        """Note on an error where it happened; if the server is no primary, look for another.

        Args:
            error: what a connection raised.
            host: to which it leads.
            port: the same.
            generation: of the connection.
        """
        if isinstance(error, (RedisConnectionError, RedisTimeoutError, ResponseError)):
            annotate(error, endpoint(host, port))
            self.failure = type(error)
            if is_demotion(error):
                self.moved(generation)


def annotate(error: Any, place: str, cause: str | None = None) -> None:
    """Note on an error of redis-py where it happened and, if known, why; the first note stays."""
    if not hasattr(error, "endpoint"):
        error.endpoint, error.cause = place, cause


def annotate_wait(error: Any, pool: Any) -> None:
    """Note on an error that it is of the pool itself; errors of its connections have their note."""
    cause = f"all {pool.max_connections} connections of this client are in use"
    annotate(error, str(primary_of(pool).address), cause)


def primary_of(pool: Any) -> Primary:
    """The primary to which the connections of a pool lead."""
    primary: Primary = pool.connection_kwargs["primary"]
    return primary
