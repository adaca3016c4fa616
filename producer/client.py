"""The client of a backend that blocks on Redis: submit entries, read results."""

from __future__ import annotations

import socket
import time
import uuid
from typing import TYPE_CHECKING, Self, TypeVar

from producer.connection import Limit, connect, execute
from producer.errors import JournalError, Unavailable, ValidationError
from producer.operations import dead_letters
from producer.operations.outage import Outage
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
    from producer.operations.outage import OnOutage
    from producer.operations.results import Received
    from producer.operations.status import Status
    from producer.receipts import Receipt
    from producer.schemas import JournalResult
    from producer.sealing import KeySet

T = TypeVar("T")


class JournalClient:
    """Submits entries and reads results; safe to share between threads, and to hold on to.

    It connects on first use, to at most `settings.max_connections` connections, for which its calls
    wait, and follows the primary when that moves. Every method that asks Redis raises `Unavailable`
    if Redis does not answer, `ConfigurationError` if Redis refuses the user or the user lacks a
    permission, and `JournalError` on any other error reply.

    Each call ends within `settings.timeout_seconds`, or its own `timeout_seconds`, in which it
    looks up names, waits for a connection, connects and repeats. `receive` adds to it the seconds
    for which it is told to wait.

    Args:
        settings: where Redis is and how the queues are called; from the environment by default.
        keys: the key set, which seals entries and opens results; from `settings.keys_file` by
            default.

    Raises:
        ConfigurationError: settings or keys are missing or wrong.
    """

    def __init__(self, settings: Settings | None = None, keys: KeySet | None = None) -> None:
        self._settings = settings or Settings.load()
        self._keys = keys or self._settings.key_set()
        self._redis = connect(
            self._settings.redis_url, max_connections=self._settings.max_connections
        )
        self._readers: set[ResultReader] = set()

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
        """Acknowledge the results that loops over `results` have handled; close the connections."""
        try:
            for reader in tuple(self._readers):
                self._run(reader.close())
        except JournalError:
            pass  # what was not acknowledged is then delivered again
        finally:
            self._readers.clear()
            self._redis.close()

    def submit(
        self,
        entry: JournalEntry | str,
        *,
        entry_id: str | None = None,
        context: str | None = None,
        timeout_seconds: float | None = None,
    ) -> Receipt:
        """Submit one entry, without waiting for its result.

        Args:
            entry: the entry, or its text, of 1 to 50,000 characters.
            entry_id: the id of a text, 1 to 128 of `A-Za-z0-9._:-`; random by default.
            context: returned unchanged with the result of a text; at most 256 characters.
            timeout_seconds: within which the call ends; by default as set.

        Raises:
            ValidationError: the entry breaks a rule; nothing was enqueued.
            QueueFull, StoreFull: no room; nothing was enqueued.
            Unavailable: Redis did not answer, or too few replicas confirmed the entry
                (`NotReplicated`); submitting the same `entry_id` again is safe.
        """
        entries = [as_entry(entry, entry_id, context)]
        return self.submit_many(entries, timeout_seconds=timeout_seconds)[0]

    def submit_many(
        self, entries: Iterable[JournalEntry], *, timeout_seconds: float | None = None
    ) -> list[Receipt]:
        """Submit many entries, up to 128 in a call to Redis; returns their receipts in order.

        Args:
            entries: the entries, as many as there are.
            timeout_seconds: within which Redis has to take those of each call; by default as set.

        Raises:
            QueueFull, StoreFull: no more room; its `receipts` are of the entries enqueued before.
            Unavailable: Redis did not answer, or too few replicas confirmed the entries
                (`NotReplicated`); its `receipts` are of the entries that are enqueued for certain,
                and submitting all entries again is safe.
        """
        operation = submit(entries, self._keys, self._settings, timeout_seconds=timeout_seconds)
        return self._run(operation, timeout_seconds, each_round_trip=True)

    def receive(
        self,
        *,
        group: str = "backend",
        consumer: str = "1",
        count: int = 64,
        block: float = 0.0,
        timeout_seconds: float | None = None,
    ) -> list[Received]:
        """Read up to `count` new results, waiting at most `block` seconds for the first.

        Each stays pending until `acknowledge` is called with its `stream_id`. A result that does
        not open with the key set is left out, and stays pending. The call ends within
        `timeout_seconds` and `block`.
        """
        who = {"group": group, "consumer": consumer}
        operation = receive(self._keys, self._settings, **who, count=count, block=block)
        return self._run(operation, timeout_seconds)

    def reclaim(
        self,
        *,
        group: str = "backend",
        consumer: str = "1",
        count: int = 64,
        timeout_seconds: float | None = None,
    ) -> list[Received]:
        """Take over up to `count` results that were delivered a minute ago and not acknowledged.

        A result that does not open with the key set becomes a dead letter (`unreadable_result`),
        and so does one delivered `max_result_deliveries` times before (`unhandled_result`).
        """
        who = {"group": group, "consumer": consumer}
        operation = reclaim(self._keys, self._settings, **who, count=count)
        return self._run(operation, timeout_seconds)

    def acknowledge(
        self,
        stream_ids: Sequence[str],
        *,
        group: str = "backend",
        timeout_seconds: float | None = None,
    ) -> int:
        """Acknowledge results that are handled; returns how many of them were still pending."""
        operation = acknowledge(self._settings, group=group, stream_ids=stream_ids)
        return self._run(operation, timeout_seconds)

    def results(
        self,
        *,
        group: str = "backend",
        consumer: str | None = None,
        count: int = 64,
        timeout: float | None = None,
        limit: int | None = None,
        on_outage: OnOutage = "wait",
    ) -> Generator[JournalResult]:
        """Yield results as they arrive; asking for the next one acknowledges the one before.

        Acknowledgements are sent together, at least once a second while the loop does its work.

        A result is delivered again a minute later, possibly to another reader of the group, if its
        handling raised, if the loop was left after it, or if its handling took over a minute.
        Results that were fetched and not yet yielded stay with this reader, however slow it is.
        Each group gets every result; the consumers of one group share them.

        A result that does not open with the key set of any reader becomes a dead letter after a
        minute (`unreadable_result`); one that was delivered `max_result_deliveries` times and never
        acknowledged, at its next delivery (`unhandled_result`).

        Args:
            group: the consumer group; created on first use.
            consumer: this reader's name in the group; the host's name by default.
            count: how many results to fetch at once.
            timeout: stop after this many seconds without a result; None waits for ever.
            limit: stop after so many results and leave the others unread; None for no limit.
            on_outage: `wait` goes on by itself after Redis did not answer for a while (for longer
                than `timeout` it raises), and logs when that begins and when it is over; `raise`
                raises at once. Results that were fetched stay fetched, and are not yielded again
                unless another reader took them over.

        Raises:
            Unavailable: Redis did not answer (see `on_outage`). Each of the loop's calls to Redis
                has `settings.timeout_seconds`, not the loop.
        """
        reader = ResultReader(
            self._keys,
            self._settings,
            group=group,
            consumer=consumer or socket.gethostname(),
            count=count,
            timeout=timeout,
            limit=limit,
        )
        yield from self._read(reader, Outage(on_outage, timeout))

    def _read(self, reader: ResultReader, outage: Outage) -> Generator[JournalResult]:
        self._readers.add(reader)
        try:
            while (received := self._advance(reader, outage)) is not None:
                try:
                    yield received.result
                except GeneratorExit:
                    self._run(reader.close())
                    raise
        finally:
            self._readers.discard(reader)

    def failed(
        self, after: str = "", count: int = 100, *, timeout_seconds: float | None = None
    ) -> list[StoredLetter]:
        """Up to `count` dead letters, oldest first: which entry failed, why and when.

        They stay on the dead stream, and an operator may still replay them, after which the entry
        can get a result.

        Args:
            after: the `stream_id` of the last dead letter seen; "" to begin with the oldest.
            count: how many to return at most.
            timeout_seconds: within which the call ends; by default as set.
        """
        return self._run(dead_letters.page(self._settings, after, count), timeout_seconds)

    def status(self, *, timeout_seconds: float | None = None) -> Status:
        """How many entries wait, are being worked on, are answered and unread, or are dead."""
        return self._run(status(self._settings), timeout_seconds)

    def _advance(self, reader: ResultReader, outage: Outage) -> Received | None:
        """The next result, however long Redis does not answer; None at the end."""
        while True:
            try:
                received = self._run(reader.advance(), each_round_trip=True)
            except Unavailable as exc:
                time.sleep(outage.pause(exc))
            else:
                outage.over()
                return received

    def _run(
        self,
        operation: Operation[T],
        timeout_seconds: float | None = None,
        *,
        each_round_trip: bool = False,
    ) -> T:
        seconds = timeout_seconds or self._settings.timeout_seconds
        return execute(self._redis, operation, Limit(seconds, each_round_trip))


def as_entry(entry: JournalEntry | str, entry_id: str | None, context: str | None) -> JournalEntry:
    """The entry itself, or one made of its text, its id (random by default) and its context.

    Raises:
        ValidationError: the text, id or context breaks a rule, or an id or a context was given
            beside an entry, which has its own.
    """
    if isinstance(entry, JournalEntry):
        if entry_id is not None or context is not None:
            raise ValidationError("a JournalEntry has its own entry_id and context")
        return entry
    return JournalEntry(entry_id=entry_id or uuid.uuid4().hex, text=entry, context=context)
