"""Carries out plans over several shards, blocking: a thread for each shard that is waited for."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextvars import copy_context
from dataclasses import replace
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, TypeVar

from producer.connection.clients import connect
from producer.connection.deadline import Limit
from producer.connection.execution import execute
from producer.errors import JournalError, Unavailable
from producer.operations.sharded.outages import KnownOutages
from producer.operations.sharded.plan import of_shard

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from producer.operations.base import Operation
    from producer.operations.sharded.plan import Outcomes, Plan
    from producer.operations.sharded.results import MergedReader
    from producer.schemas import JournalResult
    from producer.settings import Settings
    from producer.sharding.shards import Shards

T = TypeVar("T")


class Fleet:
    """The connections to all shards.

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
            shard.name: connect(shard.url, max_connections=settings.max_connections)
            for shard in shards.all
        }
        self._loops: set[ResultsLoop] = set()

    @classmethod
    def of(cls, settings: Settings) -> Fleet | None:
        """The connections to the shards of the settings; None where there is one Redis."""
        return None if settings.shard_set is None else cls(settings.shard_set, settings)

    def close(self) -> None:
        """End all loops over results as if they were left; close the connections."""
        try:
            for loop in tuple(self._loops):
                loop.close()
        finally:
            for client in self._clients.values():
                client.close()

    def run(self, plan: Plan[T], limit: Limit) -> T:
        """Carry out a plan; each of its operations may take so long.

        Raises:
            JournalError: what the plan raises.
        """
        try:
            operations = next(plan)
            while True:
                operations = plan.send(self.outcomes(operations, limit))
        except StopIteration as stop:
            result: T = stop.value
            return result

    def outcomes(
        self, operations: Mapping[str, Operation[Any]], limit: Limit | None = None
    ) -> Outcomes:
        """Carry out operations side by side, each on the shard that it stands under."""
        if not operations:
            return {}
        *others, last = operations.items()
        limit = limit or self._limit
        ask = self._one_of_several if others else self._outcome
        found: dict[str, Any] = {}

        def note(name: str, operation: Operation[Any]) -> None:
            found[name] = ask(name, operation, limit)

        # Each with the caller's context, which holds the trace and the deadline. No executor: one
        # takes no work while the interpreter ends, when loops over results may be closed.
        threads = [Thread(target=copy_context().run, args=(note, *each)) for each in others]
        for thread in threads:
            thread.start()
        note(*last)
        for thread in threads:
            thread.join()
        return {name: found[name] for name in operations}

    def results(self, reader: MergedReader) -> Generator[JournalResult]:
        """Yield the results of all shards as they arrive."""
        loop = ResultsLoop(self, reader)
        self._loops.add(loop)
        try:
            yield from loop.results()
        finally:
            loop.close()
            self._loops.discard(loop)

    def _outcome(self, name: str, operation: Operation[Any], limit: Limit) -> Any:
        outcome: Any
        try:
            outcome = execute(self._clients[name], operation, limit)
        except JournalError as exc:
            outcome = of_shard(exc, name)
        self._outages.note(name, outcome)
        return outcome

    def _one_of_several(self, name: str, operation: Operation[Any], limit: Limit) -> Any:
        try:
            seconds = self._outages.seconds(name, limit.seconds)
        except Unavailable as exc:
            return exc
        return self._outcome(name, operation, replace(limit, seconds=seconds))


class ResultsLoop:
    """One loop over the results of all shards.

    Args:
        fleet: the connections.
        reader: which results.
    """

    def __init__(self, fleet: Fleet, reader: MergedReader) -> None:
        self._fleet = fleet
        self._reader = reader
        self._looking: dict[str, Future[Any]] = {}
        self._leaving = Event()

    def results(self) -> Generator[JournalResult]:
        """Yield results until the reader is over."""
        while self._reader.begin():
            found = self._next()
            if found is None:
                return
            yield found

    def close(self) -> None:
        """Wait for the looks under way, acknowledge what was handled and give back the rest."""
        self._leaving.set()
        wait(self._looking.values())
        # What could not be acknowledged is delivered again.
        self._fleet.outcomes(self._reader.close())

    def _next(self) -> JournalResult | None:
        while True:
            self._look()
            name = self._reader.ready(self._looking)
            if name is not None:
                outcome = self._fleet.outcomes({name: self._reader.take(name)})[name]
                if isinstance(outcome, JournalError):
                    self._look_at(name, self._reader.looked(name, outcome))
                elif outcome is not None:
                    result: JournalResult = outcome.result
                    return result
                continue
            if self._reader.is_over() or self._leaving.is_set():
                return None
            wait(self._looking.values(), return_when=FIRST_COMPLETED)

    def _look(self) -> None:
        """Note the looks that have ended, and begin those that are wanted."""
        pauses: dict[str, float] = {}
        for name, future in list(self._looking.items()):
            if future.done():
                del self._looking[name]
                outcome = future.result()
                error = outcome if isinstance(outcome, JournalError) else None
                pauses[name] = self._reader.looked(name, error)
        for name in self._reader.idle(self._looking):
            self._look_at(name, pauses.get(name, 0.0))

    def _look_at(self, name: str, pause: float) -> None:
        if not self._leaving.is_set():
            operation = self._reader.look(name)
            future = self._looking[name] = Future()
            Thread(target=self._end, args=(future, name, operation, pause)).start()

    def _end(
        self, future: Future[Any], name: str, operation: Operation[None], pause: float
    ) -> None:
        try:
            left = pause > 0 and self._leaving.wait(pause)
            future.set_result(None if left else self._fleet.outcomes({name: operation})[name])
        except BaseException as exc:
            future.set_exception(exc)
            raise
