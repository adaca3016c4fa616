"""Reading the results of all shards: a batch, or one by one. Free of I/O."""

from __future__ import annotations

import random
import time
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from producer.errors import JournalError
from producer.operations import results as on_one
from producer.operations.outage import OUTAGES, Outage
from producer.operations.reader import ResultReader
from producer.operations.sharded.plan import errors_of, join_id, raise_for_outcomes, split_id

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from producer.operations.base import Operation
    from producer.operations.outage import OnOutage
    from producer.operations.results import Received
    from producer.operations.sharded.plan import Outcomes, Plan
    from producer.sealing import KeySet
    from producer.settings import Settings
    from producer.sharding.shards import Shards

#: How long a read of one shard waits while others may have results; a loop that is left waits for
#: its end.
LOOK_SECONDS = 0.5
#: The same where a read must not outlast the call that began it.
_SLICE_SECONDS = 0.1


def receive(
    shards: Shards, keys: KeySet, settings: Settings, *, count: int, block: float, **who: str
) -> Plan[list[Received]]:
    """Up to `count` new results of all shards, whose `stream_id` begins with the shard's name.

    Raises:
        JournalError: nothing was read, and this shard did not answer.
    """
    ends, wait = time.monotonic() + block, 0.0
    while True:
        outcomes = yield {
            name: on_one.receive(keys, settings, **who, count=some, block=wait)
            for name, some in _divided(count, shards).items()
        }
        if found := _received(outcomes):
            return found
        raise_for_outcomes(outcomes)
        wait = min(_SLICE_SECONDS, ends - time.monotonic())
        if wait <= 0:
            return []


def reclaim(
    shards: Shards, keys: KeySet, settings: Settings, *, count: int, **who: str
) -> Plan[list[Received]]:
    """Take over up to `count` results of all shards; see `producer.operations.results.reclaim`."""
    outcomes = yield {
        name: on_one.reclaim(keys, settings, **who, count=some)
        for name, some in _divided(count, shards).items()
    }
    if found := _received(outcomes):
        return found
    raise_for_outcomes(outcomes)
    return []


def acknowledge(
    shards: Shards, settings: Settings, *, group: str, stream_ids: Sequence[str]
) -> Plan[int]:
    """Acknowledge results, each on the shard that its stream id names."""
    by_shard: dict[str, list[str]] = {}
    for joined in stream_ids:
        name, stream_id = split_id(joined, shards)
        by_shard.setdefault(name, []).append(stream_id)
    outcomes = yield {
        name: on_one.acknowledge(settings, group=group, stream_ids=ids)
        for name, ids in by_shard.items()
    }
    return sum(raise_for_outcomes(outcomes).values())


def _divided(count: int, shards: Shards) -> dict[str, int]:
    """How many results to ask each shard for, `count` together; each is the first one in turn."""
    names = random.sample(shards.names, len(shards.names))
    each, rest = divmod(count, len(names))
    shares = {name: each + (place < rest) for place, name in enumerate(names)}
    return {name: share for name, share in shares.items() if share}


def _received(outcomes: Outcomes) -> list[Received]:
    return [
        replace(one, stream_id=join_id(name, one.stream_id))
        for name, outcome in outcomes.items()
        if not isinstance(outcome, JournalError)
        for one in outcome
    ]


class MergedReader:
    """Returns the results of all shards one by one, as `ResultReader` does those of one.

    Whoever has it keeps one `look` under way on each shard of `idle`, and calls `begin` before it
    waits for the next result, which `ready` names the shard of.

    Args:
        shards: all of them.
        keys: open the results.
        settings: how the streams are called.
        on_outage: whether to go on when a shard does not answer.
        timeout: end after this many seconds without a result of any shard; None waits for ever.
        limit: end after so many results; None for all.
        who: the group, the consumer and the count of `ResultReader`.
    """

    def __init__(
        self,
        shards: Shards,
        keys: KeySet,
        settings: Settings,
        *,
        on_outage: OnOutage,
        timeout: float | None,
        limit: int | None,
        **who: Any,
    ) -> None:
        self._readers = {
            name: ResultReader(keys, settings, **who, timeout=timeout, limit=limit)
            for name in shards.names
        }
        self._outages = {name: Outage(on_outage, None) for name in shards.names}
        self._failing: dict[str, JournalError] = {}
        self._turns = deque(shards.names)
        self._timeout = timeout
        self._left = limit
        self._began = time.monotonic()
        self._looked: set[str] = set()
        self._looking: dict[str, bool] = {}

    def begin(self) -> bool:
        """Note that the result before is handled; returns whether another one is wanted."""
        for reader in self._readers.values():
            reader.note_handled()
        self._began = time.monotonic()
        self._looked.clear()
        self._looking = dict.fromkeys(self._looking, False)
        return self._left != 0

    def idle(self, looking: Collection[str]) -> list[str]:
        """The shards of which no result is there, and no look under way."""
        return [
            name
            for name, reader in self._readers.items()
            if reader.is_empty and name not in looking
        ]

    def look(self, name: str) -> Operation[None]:
        """Acknowledge what was handled of one shard, and wait a moment for results of it."""
        self._looking[name] = True
        wait = LOOK_SECONDS
        if self._timeout is not None:
            wait = min(wait, self._began + self._timeout - time.monotonic())
        return self._readers[name].look(max(0.0, wait))

    def looked(self, name: str, error: JournalError | None) -> float:
        """Note the end of a look; returns for how many seconds not to look again.

        Raises:
            JournalError: the error, if it is not to be waited for.
        """
        if self._looking.pop(name, False):
            self._looked.add(name)
        if error is None:
            self._failing.pop(name, None)
            self._outages[name].over()
            return 0.0
        if not isinstance(error, OUTAGES):
            raise error
        self._failing[name] = error
        return self._outages[name].pause(error)

    def ready(self, looking: Collection[str]) -> str | None:
        """A shard of which there is a result, each in its turn."""
        for _ in range(len(self._turns)):
            self._turns.rotate(-1)
            name = self._turns[0]
            if name not in looking and not self._readers[name].is_empty:
                return name
        return None

    def take(self, name: str) -> Operation[Received | None]:
        """The next result of one shard; None if another reader has taken over all there were."""
        received = yield from self._readers[name].take()
        if received is not None and self._left is not None:
            self._left -= 1
        return received

    def is_over(self) -> bool:
        """Whether nothing came within the timeout.

        Raises:
            JournalError: of a shard that does not answer, and may have results.
        """
        if self._timeout is None or time.monotonic() - self._began < self._timeout:
            return False
        if self._looked != self._readers.keys():
            return False
        for error in errors_of(self._failing):
            raise error
        return True

    def close(self) -> dict[str, Operation[None]]:
        """Acknowledge what was handled and give back the rest, on each shard."""
        return {name: reader.close() for name, reader in self._readers.items()}
