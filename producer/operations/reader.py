"""Reading result after result: what loops over the results of both clients do. Free of I/O."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from producer.operations.base import raise_for_errors
from producer.operations.results import (
    BLOCK_SECONDS,
    acknowledge,
    acknowledge_command,
    held_deliveries,
    hold_command,
    receive,
    reclaim,
    release,
)

if TYPE_CHECKING:
    from producer.operations.base import Operation
    from producer.operations.results import Received
    from producer.sealing import KeySet
    from producer.settings import Settings

RECLAIM_EVERY_SECONDS = 15.0
#: How often a reader with a slow handler shows that it is alive: results that it does not renew
#: are taken over by other readers of its group.
ACKNOWLEDGE_SECONDS = 1.0
#: A result that was delivered more often travels alone: whoever handles it may die of it, and that
#: must not count against others.
SUSPECT_DELIVERIES = 2


class ResultReader:
    """Returns results one by one; a result counts as handled when the next one is asked for.

    Args:
        keys: open the results.
        settings: how the results stream and the dead stream are called.
        group: the consumer group that reads.
        consumer: this reader's name in the group.
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
        self._fetched: deque[Received] = deque()
        self._current: str | None = None
        self._handled: list[str] = []
        self._renewed_at = time.monotonic()
        self._reclaimed_at = -RECLAIM_EVERY_SECONDS
        self._ended = False

    def advance(self) -> Operation[Received | None]:
        """Return the next result, or None at the end; the one before counts as handled."""
        self.note_handled()
        if not self._fetched or time.monotonic() - self._renewed_at > ACKNOWLEDGE_SECONDS:
            yield from self._acknowledge_and_renew()
        last_result = time.monotonic()
        while not self._fetched:
            if self._ended or self._left == 0:
                return None
            wait = BLOCK_SECONDS
            if self._timeout is not None:
                wait = max(0.0, min(wait, last_result + self._timeout - time.monotonic()))
            yield from self._fetch(wait)
            if not self._fetched and self._timeout is not None:
                self._ended = time.monotonic() - last_result >= self._timeout
        return self._next()

    @property
    def is_empty(self) -> bool:
        """Whether no result is fetched that is still to be returned."""
        return not self._fetched

    def note_handled(self) -> None:
        """Note that the last result returned is handled."""
        if self._current is not None:
            self._handled.append(self._current)
            self._current = None

    def look(self, wait: float) -> Operation[None]:
        """Acknowledge what was handled, and wait so many seconds for results to fetch."""
        yield from self._acknowledge_and_renew()
        if not self._ended and self._left != 0:
            yield from self._fetch(wait)

    def take(self) -> Operation[Received | None]:
        """Return the next fetched result; None if other readers have taken over what there was."""
        if time.monotonic() - self._renewed_at > ACKNOWLEDGE_SECONDS:
            yield from self._acknowledge_and_renew()
        return self._next() if self._fetched else None

    def _next(self) -> Received:
        received = self._fetched.popleft()
        self._current = received.stream_id
        if self._left is not None:
            self._left -= 1
        return received

    def close(self) -> Operation[None]:
        """Acknowledge what was handled, and give back what was not begun.

        The last result returned is not acknowledged, and is delivered again.
        """
        self._ended = True
        fetched, self._fetched = list(self._fetched), deque()
        self._current, handled, self._handled = None, self._handled, []
        yield from acknowledge(self._settings, group=self._group, stream_ids=handled)
        yield from release(self._settings, self._group, self._consumer, fetched)

    def _fetch(self, wait: float) -> Operation[None]:
        size = self._count if self._left is None else min(self._count, self._left)
        found: list[Received] = []
        who = {"group": self._group, "consumer": self._consumer}
        if time.monotonic() - self._reclaimed_at >= RECLAIM_EVERY_SECONDS:
            reclaimed = yield from reclaim(self._keys, self._settings, **who, count=size)
            found = _without_suspects(reclaimed) or reclaimed[:1]
            taken = {one.stream_id for one in found}
            others = [one for one in reclaimed if one.stream_id not in taken]
            yield from release(self._settings, self._group, self._consumer, others)
            if len(found) < size and not others:  # otherwise there may be more
                self._reclaimed_at = time.monotonic()
        if not found:
            found = yield from receive(self._keys, self._settings, **who, count=size, block=wait)
        self._fetched.extend(found)
        self._renewed_at = time.monotonic()

    def _acknowledge_and_renew(self) -> Operation[None]:
        """Acknowledge what was handled, and renew the delivery of what was fetched and is to come.

        A result that another reader took over meanwhile, because the handling of one before it
        took over a minute, is dropped here.
        """
        pairs = [(one.stream_id, one.deliveries) for one in self._fetched]
        commands = []
        if self._handled:
            commands.append(acknowledge_command(self._settings, self._group, self._handled))
        if pairs:
            commands.append(hold_command(self._settings, self._group, self._consumer, pairs))
        if not commands:
            return
        replies = yield commands
        if self._handled:
            raise_for_errors(replies[:1])
            self._handled = []
        if pairs:
            renewed = held_deliveries(replies[-1], len(pairs))
            self._fetched = deque(
                one for one, deliveries in zip(self._fetched, renewed, strict=True) if deliveries
            )
        self._renewed_at = time.monotonic()


def _without_suspects(results: list[Received]) -> list[Received]:
    return [one for one in results if one.deliveries <= SUSPECT_DELIVERIES]
