"""A load run: entries sent on a schedule that is fixed ahead, and what was answered.

The schedule does not wait for answers (an open loop, as many independent backends are), and
latency counts from the moment an entry was due. A sender that is held up then shows in the figures
instead of hiding the delay (G. Tene, "How NOT to Measure Latency", 2013: coordinated omission).
"""

from __future__ import annotations

import secrets
import threading
import time
from typing import TYPE_CHECKING, Any

from producer.client import JournalClient
from producer.errors import BackpressureError, JournalError, Unavailable
from producer.load.ledger import Ledger, LoadReport
from producer.load.reader import LoadReaders
from producer.schemas import JournalEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from producer.load.schedule import Schedule
    from producer.sealing import KeySet
    from producer.settings import Settings

FIRST_WAIT_SECONDS = 0.05
LONGEST_WAIT_SECONDS = 1.0
#: How long no result may come after the last answer, so that a second answer is seen.
QUIET_SECONDS = 1.0
TICK_SECONDS = 0.1


class LoadRun:
    """Sends entries on a schedule, in a thread, and reads their results, in one for each shard.

    Args:
        settings: where Redis is and how the queues are called.
        keys: seal the entries. Results are counted, not opened.
        texts: the texts to send; as many as the schedule asks for.
        schedule: when to send.
        timeout: seconds without any progress after which unanswered entries count as lost.
        group: the consumer group to read with; created for this run and removed after it.
        quiet: seconds without a result after the last answer, before the run ends.
        lane: the name of the entries' lane; by default the first.
        tenant: whom the entries belong to, if anybody is named.

    Raises:
        ValidationError: there is no such lane.

    Attributes:
        ledger: what was sent and answered so far.
        state: why sending waits, "" while it does not.
    """

    def __init__(
        self,
        settings: Settings,
        keys: KeySet,
        texts: Iterator[str],
        schedule: Schedule,
        *,
        timeout: float = 120.0,
        group: str | None = None,
        quiet: float = QUIET_SECONDS,
        lane: str | None = None,
        tenant: str | None = None,
    ) -> None:
        settings.lane_set.named(lane)
        run_id = secrets.token_hex(4)
        self.ledger = Ledger(run_id)
        self.state = ""
        self._client = JournalClient(settings, keys)
        self._settings = settings
        self._texts = texts
        self._schedule = schedule
        self._timeout = timeout
        self._quiet = quiet
        self._where: dict[str, Any] = {"lane": lane, "tenant": tenant}
        self._group = group or f"load-{run_id}"
        self._stopping = threading.Event()
        self._failure: JournalError | None = None

    def run(self, on_tick: Callable[[LoadRun], None] = lambda _: None) -> LoadReport:
        """Send, read, and report what was measured.

        Args:
            on_tick: called a few times a second while the run goes on.

        Raises:
            JournalError: the run could not begin; what stops it later is in the report.
        """
        readers = LoadReaders(
            self._settings, self.ledger, group=self._group, give_up_after=self._timeout
        )
        try:
            readers.open()
            started = time.monotonic()
            readers.start()
            self._send_and_wait(started, readers, on_tick)
        finally:
            readers.stop()
            self._client.close()
        return self.ledger.report(started, self._failure or readers.failure)

    def _send_and_wait(
        self, started: float, readers: LoadReaders, on_tick: Callable[[LoadRun], None]
    ) -> None:
        sender = threading.Thread(
            target=self._send, args=(started,), name="load-sender", daemon=True
        )
        sender.start()
        try:
            self._wait(sender, readers, on_tick)
        finally:
            self._stopping.set()
            sender.join()

    def _wait(
        self, sender: threading.Thread, readers: LoadReaders, on_tick: Callable[[LoadRun], None]
    ) -> None:
        seen = -1
        progressed = time.monotonic()
        while readers.are_alive:
            sender.join(TICK_SECONDS)
            on_tick(self)
            now = time.monotonic()
            count = self.ledger.submitted + self.ledger.answers + self.ledger.dead
            if count != seen:
                seen, progressed = count, now
            if sender.is_alive():
                continue
            quiet_since = readers.quiet_since
            quiet = quiet_since and now - max(quiet_since, progressed) >= self._quiet
            if quiet and not self.ledger.outstanding:
                return
            if now - progressed >= self._timeout:
                return
            # The sender has ended, so joining it no longer waits.
            self._stopping.wait(TICK_SECONDS)

    def _send(self, started: float) -> None:
        try:
            for moments in self._schedule.due(started, self._stopping):
                made = time.monotonic()
                self._submit(
                    [
                        JournalEntry(entry_id=self.ledger.plan(due, made), text=next(self._texts))
                        for due in moments
                    ]
                )
        except JournalError as exc:
            self._failure = exc
        except StopIteration:
            self._failure = JournalError("the texts came to an end before the schedule did")

    def _submit(self, entries: Sequence[JournalEntry]) -> None:
        """Submit until all are enqueued; wait for room, or for Redis, up to the timeout."""
        pause = FIRST_WAIT_SECONDS
        since = time.monotonic()
        while entries and not self._stopping.is_set():
            try:
                receipts = self._client.submit_many(entries, **self._where)
            except (BackpressureError, Unavailable) as exc:
                receipts = list(exc.receipts)
                if receipts:
                    pause, since = FIRST_WAIT_SECONDS, time.monotonic()
                elif time.monotonic() - since > self._timeout:
                    raise
                full = isinstance(exc, BackpressureError)
                self.state = "no room, waiting" if full else "Redis does not answer, waiting"
                self._stopping.wait(pause)
                pause = min(2 * pause, LONGEST_WAIT_SECONDS)
            else:
                self.state = ""
            taken = {receipt.entry_id for receipt in receipts}
            for entry_id in taken:
                self.ledger.acknowledge(entry_id)
            entries = [entry for entry in entries if entry.entry_id not in taken]
