"""The client of a backend that runs threads: submit entries, read results."""

from __future__ import annotations

import socket
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Self, TypeVar

from producer.connection import connect, execute
from producer.errors import JournalError, ValidationError
from producer.operations import dead_letters
from producer.operations.reader import ResultReader
from producer.operations.results import acknowledge, receive, reclaim
from producer.operations.status import status
from producer.operations.submit import submit
from producer.schemas import JournalEntry
from producer.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence
    from types import TracebackType

    from producer.operations.base import Operation
    from producer.operations.dead_letters import StoredLetter
    from producer.operations.results import Received
    from producer.operations.status import Status
    from producer.receipts import Receipt
    from producer.schemas import JournalResult
    from producer.sealing import KeySet

T = TypeVar("T")


class JournalClient:
    """Submits entries and reads results; safe to share between threads.

    Args:
        settings: where Redis is and how the queues are called; from the environment by default.
        keys: the key set; from `settings.keys_file` by default.

    Raises:
        ConfigurationError: settings or keys are missing or wrong.
    """

    def __init__(self, settings: Settings | None = None, keys: KeySet | None = None) -> None:
        self._settings = settings or Settings.load()
        self._keys = keys or self._settings.key_set()
        self._redis = connect(self._settings.redis_url)
        self._readings: set[ResultReader] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Acknowledge what loops over `results` have dealt with; close the connections."""
        for reading in tuple(self._readings):
            with suppress(JournalError):  # then what was not acknowledged comes again
                self._run(reading.leave())
        self._readings.clear()
        self._redis.close()

    def submit(
        self, entry: JournalEntry | str, *, entry_id: str | None = None, context: str | None = None
    ) -> Receipt:
        """Hand over one entry and go on at once; a text alone gets a random id.

        Raises:
            ValidationError: the entry breaks a rule; nothing was enqueued.
            QueueFull, StoreFull: no room; nothing was enqueued.
            Unavailable: Redis did not answer; submitting the same `entry_id` again is safe.
        """
        return self.submit_many([as_entry(entry, entry_id, context)])[0]

    def submit_many(self, entries: Iterable[JournalEntry]) -> list[Receipt]:
        """Hand over many entries in pipelined batches; receipts come in the same order.

        Raises:
            QueueFull, StoreFull: no more room; its `receipts` tell what was enqueued.
            Unavailable: Redis did not answer; its `receipts` tell what was enqueued for certain,
                and submitting all of them again is safe.
        """
        return self._run(submit(entries, self._keys, self._settings))

    def receive(
        self, *, group: str = "backend", consumer: str = "1", count: int = 64, block: float = 0.0
    ) -> list[Received]:
        """Read up to `count` new results, waiting at most `block` seconds for the first.

        Each stays pending until `acknowledge` is called with its `stream_id`.
        """
        return self._run(
            receive(
                self._keys,
                self._settings,
                group=group,
                consumer=consumer,
                count=count,
                block=block,
            )
        )

    def reclaim(
        self, *, group: str = "backend", consumer: str = "1", count: int = 64
    ) -> list[Received]:
        """Take over results that another reader of the group left behind for a minute."""
        return self._run(
            reclaim(self._keys, self._settings, group=group, consumer=consumer, count=count)
        )

    def acknowledge(self, stream_ids: Sequence[str], *, group: str = "backend") -> int:
        """Tell that these results are dealt with; returns how many were still pending."""
        return self._run(acknowledge(self._settings, group=group, stream_ids=stream_ids))

    def results(
        self,
        *,
        group: str = "backend",
        consumer: str | None = None,
        count: int = 64,
        timeout: float | None = None,
        limit: int | None = None,
    ) -> Generator[JournalResult]:
        """Results as they come; each is acknowledged once the next one was asked for.

        Acknowledgements are sent together, at least every second of the loop's own work.

        A result whose handling raised, or after which the loop was left, is not acknowledged and
        comes again, a minute later. So does one whose handling takes over a minute: it counts as
        left behind, and another reader of the group gets it. Results fetched and not yet handed
        out stay this reader's, however slow it is. Several groups each get every result;
        consumers of one group share them.

        A result that does not open, in this reader or another, becomes a dead letter after a
        minute (`unreadable_result`).

        Args:
            group: the consumer group; made on first use.
            consumer: this reader's name in the group; the host's name by default.
            count: how many results to fetch at once.
            timeout: stop after this many seconds without a result; None waits for ever.
            limit: stop after so many results, leaving the others unread; None for no limit.
        """
        reading = ResultReader(
            self._keys,
            self._settings,
            group=group,
            consumer=consumer or socket.gethostname(),
            count=count,
            timeout=timeout,
            limit=limit,
        )
        self._readings.add(reading)
        try:
            while (received := self._run(reading.advance())) is not None:
                try:
                    yield received.result
                except GeneratorExit:
                    self._run(reading.leave())
                    raise
        finally:
            self._readings.discard(reading)

    def failed(self, after: str = "", count: int = 100) -> list[StoredLetter]:
        """Up to `count` entries that were given up, oldest first: why, and when.

        Their letters stay where they are. To go on later, pass the `stream_id` of the last one as
        `after`. A `replay` by an operator may still bring an answer.
        """
        return self._run(dead_letters.page(self._settings, after, count))

    def status(self) -> Status:
        """How many entries wait, are being worked on, are answered and unread, or are dead."""
        return self._run(status(self._settings))

    def _run(self, operation: Operation[T]) -> T:
        return execute(self._redis, operation)


def as_entry(entry: JournalEntry | str, entry_id: str | None, context: str | None) -> JournalEntry:
    """An entry from what `submit` was given.

    Raises:
        ValidationError: a whole entry was given, and an id or a context beside it.
    """
    if isinstance(entry, JournalEntry):
        if entry_id is not None or context is not None:
            raise ValidationError("a JournalEntry has its own entry_id and context")
        return entry
    return JournalEntry(entry_id=entry_id or uuid.uuid4().hex, text=entry, context=context)
