"""The client of a backend that runs threads: submit entries, read results."""

from __future__ import annotations

import socket
import time
import uuid
from typing import TYPE_CHECKING, Any, Self, TypeVar

from redis.exceptions import RedisError

from producer import operations
from producer.connection import connect
from producer.schemas import JournalEntry
from producer.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import TracebackType

    import redis

    from producer.operations import Operation, Receipt, Received, Status
    from producer.schemas import JournalResult
    from producer.sealing import KeySet

T = TypeVar("T")
#: One blocking read; longer waits are made of several, so that an interrupt is heard.
BLOCK_SECONDS = 2.0
_RECLAIM_EVERY_SECONDS = 15.0
#: A slow handler's results must not look abandoned to the other readers of its group.
ACKNOWLEDGE_SECONDS = 1.0


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
        """Close the connections to Redis."""
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
            Unavailable: Redis did not answer; submitting all of them again is safe.
        """
        return self._run(operations.submit(entries, self._keys, self._settings))

    def receive(
        self, *, group: str = "backend", consumer: str = "1", count: int = 64, block: float = 0.0
    ) -> list[Received]:
        """Read up to `count` new results, waiting at most `block` seconds for the first.

        Each stays pending until `acknowledge` is called with its `stream_id`.
        """
        return self._run(
            operations.receive(
                self._keys, self._settings, group=group, consumer=consumer, count=count,
                block_ms=int(min(block, BLOCK_SECONDS) * 1000),
            )
        )  # fmt: skip

    def reclaim(
        self, *, group: str = "backend", consumer: str = "1", count: int = 64
    ) -> list[Received]:
        """Take over results that another reader of the group left behind for a minute."""
        return self._run(
            operations.reclaim(
                self._keys, self._settings, group=group, consumer=consumer, count=count
            )
        )

    def acknowledge(self, stream_ids: Sequence[str], *, group: str = "backend") -> int:
        """Tell that these results are dealt with; returns how many were still pending."""
        return self._run(operations.acknowledge(self._settings, group=group, stream_ids=stream_ids))

    def results(
        self,
        *,
        group: str = "backend",
        consumer: str | None = None,
        count: int = 64,
        timeout: float | None = None,
    ) -> Iterator[JournalResult]:
        """Results as they come; each is acknowledged once the next one was asked for.

        Acknowledgements are sent together, at least every second of the loop's own work.

        A result whose handling raised, or after which the loop was left, is not acknowledged and
        comes again. Several groups each get every result; consumers of one group share them.

        Args:
            group: the consumer group; made on first use.
            consumer: this reader's name in the group; the host's name by default.
            count: how many results to fetch at once.
            timeout: stop after this many seconds without a result; None waits for ever.
        """
        consumer = consumer or socket.gethostname()
        reclaimed_at = -_RECLAIM_EVERY_SECONDS
        last_result = time.monotonic()
        while True:
            batch: list[Received] = []
            if time.monotonic() - reclaimed_at >= _RECLAIM_EVERY_SECONDS:
                batch = self.reclaim(group=group, consumer=consumer, count=count)
                reclaimed_at = time.monotonic()
            wait = BLOCK_SECONDS
            if timeout is not None:
                wait = max(0.0, min(wait, last_result + timeout - time.monotonic()))
            batch = batch or self.receive(group=group, consumer=consumer, count=count, block=wait)
            done: list[str] = []
            acknowledged_at = time.monotonic()
            try:
                for received in batch:
                    yield received.result
                    done.append(received.stream_id)
                    if time.monotonic() - acknowledged_at > ACKNOWLEDGE_SECONDS:
                        self.acknowledge(done, group=group)
                        done, acknowledged_at = [], time.monotonic()
            finally:
                self.acknowledge(done, group=group)
            if batch:
                last_result = time.monotonic()
            elif timeout is not None and time.monotonic() - last_result >= timeout:
                return

    def status(self) -> Status:
        """How many entries wait, are being worked on, are answered and unread, or are dead."""
        return self._run(operations.status(self._settings))

    def _run(self, operation: Operation[T]) -> T:
        return carry(self._redis, operation)


def carry(client: redis.Redis, operation: Operation[T]) -> T:
    """Take an operation's commands to Redis and its replies back; returns the operation's result.

    Raises:
        JournalError: what the operation makes of an error.
    """
    try:
        commands = next(operation)
        while True:
            pipeline: Any = client.pipeline(transaction=False)
            for command in commands:
                pipeline.execute_command(*command)
            try:
                replies = pipeline.execute(raise_on_error=False)
            except RedisError as exc:
                replies = [exc] * len(commands)
            commands = operation.send(replies)
    except StopIteration as stop:
        result: T = stop.value
        return result


def as_entry(entry: JournalEntry | str, entry_id: str | None, context: str | None) -> JournalEntry:
    """An entry from what `submit` was given."""
    if isinstance(entry, JournalEntry):
        return entry
    return JournalEntry(entry_id=entry_id or uuid.uuid4().hex, text=entry, context=context)
