"""The store that chaos strikes, behind proxies: one server, or a group under Sentinels."""

from __future__ import annotations

import contextlib
import os
import signal
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol, Self

import redis

from deploy.local.server import Server
from producer.keys import QueueKeys, keys_of
from producer.message import QUEUE
from tests.chaos.proxy import SilencingProxy
from tests.sentinels import MASTER, SentinelGroup

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: Less than a machine has, and more than a run needs.
MAXMEMORY = "4gb"
_ADMIN_SECONDS = 10.0
#: For how long a server is silent before its Sentinels count it as gone.
DOWN_AFTER_SECONDS = 1.0


class Store(Protocol):
    """Where the entries are, and what can be done to it.

    Attributes:
        url: where clients and workers find it, through proxies.
        replicas: how many replicas confirm what is written.
        keys: the names of the queue's keys.
    """

    url: str
    replicas: int
    keys: QueueKeys

    def __enter__(self) -> Self:
        """Start everything."""

    def __exit__(self, *_: object) -> None:
        """End everything."""

    @property
    def primary(self) -> int:
        """The number of the server that is the primary now."""

    def admin(self) -> redis.Redis:
        """A client of the primary."""

    def silence(self, choose: Callable[[], bool]) -> int:
        """Let those connections of clients fall silent that are chosen; returns how many did."""

    def kill(self) -> Callable[[], None]:
        """Send SIGKILL to the primary; returns what starts it again."""

    def hang(self) -> Callable[[], None]:
        """Let the primary hang; returns what wakes it."""

    def be_patient(self, seconds: float) -> None:
        """Let a server be silent for so long before another takes its place."""

    def settled(self) -> bool:
        """Whether as many replicas confirm as have to, and no failover goes on."""


class OneServer:
    """One server behind a proxy; see `Store`.

    Args:
        folder: where it keeps its data.
    """

    replicas = 0
    primary = 0

    def __init__(self, folder: Path) -> None:
        self._stack = ExitStack()
        self._server = Server(directory=folder, appendonly=True, maxmemory=MAXMEMORY)
        self._proxy = SilencingProxy(int(self._server.url.rpartition(":")[2].partition("/")[0]))
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
        return _client(self._server)

    def silence(self, choose: Callable[[], bool]) -> int:
        """Let those connections of clients fall silent that are chosen."""
        return self._proxy.silence(choose)

    def kill(self) -> Callable[[], None]:
        """Send SIGKILL to the server."""
        self._server.kill()
        return self._server.start

    def hang(self) -> Callable[[], None]:
        """Send SIGSTOP to the server."""
        return _stop(self._server)

    def be_patient(self, seconds: float) -> None:
        """Nothing: no other can take its place."""

    def settled(self) -> bool:
        """Always: it is up wherever nobody killed it."""
        return True


class Group:
    """A primary and a replica under three Sentinels, each server behind a proxy; see `Store`.

    The Sentinels tell the proxies' addresses. What is written has to be confirmed by the replica.

    Args:
        folder: where all of them keep their files.
    """

    replicas = 1

    def __init__(self, folder: Path) -> None:
        self._stack = ExitStack()
        self._proxies: list[SilencingProxy] = []
        folder.mkdir()
        self._group = SentinelGroup(
            folder,
            replicas=self.replicas,
            down_after_ms=int(DOWN_AFTER_SECONDS * 1000),
            follow=True,
            told_port=self._told_port,
        )
        self.url = self._group.url
        self.keys = keys_of(QUEUE)

    def __enter__(self) -> Self:
        for proxy in self._proxies:
            self._stack.enter_context(proxy)
        self._stack.enter_context(self._group)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def primary(self) -> int:
        """The number of the server that is the primary now."""
        return self._group.primary()

    def settled(self) -> bool:
        """Whether the primary that the Sentinels tell has its replica, and no failover goes on."""
        if self._group.flags() != "master":
            return False
        with contextlib.suppress(redis.RedisError), self.admin() as admin:
            known: Any = admin.info("replication")
            online = [known.get(f"slave{i}", {}).get("state") for i in range(self.replicas)]
            return known["role"] == "master" and online == ["online"] * self.replicas
        return False

    def can_fail_over(self) -> bool:
        """Whether it is settled, and the Sentinels know of the replica."""
        return self.settled() and self._group.is_settled()

    def admin(self) -> redis.Redis:
        """A client of the primary, not through its proxy."""
        return _client(self._group.servers[self.primary])

    def silence(self, choose: Callable[[], bool]) -> int:
        """Let those connections of clients fall silent that are chosen."""
        return sum(proxy.silence(choose) for proxy in self._proxies)

    def kill(self) -> Callable[[], None]:
        """Send SIGKILL to the primary."""
        killed = self.primary
        self._group.servers[killed].kill()
        return lambda: self._group.bring_back(killed)

    def hang(self) -> Callable[[], None]:
        """Send SIGSTOP to the primary."""
        return _stop(self._group.servers[self.primary])

    def lag(self) -> Callable[[], None]:
        """Send SIGSTOP to the replica, which from then on confirms nothing; returns what wakes it."""
        return _stop(self._group.servers[1 - self.primary])

    def fail_over(self) -> None:
        """Let the Sentinels make the replica the primary, as an operator does.

        Raises:
            redis.ResponseError: they will not, such as while another failover is under way.
        """
        self._group.fail_over()

    def be_patient(self, seconds: float) -> None:
        """Tell all Sentinels for how long a server may be silent before it counts as gone."""
        self._group.tell_all("SET", MASTER, "down-after-milliseconds", str(int(seconds * 1000)))

    def _told_port(self, port: int) -> int:
        self._proxies.append(SilencingProxy(port))
        return self._proxies[-1].port


def _client(server: Server) -> redis.Redis:
    return redis.Redis.from_url(server.url, socket_timeout=_ADMIN_SECONDS, decode_responses=True)


def _stop(server: Server) -> Callable[[], None]:
    pid = server.pid
    os.kill(pid, signal.SIGSTOP)
    return lambda: os.kill(pid, signal.SIGCONT)
