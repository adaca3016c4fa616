"""A server, workers with stand-in stages and a load, on which a drill is done."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

import redis

from deploy.local.processes import Process
from deploy.local.server import Server
from producer import Settings
from producer.sealing import new_key, write_key_file
from tests.chaos.fleet import LIGHT_WORKER
from tests.chaos.ledger import Ledger
from tests.chaos.load import Submitter

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: Stand-in stages of one child take so long for an entry: two workers do 200 a second.
ENTRY_SECONDS = 0.01
WORKERS = 2
_LOOK_SECONDS = 0.1
#: Nothing moves for so long: what is missing will not come.
_PATIENCE_SECONDS = 30.0


class Load:
    """The system and its load.

    Args:
        folder: for keys, logs and the server's data.
        rate: entries a second.
    """

    def __init__(self, folder: Path, rate: float) -> None:
        self.folder = folder
        self.keys_file = folder / "keys.json"
        write_key_file(self.keys_file, [new_key()])
        self.server = Server(directory=folder / "data", appendonly=True)
        self.settings = Settings.load(
            redis_url=self.server.url, keys_file=self.keys_file, max_queue_entries=1_000_000
        )
        self.environment: Mapping[str, str] = {
            "JOURNAL_REDIS_URL": self.server.url,
            "JOURNAL_KEYS_FILE": str(self.keys_file),
            "JOURNAL_CONCURRENCY": "1",
            "JOURNAL_LOG_LEVEL": "WARNING",
            "CHAOS_SECONDS_PER_ENTRY": str(ENTRY_SECONDS),
        }
        self.workers = [
            Process(
                "run", self.environment, log=folder / f"worker-{number}.log", module=LIGHT_WORKER
            )
            for number in range(WORKERS)
        ]
        self.ledger = Ledger()
        self.submitter = Submitter(self.settings, self.ledger, rate)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.server.start()
            stack.callback(self._close_server)
            for worker in self.workers:
                stack.enter_context(worker)
            for worker in self.workers:
                worker.wait_ready()
            stack.callback(self.submitter.stop)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _close_server(self) -> None:
        self.server.close()  # another one by now, where the first was replaced

    def acknowledged(self) -> set[str]:
        """The ids of all entries that were acknowledged so far."""
        return set(self.ledger.acknowledged.copy())

    def admin(self) -> redis.Redis:
        """A client of the server."""
        return redis.Redis.from_url(self.server.url, socket_timeout=10.0, decode_responses=True)

    def wait(self, seconds: float) -> None:
        """Wait until that many seconds have passed, and some entries were acknowledged meanwhile."""
        ends, before = time.monotonic() + seconds, len(self.ledger.acknowledged)
        while time.monotonic() < ends or len(self.ledger.acknowledged) == before:
            time.sleep(_LOOK_SECONDS)

    def drain(self) -> None:
        """Wait until no entry waits and none is claimed, or nothing moves any more."""
        keys, last, moved = self.settings.queue_keys, -1, time.monotonic()
        with self.admin() as admin:
            while time.monotonic() - moved < _PATIENCE_SECONDS:
                left = sum(int(admin.llen(name)) for name in keys.waiting)
                left += int(admin.hlen(keys.claims))
                if not left:
                    return
                if left != last:
                    last, moved = left, time.monotonic()
                time.sleep(_LOOK_SECONDS)
