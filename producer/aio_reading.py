"""The connections of an asyncio client, and how it reads results."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Any, Self, TypeVar

from producer.connection import AsyncFleet, Limit, connect_async, execute_async
from producer.errors import JournalError
from producer.operations.outage import OUTAGES, Outage
from producer.operations.reader import ResultReader
from producer.operations.results import acknowledge, receive, reclaim
from producer.operations.sharded import results as sharded
from producer.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from types import TracebackType

    from producer.operations.base import Operation
    from producer.operations.outage import OnOutage
    from producer.operations.results import Received
    from producer.operations.sharded.plan import Plan
    from producer.schemas import JournalResult
    from producer.sealing import KeySet

T = TypeVar("T")


class AsyncResultsClient:
    """The part of `AsyncJournalClient` that holds its connections and reads results."""

    def __init__(self, settings: Settings | None = None, keys: KeySet | None = None) -> None:
        self._settings = settings or Settings.load()
        self._keys = keys or self._settings.key_set()
        self._fleet = AsyncFleet.of(self._settings)
        if self._fleet is None:
            self._redis = connect_async(
                self._settings.only_url, max_connections=self._settings.max_connections
            )
        self._readers: set[ResultReader] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Acknowledge the results that loops over `results` have handled; close the connections."""
        if self._fleet is not None:
            await self._fleet.close()
            return
        try:
            for reader in tuple(self._readers):
                await self._run(reader.close())
        except JournalError:
            pass  # what was not acknowledged is then delivered again
        finally:
            self._readers.clear()
            await self._redis.aclose()

    async def receive(
        self,
        *,
        group: str = "backend",
        consumer: str = "1",
        count: int = 64,
        block: float = 0.0,
        timeout_seconds: float | None = None,
    ) -> list[Received]:
        """Read up to `count` new results, waiting at most `block` seconds for the first."""
        who = {"group": group, "consumer": consumer}
        if self._fleet is not None:
            shards = self._fleet.shards
            plan = sharded.receive(
                shards, self._keys, self._settings, **who, count=count, block=block
            )
            return await self._across(plan, timeout_seconds)
        operation = receive(self._keys, self._settings, **who, count=count, block=block)
        return await self._run(operation, timeout_seconds)

    async def reclaim(
        self,
        *,
        group: str = "backend",
        consumer: str = "1",
        count: int = 64,
        timeout_seconds: float | None = None,
    ) -> list[Received]:
        """Take over up to `count` results that were delivered a minute ago and not acknowledged."""
        who = {"group": group, "consumer": consumer}
        if self._fleet is not None:
            shards = self._fleet.shards
            plan = sharded.reclaim(shards, self._keys, self._settings, **who, count=count)
            return await self._across(plan, timeout_seconds)
        operation = reclaim(self._keys, self._settings, **who, count=count)
        return await self._run(operation, timeout_seconds)

    async def acknowledge(
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
            return await self._across(done, timeout_seconds)
        operation = acknowledge(self._settings, group=group, stream_ids=stream_ids)
        return await self._run(operation, timeout_seconds)

    async def results(
        self,
        *,
        group: str = "backend",
        consumer: str | None = None,
        count: int = 64,
        timeout: float | None = None,  # noqa: ASYNC109 - ends an idle stream, not a call
        limit: int | None = None,
        on_outage: OnOutage = "wait",
    ) -> AsyncGenerator[JournalResult]:
        """Yield results as they arrive; see `JournalClient.results`.

        A loop that may be left early, by `break` or an error, should close the generator, so that
        the handled results are acknowledged then and not at some later moment:

            async with contextlib.aclosing(client.results()) as results:
                async for result in results: ...
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
            async with contextlib.aclosing(self._fleet.results(merged)) as found:
                async for result in found:
                    yield result
            return
        reader = ResultReader(self._keys, self._settings, **who)
        self._readers.add(reader)
        outage = Outage(on_outage, timeout)
        try:
            while (received := await self._advance(reader, outage)) is not None:
                try:
                    yield received.result
                except GeneratorExit:
                    await self._run(reader.close())
                    raise
        finally:
            self._readers.discard(reader)

    async def _advance(self, reader: ResultReader, outage: Outage) -> Received | None:
        """The next result, however long an outage lasts; None at the end."""
        while True:
            try:
                received = await self._run(reader.advance(), each_round_trip=True)
            except OUTAGES as exc:
                await asyncio.sleep(outage.pause(exc))
            else:
                outage.over()
                return received

    async def _run(
        self,
        operation: Operation[T],
        timeout_seconds: float | None = None,
        *,
        each_round_trip: bool = False,
    ) -> T:
        seconds = timeout_seconds or self._settings.timeout_seconds
        return await execute_async(self._redis, operation, Limit(seconds, each_round_trip))

    async def _across(
        self,
        plan: Plan[T],
        timeout_seconds: float | None = None,
        *,
        each_round_trip: bool = False,
    ) -> T:
        assert self._fleet is not None
        seconds = timeout_seconds or self._settings.timeout_seconds
        return await self._fleet.run(plan, Limit(seconds, each_round_trip))
