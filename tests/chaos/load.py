"""Steady load on a system that fails: submit with the same id until it is acknowledged."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from producer import JournalClient, JournalEntry
from producer.errors import BackpressureError, JournalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from producer import Settings
    from tests.chaos.ledger import Ledger

CHUNK = 64
#: Part of every text; may stand in no log.
WORDS = "of a run in which things break"
_TEXT = f"Entry {{}} {WORDS}. It is about as long as a short note in a diary."


class Submitter(threading.Thread):
    """Submits chunks at a rate, and again with the same ids until they are acknowledged.

    Args:
        settings: where to submit.
        ledger: is told what was acknowledged.
        rate: entries a second.
        entry: makes the entry of a number.
        chunk: how many are submitted at once.
    """

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        rate: float,
        entry: Callable[[int], JournalEntry] | None = None,
        *,
        chunk: int = CHUNK,
    ) -> None:
        super().__init__(name="submitter", daemon=True)
        self._entry = entry or _entry
        self._chunk = chunk
        self._settings = settings
        self._ledger = ledger
        self._rate = rate
        self._stopping = threading.Event()
        self._renewing = threading.Event()
        self._bursts: deque[tuple[float, int]] = deque(maxlen=1)

    def run(self) -> None:
        """Submit until told to stop."""
        client = JournalClient(self._settings)
        sent = 0
        started = time.monotonic()
        while not self._stopping.is_set():
            if self._renewing.is_set():
                self._renewing.clear()
                client.close()
                client = JournalClient(self._settings)
            count = self._idle_before_burst() or self._chunk
            self._submit(client, [self._entry(sent + i) for i in range(count)])
            sent += count
            self._stopping.wait(max(0.0, started + sent / self._rate - time.monotonic()))
        client.close()

    def burst(self, idle: float, entries: int) -> bool:
        """Submit nothing for a while, then many entries at once, and less afterwards.

        Args:
            idle: how many seconds nothing is submitted.
            entries: how many are submitted then.

        Returns:
            False if a burst is to come already.
        """
        if self._bursts:
            return False
        self._bursts.append((idle, entries))
        return True

    def renew(self) -> None:
        """Submit by a new client from the next chunk on, which reads the key file anew."""
        self._renewing.set()

    def stop(self) -> None:
        """Submit no more."""
        self._stopping.set()
        if self.ident is not None:
            self.join(timeout=60)

    def _idle_before_burst(self) -> int:
        """Wait, if there is to be a burst; returns of how many entries, or 0."""
        if not self._bursts:
            return 0
        idle, entries = self._bursts[0]
        self._stopping.wait(idle)
        self._bursts.clear()
        return entries

    def _submit(self, client: JournalClient, chunk: list[JournalEntry]) -> None:
        while True:
            try:
                receipts = client.submit_many(chunk)
            except BackpressureError as exc:
                self._ledger.submitted([receipt.entry_id for receipt in exc.receipts])
            except JournalError:
                pass
            else:
                self._ledger.submitted([receipt.entry_id for receipt in receipts])
                return
            if self._stopping.wait(0.2):
                return


def _entry(number: int) -> JournalEntry:
    return JournalEntry(entry_id=f"chaos-{number}", text=_TEXT.format(number))


def entry_of(entry_id: str) -> JournalEntry:
    """The entry that a submitter made with this id, where it was not told how to."""
    return _entry(int(entry_id.rpartition("-")[2]))
