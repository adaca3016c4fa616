"""Upkeep of the results stream, beside the exporter: it goes on whoever reads, and however."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from producer.connection import execute
from producer.errors import JournalError
from producer.operations.trimming import forget_consumers, trim

if TYPE_CHECKING:
    import redis

    from producer.settings import Settings

log = logging.getLogger(__name__)

TRIM_SECONDS = 5.0
#: Pages in one turn, so that a stream of 100,000 results costs Redis less than a hundredth of its
#: time: a page of it takes about 3 ms, and the next turn goes on behind it.
TRIM_PAGES = 10
#: Consumer names are looked at once in so many turns.
FORGET_TURNS = 12


class Upkeep(threading.Thread):
    """Deletes results that every group has acknowledged, and consumer names that nobody uses.

    Readers of ours delete what they acknowledge. Those in other languages may send a plain `XACK`,
    which deletes nothing. Any number of exporters may do this at the same time.

    Args:
        client: raw RESP2 replies, as from `producer.connection.connect`.
        settings: how the results stream is called.
        every: seconds between two turns.
    """

    def __init__(
        self, client: redis.Redis, settings: Settings, every: float = TRIM_SECONDS
    ) -> None:
        super().__init__(name="upkeep", daemon=True)
        self._redis = client
        self._settings = settings
        self._every = every
        self._stopping = threading.Event()
        self._cursor = ""
        self._turns = 0
        self._refused = False

    def run(self) -> None:
        """Turn after turn, until stopped."""
        while not self._stopping.wait(self._every):
            self.turn()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        if self.ident is not None:
            self.join()

    def turn(self) -> None:
        """Look through a few pages; what Redis refuses, the next turn tries again."""
        try:
            for _ in range(TRIM_PAGES):
                _, self._cursor = execute(self._redis, trim(self._settings, self._cursor))
                if not self._cursor:
                    break
            if self._turns % FORGET_TURNS == 0:
                execute(self._redis, forget_consumers(self._settings))
            self._turns += 1
        except JournalError as exc:
            if not self._refused:
                log.warning("the results stream cannot be kept free of acknowledged ones (%s)", exc)
            self._refused = True
        else:
            self._refused = False
