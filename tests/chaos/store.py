"""The store that chaos strikes, behind a proxy: one server."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol, Self

import redis

from deploy.local.server import Server
from producer.keys import QueueKeys, keys_of
from producer.message import QUEUE
from tests.chaos.proxy import SilencingProxy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: Less than a machine has, and more than a run needs.
MAXMEMORY = "4gb"
_ADMIN_SECONDS = 10.0


class Store(Protocol):
    """Where the entries are, and what can be done to it.

    Attributes:
        url: where clients and workers find it, through a proxy.
        direct: where it is found without the proxy.
        keys: the names of the queue's keys.
    """

    url: str
    direct: str
    keys: QueueKeys

    def admin(self) -> redis.Redis:
        """A client of the primary."""

    def silence(self, choose: Callable[[], bool]) -> int:
        """Let those connections of clients fall silent that are chosen; returns how many did."""

    def kill(self) -> Callable[[], None]:
        """Send SIGKILL to the primary; returns what starts it again."""

    def hang(self) -> Callable[[], None]:
        """Let the primary hang; returns what wakes it."""


class OneServer:
    """One server behind a proxy; see `Store`.

    Args:
        folder: where it keeps its data.
    """

    def __init__(self, folder: Path) -> None:
        self._stack = ExitStack()
        self._server = Server(directory=folder, appendonly=True, maxmemory=MAXMEMORY)
        self.direct = self._server.url
        self._port = int(self.direct.rpartition(":")[2].partition("/")[0])
        self._proxy = SilencingProxy(self._port)
        self.url = f"redis://127.0.0.1:{self._proxy.port}/0"
        self.keys = keys_of(QUEUE)

    def __enter__(self) -> Self:
        self._stack.enter_context(self._server)
        self._stack.enter_context(self._proxy)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def admin(self) -> redis.Redis:
        """A client of the server."""
        return redis.Redis.from_url(
            self.direct, socket_timeout=_ADMIN_SECONDS, decode_responses=True
        )

    def silence(self, choose: Callable[[], bool]) -> int:
        """Let those connections of clients fall silent that are chosen."""
        return self._proxy.silence(choose)

    def kill(self) -> Callable[[], None]:
        """Send SIGKILL to the server."""
        self._server.kill()
        return self._server.start

    def hang(self) -> Callable[[], None]:
        """Send SIGSTOP to the server."""
        pid = self._server.pid
        os.kill(pid, signal.SIGSTOP)
        return lambda: os.kill(pid, signal.SIGCONT)
