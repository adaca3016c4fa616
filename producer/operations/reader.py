"""One reader's way through the results: written once for loops that block and loops that await."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from producer.operations.base import raise_for_errors
from producer.operations.results import (
    BLOCK_SECONDS,
    acknowledge,
    acknowledge_command,
    held,
    hold_command,
    receive,
    reclaim,
)

if TYPE_CHECKING:
    from producer.operations.base import Operation
    from producer.operations.results import Received
    from producer.sealing import KeySet
    from producer.settings import Settings

RECLAIM_EVERY_SECONDS = 15.0
#: A slow handler's results must not look abandoned to the other readers of its group.
ACKNOWLEDGE_SECONDS = 1.0


class ResultReader:
    """Hands out results one by one; what was handed out before is dealt with by then.

    Args:
        keys, settings: as in `receive`.
        group, consumer: who reads.
        count: how many results to fetch at once.
        timeout: end after this many seconds without a result; None waits for ever.
        limit: end after so many results, and fetch no more; None for all.
    """

    def __init__(
        self,
        keys: KeySet,
        settings: Settings,
        *,
        group: str,
        consumer: str,
        count: int,
        timeout: float | None,
        limit: int | None,
    ) -> None:
        self._keys = keys
        self._settings = settings
        self._group = group
        self._consumer = consumer
        self._count = count
        self._timeout = timeout
        self._left = limit
        self._held: deque[Received] = deque()
        self._out: str | None = None
        self._done: list[str] = []
        self._told_at = time.monotonic()
        self._reclaimed_at = -RECLAIM_EVERY_SECONDS
        self._ended = False

    def advance(self) -> Operation[Received | None]:
        """The next result, or None at the end; the one before counts as dealt with."""
        if self._out is not None:
            self._done.append(self._out)
            self._out = None
        if not self._held or time.monotonic() - self._told_at > ACKNOWLEDGE_SECONDS:
            yield from self._tell()
        last_result = time.monotonic()
        while not self._held:
            if self._ended or self._left == 0:
                return None
            wait = BLOCK_SECONDS
            if self._timeout is not None:
                wait = max(0.0, min(wait, last_result + self._timeout - time.monotonic()))
            yield from self._fetch(wait)
            if not self._held and self._timeout is not None:
                self._ended = time.monotonic() - last_result >= self._timeout
        received = self._held.popleft()
        self._out = received.stream_id
        if self._left is not None:
            self._left -= 1
        return received

    def leave(self) -> Operation[None]:
        """Acknowledge what was dealt with; the rest, the last one handed out too, comes again."""
        self._ended = True
        self._held.clear()
        self._out, done, self._done = None, self._done, []
        yield from acknowledge(self._settings, group=self._group, stream_ids=done)

    def _fetch(self, wait: float) -> Operation[None]:
        size = self._count if self._left is None else min(self._count, self._left)
        found: list[Received] = []
        who = {"group": self._group, "consumer": self._consumer}
        if time.monotonic() - self._reclaimed_at >= RECLAIM_EVERY_SECONDS:
            found = yield from reclaim(self._keys, self._settings, **who, count=size)
            if len(found) < size:  # else there may be more
                self._reclaimed_at = time.monotonic()
        if not found:
            found = yield from receive(self._keys, self._settings, **who, count=size, block=wait)
        self._held.extend(found)
        self._told_at = time.monotonic()

    def _tell(self) -> Operation[None]:
        """Acknowledge what is done, and keep hold of what is still to be handed out.

        What another reader took over meanwhile, because one result took over a minute, is its.
        """
        pairs = [(one.stream_id, one.deliveries) for one in self._held]
        commands = []
        if self._done:
            commands.append(acknowledge_command(self._settings, self._group, self._done))
        if pairs:
            commands.append(hold_command(self._settings, self._group, self._consumer, pairs))
        if not commands:
            return
        replies = yield commands
        if self._done:
            raise_for_errors(replies[:1])
            self._done = []
        if pairs:
            still = held(replies[-1], len(pairs))
            self._held = deque(
                one for one, deliveries in zip(self._held, still, strict=True) if deliveries
            )
        self._told_at = time.monotonic()
