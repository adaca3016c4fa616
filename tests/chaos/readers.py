"""Reading the streams themselves, before any client could hide a duplicate."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import redis

if TYPE_CHECKING:
    from collections.abc import Callable

READ_AT_ONCE = 2000
#: The stream may not grow without bound in a long run; what was read here is trimmed.
TRIM_EVERY_SECONDS = 5.0


class StreamReader(threading.Thread):
    """Follows one stream from its beginning and tells the entry ids it sees.

    Args:
        url: the server, which may be gone at times.
        stream: the stream's name.
        tell: gets the ids of each read.
    """

    def __init__(self, url: str, stream: str, tell: Callable[[list[str]], None]) -> None:
        super().__init__(name=f"reader {stream}", daemon=True)
        self._url = url
        self._stream = stream
        self._tell = tell
        self._stopping = threading.Event()

    def run(self) -> None:
        """Read until told to stop."""
        client = redis.Redis.from_url(self._url, socket_timeout=5, decode_responses=True)
        last, trimmed = "0-0", time.monotonic()
        while not self._stopping.is_set():
            try:
                found: Any = client.xread({self._stream: last}, count=READ_AT_ONCE, block=200)
                items = found[0][1] if isinstance(found, list) and found else []
                if isinstance(found, dict) and found:
                    items = next(iter(found.values()))[0]
                if items:
                    last = items[-1][0]
                    self._tell([fields["entry_id"] for _, fields in items])
                if time.monotonic() - trimmed > TRIM_EVERY_SECONDS and last != "0-0":
                    client.xtrim(self._stream, minid=last, approximate=False)
                    trimmed = time.monotonic()
            except redis.RedisError:
                self._stopping.wait(0.1)
        client.close()

    def stop(self) -> None:
        """Stop reading."""
        self._stopping.set()
        self.join(timeout=10)
