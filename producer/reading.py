"""The connections of a blocking client, and how it reads results."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Any, Self, TypeVar

from producer.connection import Fleet, Limit, connect, execute
from producer.errors import JournalError
from producer.operations.outage import OUTAGES, Outage
from producer.operations.reader import ResultReader
from producer.operations.results import acknowledge, receive, reclaim
from producer.operations.sharded import results as sharded
from producer.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from types import TracebackType

    from producer.operations.base import Operation
    from producer.operations.outage import OnOutage
    from producer.operations.results import Received
    from producer.operations.sharded.plan import Plan
    from producer.schemas import JournalResult
    from producer.sealing import KeySet

T = TypeVar("T")


class ResultsClient:
    """The part of `JournalClient` that holds its connections and reads results."""

    def __init__(self, settings: Settings | None = None, keys: KeySet | None = None) -> None:
        self._settings = settings or Settings.load()
        self._keys = keys or self._settings.key_set()
        self._fleet = Fleet.of(self._settings)
        if self._fleet is None:
            self._redis = connect(
                self._settings.only_url, max_connections=self._settings.max_connections
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
        if self._fleet is not None:
            self._fleet.close()
            return
        try:
            for reader in tuple(self._readers):
                self._run(reader.close())
        except JournalError:
            pass  # what was not acknowledged is then delivered again
        finally:
            self._readers.clear()
            self._redis.close()

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
        if self._fleet is not None:
            shards = self._fleet.shards
            plan = sharded.receive(
                shards, self._keys, self._settings, **who, count=count, block=block
            )
            return self._across(plan, timeout_seconds)
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
        if self._fleet is not None:
            shards = self._fleet.shards
            plan = sharded.reclaim(shards, self._keys, self._settings, **who, count=count)
            return self._across(plan, timeout_seconds)
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
        if self._fleet is not None:
            shards = self._fleet.shards
            done = sharded.acknowledge(shards, self._settings, group=group, stream_ids=stream_ids)
            return self._across(done, timeout_seconds)
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
            on_outage: `wait` goes on by itself after Redis did not answer, or was too full to make
                the group, for a while (for longer than `timeout` it raises), and logs when that
                begins and when it is over; `raise` raises at once. Results that were fetched stay
                fetched, and are not yielded again unless another reader took them over.

        Raises:
            Unavailable, StoreFull: Redis did not answer, or was full (see `on_outage`). Each of the
                loop's calls to Redis has `settings.timeout_seconds`, not the loop.
        """
        who: dict[str, Any] = {
            "group": group,
            "consumer": consumer or socket.gethostname(),
            "count": count,
            "timeout": timeout,
            "limit": limit,
        }
        if self._fleet is not None:
            shards = self._fleet.shards
            merged = sharded.MergedReader(
                shards, self._keys, self._settings, on_outage=on_outage, **who
            )
            yield from self._fleet.results(merged)
            return
        reader = ResultReader(self._keys, self._settings, **who)
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

    def _advance(self, reader: ResultReader, outage: Outage) -> Received | None:
        """The next result, however long an outage lasts; None at the end."""
        while True:
            try:
                received = self._run(reader.advance(), each_round_trip=True)
            except OUTAGES as exc:
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

    def _across(
        self,
        plan: Plan[T],
        timeout_seconds: float | None = None,
        *,
        each_round_trip: bool = False,
    ) -> T:
        assert self._fleet is not None
        seconds = timeout_seconds or self._settings.timeout_seconds
        return self._fleet.run(plan, Limit(seconds, each_round_trip))
