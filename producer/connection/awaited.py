"""Connections of redis-py that keep the deadline of a call and follow the primary; for asyncio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from redis.asyncio.connection import BlockingConnectionPool, Connection, SSLConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from producer.connection.deadline import LONGEST_SECONDS, answer_limit, at_most
from producer.connection.primary import annotate_wait, primary_of

if TYPE_CHECKING:
    from types import TracebackType

    from producer.connection.primary import Primary

    _Mixed = Connection
else:
    _Mixed = object

#: The shortest limit that is still one: redis-py takes 0 for none.
_SHORTEST_SECONDS = 0.001


class _Following(_Mixed):
    """Mixed into a connection: leads to the primary, keeps deadlines, notes where an error was.

    Args:
        primary: where to connect to.
        options: of the connection.
    """

    def __init__(self, *, primary: Primary, **options: Any) -> None:
        self._primary = primary
        self._generation = primary.generation
        super().__init__(**options)
        self._connect_seconds = self.socket_connect_timeout or LONGEST_SECONDS
        self._answer_seconds = self.socket_timeout or LONGEST_SECONDS

    def __enter__(self) -> None:
        """Errors in the block are noted; its waits end with the deadline."""
        self.socket_timeout = max(answer_limit(self._answer_seconds), _SHORTEST_SECONDS)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if error is None:
            return
        if isinstance(error, RedisConnectionError) and isinstance(error.__cause__, RedisError):
            # redis-py wraps what `_connect` raises, such as that a Sentinel refused the login.
            raise error.__cause__ from None
        self._primary.note(error, self.host, self.port, self._generation)

    async def connect(self) -> None:
        """Connect, unless there is a connection to the present primary."""
        if self._generation != self._primary.generation:
            await self.disconnect(nowait=True)
        with self:
            await super().connect()  # type: ignore[no-untyped-call]

    async def send_packed_command(self, *args: Any, **kwargs: Any) -> None:
        """See `redis.asyncio.Connection.send_packed_command`."""
        with self:
            await super().send_packed_command(*args, **kwargs)

    async def read_response(self, *args: Any, **kwargs: Any) -> Any:
        """See `redis.asyncio.Connection.read_response`."""
        with self:
            return await super().read_response(*args, **kwargs)

    async def _connect(self) -> None:
        self._generation = self._primary.generation
        self.host, self.port = await self._primary.locate_async()
        self.socket_connect_timeout = max(at_most(self._connect_seconds), _SHORTEST_SECONDS)
        try:
            await super()._connect()  # type: ignore[no-untyped-call]
        finally:
            self.socket_connect_timeout = self._connect_seconds  # closing takes it too


class AsyncPlainConnection(_Following, Connection):
    """A connection without TLS."""


class AsyncTLSConnection(_Following, SSLConnection):
    """A connection with TLS."""


class AsyncWaitingPool(BlockingConnectionPool):
    """A pool in which a call waits for a connection: until its deadline, or `timeout`."""

    def __repr__(self) -> str:
        # Some versions of redis-py show user and password in theirs.
        return f"<{type(self).__name__}({primary_of(self).address})>"

    @property
    def timeout(self) -> float:
        """How long to wait for a connection, in seconds."""
        return at_most(self._timeout)

    @timeout.setter
    def timeout(self, seconds: float) -> None:
        self._timeout = seconds

    async def get_connection(self, *args: Any, **kwargs: Any) -> Any:
        """A connection that is connected; see `BlockingConnectionPool.get_connection`."""
        try:
            return await super().get_connection(*args, **kwargs)  # type: ignore[no-untyped-call]
        except RedisConnectionError as error:
            annotate_wait(error, self)
            raise
