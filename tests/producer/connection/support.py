"""Servers and their replicas, for tests."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import redis

#: A replica need not wait for others before it is sent the data, nor a primary for it at its end.
QUICK = {"repl_diskless_sync_delay": "0", "shutdown_timeout": "0"}


def place(url: str) -> list[str]:
    """Host and port of a server."""
    return url.removeprefix("redis://").removesuffix("/0").split(":")


def wait_for_replica(raw: redis.Redis, seconds: float = 20.0) -> None:
    """Wait until a replica has its primary's data."""
    ends = time.monotonic() + seconds
    while raw.info("replication")["master_link_status"] != "up":
        assert time.monotonic() < ends, "the replica does not reach its primary"
        time.sleep(0.02)
