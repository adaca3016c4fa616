"""What chaos does to a running system, one blow at a time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import redis

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from deploy.local.server import Server
    from tests.chaos.fleet import Member

MAXMEMORY = "4gb"
#: How long the server is out of memory, in seconds.
_FULL_SECONDS = 1.0
#: How long the server is gone at most, in seconds.
_SERVER_GONE_SECONDS = 2.0
#: A pause lasts so many leases.
_PAUSE_LEASES = (1.3, 2.0)


class Blows:
    """Deals blows at random and counts them.

    Args:
        server: the Redis server, which it kills and fills.
        workers, exporter: the processes that it kills and pauses.
        source: the only source of chance.
        lease: seconds of a lease; pauses are longer.
        pauses: how many pauses there are at most.
        redis_kills: how often the server is killed at most.
    """

    def __init__(
        self,
        server: Server,
        workers: Sequence[Member],
        exporter: Member,
        source: random.Random,
        *,
        lease: float,
        pauses: int,
        redis_kills: int,
    ) -> None:
        self._server = server
        self._workers = workers
        self._exporter = exporter
        self._random = source
        self._lease = lease
        self._limits = {"pauses": pauses, "redis_kills": redis_kills}
        #: Each blow with how often it falls, relative to the others.
        self._table: dict[Callable[[Member], None], int] = {
            self._kill_worker: 4,
            self._kill_child: 8,
            self._kill_exporter: 1,
            self._pause: 2,
            self._cut_connections: 2,
            self._fill_memory: 1,
            self._kill_server: 1,
        }
        #: What was done so far.
        self.counts = dict.fromkeys(("kills", "pauses", "cuts", "memory", "redis_kills"), 0)

    def strike(self) -> None:
        """Deal one blow."""
        weights = self._table | {
            blow: 0
            for blow, counter in ((self._pause, "pauses"), (self._kill_server, "redis_kills"))
            if self.counts[counter] >= self._limits[counter]
        }
        (blow,) = self._random.choices(list(weights), list(weights.values()))
        blow(self._random.choice(self._workers))

    def _kill_worker(self, member: Member) -> None:
        self.counts["kills"] += member.kill_parent()

    def _kill_child(self, member: Member) -> None:
        self.counts["kills"] += member.kill_child(self._random.random())

    def _kill_exporter(self, _: Member) -> None:
        self.counts["kills"] += self._exporter.kill_parent()

    def _pause(self, member: Member) -> None:
        """Pause a worker past its lease, unless only one is awake: then nothing would be tested."""
        if sum(worker.paused for worker in self._workers) < len(self._workers) - 1:
            seconds = self._lease * self._random.uniform(*_PAUSE_LEASES)
            self.counts["pauses"] += member.pause(seconds)

    def _cut_connections(self, _: Member) -> None:
        self._tell_server("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        self.counts["cuts"] += 1

    def _fill_memory(self, _: Member) -> None:
        """Let the server be out of memory for a second, as if something else had filled it."""
        self._tell_server("CONFIG", "SET", "maxmemory", "1mb")
        time.sleep(_FULL_SECONDS)
        self._tell_server("CONFIG", "SET", "maxmemory", MAXMEMORY)
        self.counts["memory"] += 1

    def _kill_server(self, _: Member) -> None:
        self._server.kill()
        self.counts["kills"] += 1
        self.counts["redis_kills"] += 1
        time.sleep(self._random.uniform(0.0, _SERVER_GONE_SECONDS))
        self._server.start()

    def _tell_server(self, *command: str) -> None:
        with redis.Redis.from_url(self._server.url, socket_timeout=10) as client:
            client.execute_command(*command)
