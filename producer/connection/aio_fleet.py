"""Carries out plans over several shards on an event loop; see `producer.connection.fleet`."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from producer.connection.clients import connect_async
from producer.connection.deadline import Limit
from producer.connection.execution import execute_async
from producer.errors import JournalError, Unavailable
from producer.operations.sharded.outages import KnownOutages
from producer.operations.sharded.plan import of_shard
from producer.sharding.shards import Shard, Shards

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    import redis.asyncio

    from producer.operations.base import Operation
    from producer.operations.sharded.plan import Outcomes, Plan
    from producer.operations.sharded.results import MergedReader
    from producer.schemas import JournalResult
    from producer.settings import Settings

T = TypeVar("T")


class AsyncFleet:
    """The connections to all shards; see `producer.connection.fleet.Fleet`.

    Args:
        shards: all of them.
        settings: how many connections to hold to each, and how long a call may take.

    Attributes:
        shards: the same.
    """

    def __init__(self, shards: Shards, settings: Settings) -> None:
        self.shards = shards
        self._outages = KnownOutages()
        self._limit = Limit(settings.timeout_seconds, each_round_trip=True)
        self._clients = {
            shard.name: connect_async(shard.url, max_connections=settings.max_connections)
            for shard in shards.all
        }
        self._loops: set[AsyncResultsLoop] = set()

    @classmethod
    def of(cls, settings: Settings) -> AsyncFleet | None:
        """The connections to the shards of the settings; None where there is one Redis."""
        return None if settings.shard_set is None else cls(settings.shard_set, settings)

    @classmethod
    def of_all(cls, settings: Settings) -> AsyncFleet:
        """The connections to the shards of the settings, or to the one Redis.

        That counts as the only shard then, by the name of `settings.shard`.
        """
        shards = settings.shard_set
        if shards is None:
            shards = Shards((Shard(settings.shard, settings.only_url),))
        return cls(shards, settings)

    def client(self, name: str) -> redis.asyncio.Redis:
        """The client of one shard; its connections are the fleet's."""
        return self._clients[name]

    async def close(self) -> None:
        """End all loops over results as if they were left; close the connections."""
        try:
            for loop in tuple(self._loops):
                await loop.close()
        finally:
            for client in self._clients.values():
                await client.aclose()

    async def run(self, plan: Plan[T], limit: Limit) -> T:
        """Carry out a plan; each of its operations may take so long.

        Raises:
            JournalError: what the plan raises.
        """
        try:
            operations = next(plan)
            while True:
                operations = plan.send(await self.outcomes(operations, limit))
        except StopIteration as stop:
            result: T = stop.value
            return result

    async def outcomes(
        self, operations: Mapping[str, Operation[Any]], limit: Limit | None = None
    ) -> Outcomes:
        """Carry out operations side by side, each on the shard that it stands under."""
        limit = limit or self._limit
        if len(operations) == 1:
            ((name, operation),) = operations.items()
            return {name: await self._outcome(name, operation, limit)}
        each = [self._one_of_several(*one, limit) for one in operations.items()]
        return dict(zip(operations, await asyncio.gather(*each), strict=True))

    async def results(self, reader: MergedReader) -> AsyncGenerator[JournalResult]:
        """Yield the results of all shards as they arrive."""
        loop = AsyncResultsLoop(self, reader)
        self._loops.add(loop)
        try:
            while reader.begin():
                found = await loop.next()
                if found is None:
                    return
                yield found
        finally:
            await loop.close()
            self._loops.discard(loop)

    async def _outcome(self, name: str, operation: Operation[Any], limit: Limit) -> Any:
        outcome: Any
        try:
            outcome = await execute_async(self._clients[name], operation, limit)
        except JournalError as exc:
            outcome = of_shard(exc, name)
        self._outages.note(name, outcome)
        return outcome

    async def _one_of_several(self, name: str, operation: Operation[Any], limit: Limit) -> Any:
        try:
            seconds = self._outages.seconds(name, limit.seconds)
        except Unavailable as exc:
            return exc
        return await self._outcome(name, operation, replace(limit, seconds=seconds))


class AsyncResultsLoop:
    """One loop over the results of all shards; see `producer.connection.fleet.ResultsLoop`.

    Args:
        fleet: the connections.
        reader: which results.
    """

    def __init__(self, fleet: AsyncFleet, reader: MergedReader) -> None:
        self._fleet = fleet
        self._reader = reader
        self._looking: dict[str, asyncio.Task[Any]] = {}
        self._leaving = asyncio.Event()

    async def next(self) -> JournalResult | None:
        """The next result; None when the reader is over."""
        while True:
            self._look()
            name = self._reader.ready(self._looking)
            if name is not None:
                outcome = (await self._fleet.outcomes({name: self._reader.take(name)}))[name]
                if isinstance(outcome, JournalError):
                    self._look_at(name, self._reader.looked(name, outcome))
                elif outcome is not None:
                    result: JournalResult = outcome.result
                    return result
                continue
            if self._reader.is_over() or self._leaving.is_set():
                return None
            await asyncio.wait(self._looking.values(), return_when=asyncio.FIRST_COMPLETED)

    async def close(self) -> None:
        """Wait for the looks under way, acknowledge what was handled and give back the rest."""
        self._leaving.set()
        if self._looking:
            await asyncio.wait(self._looking.values())
        # What could not be acknowledged is delivered again.
        await self._fleet.outcomes(self._reader.close())

    def _look(self) -> None:
        """Note the looks that have ended, and begin those that are wanted."""
        pauses: dict[str, float] = {}
        for name, task in list(self._looking.items()):
            if task.done():
                del self._looking[name]
                outcome = task.result()
                error = outcome if isinstance(outcome, JournalError) else None
                pauses[name] = self._reader.looked(name, error)
        for name in self._reader.idle(self._looking):
            self._look_at(name, pauses.get(name, 0.0))

    def _look_at(self, name: str, pause: float) -> None:
        if not self._leaving.is_set():
            operation = self._reader.look(name)
            self._looking[name] = asyncio.create_task(self._looked(name, operation, pause))

    async def _looked(self, name: str, operation: Operation[None], pause: float) -> Any:
        if pause:
            try:
                async with asyncio.timeout(pause):
                    await self._leaving.wait()
            except TimeoutError:
                pass
            else:
                return None
        return (await self._fleet.outcomes({name: operation}))[name]
