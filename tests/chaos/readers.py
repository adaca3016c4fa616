"""Reading the streams themselves, before any client could hide a duplicate."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

import redis

if TYPE_CHECKING:
    from collections.abc import Callable

READ_AT_ONCE = 2000
#: The stream may not grow without bound in a long run; what was read here is trimmed.
TRIM_EVERY_SECONDS = 5.0
CONFIRM_MILLISECONDS = 1000


class Source(Protocol):
    """Where a stream is.

    Attributes:
        replicas: how many replicas confirm what is written.
    """

    replicas: int

    def admin(self) -> redis.Redis:
        """A client of the primary."""


class StreamReader(threading.Thread):
    """Follows one stream from its beginning and tells the entry ids it sees.

    Where there are replicas, it counts only what they have as well: anything else may be gone after
    a failover, as whoever wrote it knows.

    Args:
        store: where the stream is; it may be gone at times.
        stream: the stream's name.
        tell: gets the ids of each read.
    """

    def __init__(self, store: Source, stream: str, tell: Callable[[list[str]], None]) -> None:
        super().__init__(name=f"reader {stream}", daemon=True)
        self._store = store
        self._stream = stream
        self._tell = tell
        self._last, self._trimmed = "0-0", time.monotonic()
        self._stopping = threading.Event()

    def run(self) -> None:
        """Read until told to stop; after each failure from whoever is the primary then."""
        while not self._stopping.is_set():
            with contextlib.suppress(redis.RedisError, OSError), self._store.admin() as client:
                while not self._stopping.is_set():
                    self._read(client)
            self._stopping.wait(0.1)

    def stop(self) -> None:
        """Stop reading."""
        self._stopping.set()
        if self.ident is not None:
            self.join(timeout=15)

    def _read(self, client: redis.Redis) -> None:
        found: Any = client.xread({self._stream: self._last}, count=READ_AT_ONCE, block=200)
        items = found[0][1] if isinstance(found, list) and found else []
        if isinstance(found, dict) and found:
            items = next(iter(found.values()))[0]
        if items and self._confirmed(client):
            self._last = items[-1][0]
            self._tell([fields["entry_id"] for _, fields in items])
        if time.monotonic() - self._trimmed > TRIM_EVERY_SECONDS and self._last != "0-0":
            client.xtrim(self._stream, minid=self._last, approximate=False)
            self._trimmed = time.monotonic()

    def _confirmed(self, client: redis.Redis) -> bool:
        """Whether the replicas have all that was read: a write that comes after it tells."""
        if not self._store.replicas:
            return True
        client.set(f"chaos:{self._stream}", self._last)
        return int(client.wait(self._store.replicas, CONFIRM_MILLISECONDS)) >= self._store.replicas
