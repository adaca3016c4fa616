"""Workers of this host that have ended: what they held is requeued at once, not with their leases.

Every worker notes in Redis which process it is. Another one takes what it held only if it is
certain that this process has ended: it ran on the same host since the same boot, in the same
namespaces of process ids and clocks, it is there no more (or another process has its id), and no
heartbeat came for a while. Two containers have namespaces of their own, whatever their host names
and process ids, so neither ever judges the other. Where anything is unknown, the lease decides.
"""

from __future__ import annotations

import hashlib
import logging
import math
import os
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from redis.exceptions import RedisError

from worker.broker.lanes import order_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.broker.claims import Claims

log = logging.getLogger(__name__)

#: How often to look, and how often while one that has ended was heard a moment ago.
LOOK_SECONDS, SOON_SECONDS = 5.0, 1.0
#: A worker sends a heartbeat every second: with none for so long, nobody is left to send one.
QUIET_SECONDS = 3.0
#: For so long a worker is remembered that nobody on its host looked for; leases are shorter.
REMEMBERED_SECONDS = 3600
#: Claims that one call requeues, and leases that one call looks through.
PAGE = 64
SCAN_PAGE = 1000


class Place(NamedTuple):
    """Which process a worker is, among all that ever ran.

    Attributes:
        host: stands for the host name, the boot of the kernel and the namespaces.
        pid: the process id.
        started: when it started, in the kernel's ticks since boot; ids are used again.
    """

    host: str
    pid: int
    started: str

    @classmethod
    def of_this_process(cls) -> Self | None:
        """The place of this process; None where the system does not tell for certain."""
        pid = os.getpid()
        started = _started(pid)
        try:
            # With a /proc of another namespace, ids there mean other processes.
            if started is None or str(Path("/proc/self").readlink()) != str(pid):
                return None
            boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
            spaces = [str(Path(f"/proc/self/ns/{kind}").readlink()) for kind in ("pid", "time")]
        except OSError:
            return None
        told = "\n".join((socket.gethostname(), boot, *spaces))
        return cls(hashlib.sha256(told.encode()).hexdigest()[:16], pid, started)

    @property
    def has_ended(self) -> bool:
        """Whether the process has certainly ended; to be asked on its own host only."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except (OSError, OverflowError):  # it is another user's, say
            pass
        started = _started(self.pid)
        return started is not None and started != self.started


def node_name() -> str:
    """What Celery's tools call this worker, before its host: no two on a host have the same.

    Containers may share the name of their host and, each in its own namespace, the process id.
    """
    place = Place.of_this_process()
    return f"journal-{os.getpid()}" if place is None else f"journal-{place.host[:6]}-{place.pid}"


def _started(pid: int) -> str | None:
    """When a process started, as the kernel tells it; None if it cannot be read."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return stat.rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return None


class Neighbours:
    """Requeues what workers of this host held that have ended.

    Args:
        claims: this worker's, on a connection that only the caller's thread uses.
        place: of this process; None to leave everything to the leases.
        clock: seconds that only go forward.
    """

    def __init__(
        self,
        claims: Claims,
        place: Place | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._claims = claims
        self._place = place
        self._clock = clock
        self._next = -math.inf

    def note(self) -> None:
        """Note where this worker is, before it claims anything; if Redis refuses, `look` does."""
        if self._place is not None:
            try:
                self._note(self._place)
            except RedisError as exc:
                log.debug("where this worker is could not be noted (%s)", type(exc).__name__)

    def look(self) -> int:
        """Note where this worker is, and look for others, if it is time to.

        Returns:
            How many messages were requeued.
        """
        now = self._clock()
        if self._place is None or now < self._next:
            return 0
        self._next = now + LOOK_SECONDS
        requeued = 0
        try:
            for worker in self._ended(self._place):
                if self._was_heard(worker):
                    self._next = now + SOON_SECONDS
                    continue
                requeued += self._requeue(worker)
                self._ask("HDEL", self._key, worker)
        except RedisError as exc:
            log.debug("workers of this host could not be looked for (%s)", type(exc).__name__)
        if requeued:
            log.warning("requeued %d entries of workers on this host that have ended", requeued)
        return requeued

    @property
    def _key(self) -> str:
        assert self._place is not None
        return self._claims.keys.host + self._place.host

    def _note(self, place: Place) -> None:
        self._ask("HSET", self._key, self._claims.worker, f"{place.pid} {place.started}")
        self._ask("EXPIRE", self._key, REMEMBERED_SECONDS)

    def _ended(self, place: Place) -> list[str]:
        """The workers of this host whose processes have ended."""
        self._note(place)
        found = self._ask("HGETALL", self._key)
        ended = []
        for worker, process in zip(found[::2], found[1::2], strict=True):
            pid, _, started = process.decode(errors="replace").partition(" ")
            if not (pid.isascii() and pid.isdigit() and int(pid) > 0 and started.isdigit()):
                continue
            name = worker.decode(errors="replace")
            if name != self._claims.worker and Place(place.host, int(pid), started).has_ended:
                ended.append(name)
        return ended

    def _was_heard(self, worker: str) -> bool:
        """Whether a worker has sent a heartbeat a moment ago, by the clock of Redis."""
        heard = self._ask("ZSCORE", self._claims.keys.workers, worker)
        seconds, micros = self._ask("TIME")
        return heard is not None and int(seconds) + int(micros) / 1e6 - float(heard) < QUIET_SECONDS

    def _requeue(self, worker: str) -> int:
        """Requeue all that a worker held, the oldest to be taken next; counts failed deliveries."""
        tags: list[str] = []
        cursor: Any = b"0"
        while True:
            scan = ("ZSCAN", self._claims.keys.leases, cursor, "MATCH", f"{worker}*")
            cursor, page = self._ask(*scan, "COUNT", SCAN_PAGE)
            tags += [tag.decode() for tag in page[::2]]
            if int(cursor) == 0:
                break
        tags = sorted(set(tags), key=order_of)
        pages = [tags[first : first + PAGE] for first in range(0, len(tags), PAGE)]
        return sum(self._claims.requeue(page, failed=True) for page in reversed(pages))

    def _ask(self, *command: Any) -> Any:
        ask: Any = self._claims.client.execute_command  # redis-py leaves it untyped
        return ask(*command)
