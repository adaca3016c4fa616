"""Submitting entries with patience: what finds no room in a full queue is submitted again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from producer.errors import QueueFull

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from producer.client import JournalClient
    from producer.receipts import Receipt
    from producer.schemas import JournalEntry

FIRST_WAIT_SECONDS = 0.05
LONGEST_WAIT_SECONDS = 2.0


class Submitter:
    """Submits chunk after chunk and waits while the queue is full.

    Args:
        client: submits the entries.
        lane: of the entries; None for the first.
        tenant: whom the entries belong to, if anybody is named.
        wait: whether to wait for room; otherwise the first `QueueFull` is raised.
        on_wait: called with True before the first wait for room, with False once there is some.

    Attributes:
        queued: entries enqueued so far.
        duplicates: entries so far whose id had been submitted before.
    """

    def __init__(
        self,
        client: JournalClient,
        *,
        wait: bool,
        on_wait: Callable[[bool], None],
        lane: str | None = None,
        tenant: str | None = None,
    ) -> None:
        self._client = client
        self._wait = wait
        self._where: dict[str, Any] = {"lane": lane, "tenant": tenant}
        self._on_wait = on_wait
        self.queued = 0
        self.duplicates = 0

    def send(self, entries: Sequence[JournalEntry]) -> Iterator[Receipt]:
        """Submit these entries; yields their receipts as the queue takes them.

        Raises:
            QueueFull: there is no room, and the submitter is not to wait.
            JournalError: as `JournalClient.submit_many`.
        """
        pause = 0.0
        while True:
            try:
                receipts: Sequence[Receipt] = self._client.submit_many(entries, **self._where)
                full = None
            except QueueFull as exc:
                receipts, full = exc.receipts, exc
            taken = {receipt.entry_id for receipt in receipts}
            for receipt in receipts:
                self.queued += receipt.status == "queued"
                self.duplicates += receipt.status == "duplicate"
                yield receipt
            if full is None:
                if pause:
                    self._on_wait(False)
                return
            if not self._wait:
                raise full
            if not pause:
                self._on_wait(True)
            # Receipts may come from the middle: duplicates are known without room.
            entries = [entry for entry in entries if entry.entry_id not in taken]
            pause = FIRST_WAIT_SECONDS if taken else min(2 * pause, LONGEST_WAIT_SECONDS)
            pause = pause or FIRST_WAIT_SECONDS
            time.sleep(pause)
