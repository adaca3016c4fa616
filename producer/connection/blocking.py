"""Connections of redis-py that keep the deadline of a call and follow the primary; blocking."""

from __future__ import annotations

import contextlib
import ipaddress
import queue
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from redis.connection import BlockingConnectionPool, Connection, SSLConnection
from redis.exceptions import ConnectionError as RedisConnectionError

from producer.connection.deadline import LONGEST_SECONDS, answer_limit, at_most
from producer.connection.primary import annotate_wait, primary_of

if TYPE_CHECKING:
    from types import TracebackType

    from producer.connection.primary import Primary

    _Mixed = Connection
else:
    _Mixed = object

_Found = list[tuple[Any, ...]]


class DeadlineSocket:
    """A socket whose every wait ends with the deadline; all else is the socket's own.

    Args:
        sock: a connected socket.
        seconds: how long a wait may take where there is no deadline.
    """

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        self._sock = sock
        self._seconds = seconds

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def recv(self, *args: Any) -> bytes:
        """See `socket.socket.recv`."""
        self._set_timeout()
        return self._sock.recv(*args)

    def recv_into(self, *args: Any) -> int:
        """See `socket.socket.recv_into`."""
        self._set_timeout()
        return self._sock.recv_into(*args)

    def sendall(self, *args: Any) -> None:
        """See `socket.socket.sendall`."""
        self._set_timeout()
        self._sock.sendall(*args)

    def _set_timeout(self) -> None:
        if self._sock.gettimeout() == 0.0:  # redis-py looks whether there is anything to read
            return
        limit = answer_limit(self._seconds)
        if limit <= 0.0:
            raise TimeoutError
        self._sock.settimeout(limit)


class _Tcp(Connection):
    """Connects by TCP, in the time there is for all addresses of a name together."""

    def _connect(self) -> Any:
        ends = time.monotonic() + at_most(self.socket_connect_timeout or LONGEST_SECONDS)
        error: OSError = OSError("the name has no address")
        for family, kind, protocol, _, place in look_up(self.host, self.port, ends):
            sock = socket.socket(family, kind, protocol)
            try:
                self._set_options(sock)
                sock.settimeout(_left(ends))
                sock.connect(place)
                sock.settimeout(_left(ends))  # for a TLS handshake that follows
            except OSError as exc:
                sock.close()
                error = exc
            else:
                return sock
        raise error

    def _set_options(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.socket_keepalive:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in self.socket_keepalive_options.items():
                sock.setsockopt(socket.IPPROTO_TCP, name, value)


class _Following(_Mixed):
    """Mixed into a connection: leads to the primary, keeps deadlines, notes where an error was.

    Args:
        primary: where to connect to.
        options: of the connection.
    """

    def __init__(self, *, primary: Primary, **options: Any) -> None:
        self._primary = primary
        self._generation = primary.generation
        super().__init__(**options)  # type: ignore[no-untyped-call]

    def __enter__(self) -> None:
        """Errors in the block are noted; lighter than a generator."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if error is not None:
            self._primary.note(error, self.host, self.port, self._generation)

    def connect(self) -> None:
        """Connect, unless there is a connection to the present primary."""
        if self._generation != self._primary.generation:
            self.disconnect()  # type: ignore[no-untyped-call]
        with self:
            super().connect()  # type: ignore[no-untyped-call]

    def send_packed_command(self, *args: Any, **kwargs: Any) -> None:
        """See `redis.Connection.send_packed_command`."""
        with self:
            super().send_packed_command(*args, **kwargs)  # type: ignore[no-untyped-call]

    def read_response(self, *args: Any, **kwargs: Any) -> Any:
        """See `redis.Connection.read_response`."""
        with self:
            return super().read_response(*args, **kwargs)

    def _connect(self) -> Any:
        self._generation = self._primary.generation
        self.host, self.port = self._primary.locate()
        sock = super()._connect()  # type: ignore[no-untyped-call]
        return DeadlineSocket(sock, self.socket_timeout or LONGEST_SECONDS)


class PlainConnection(_Following, _Tcp):
    """A connection without TLS."""


class TLSConnection(_Following, SSLConnection, _Tcp):
    """A connection with TLS."""


class WaitingPool(BlockingConnectionPool):
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

    def get_connection(self, *args: Any, **kwargs: Any) -> Any:
        """A connection that is connected; see `BlockingConnectionPool.get_connection`."""
        try:
            return super().get_connection(*args, **kwargs)  # type: ignore[no-untyped-call]
        except RedisConnectionError as error:
            annotate_wait(error, self)
            raise


def look_up(host: str, port: int, ends: float) -> _Found:
    """The addresses of a host, as `socket.getaddrinfo` gives them.

    Args:
        host: a name or an address.
        port: a port.
        ends: when to give up, on the monotonic clock.

    Raises:
        TimeoutError: the name server did not answer in time.
        OSError: there is no such name.
    """
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(host)
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    # The system's resolver takes no timeout: it is left behind in its thread, where it ends.
    answer: queue.SimpleQueue[_Found | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answer.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError as exc:
            answer.put(exc)

    threading.Thread(target=ask, name="journal-look-up", daemon=True).start()
    try:
        found = answer.get(timeout=_left(ends))
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(found, OSError):
        raise found
    return found


def _left(ends: float) -> float:
    left = ends - time.monotonic()
    if left <= 0.0:
        raise TimeoutError
    return left
