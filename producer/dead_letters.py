"""Dead letters: entries that could not be processed, still sealed; list, open, replay, drop."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, TypeVar

import pydantic

from producer.connection import Limit, connect, execute
from producer.errors import JournalError, QueueFull, SealError
from producer.operations import dead_letters as operations
from producer.operations.dead_letters import PAGE, StoredLetter
from producer.operations.sharded.entries import place_of
from producer.operations.sharded.plan import join_id, naming
from producer.schemas import JournalEntry
from producer.sealing import ENTRY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from producer.operations.base import Operation
    from producer.schemas import DeadLetter
    from producer.sealing import KeySet
    from producer.settings import Settings
    from producer.sharding.shards import Shards

T = TypeVar("T")

__all__ = ["PAGE", "DeadLetters", "StoredLetter", "dead_letters_of", "open_dead_letter"]


class DeadLetters:
    """The dead stream; iterating yields its dead letters, oldest first.

    Args:
        settings: where Redis is and how the streams are called.

    Raises:
        ConfigurationError: the Redis URL is not usable.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._redis = connect(settings.only_url, max_connections=settings.max_connections)
        self._limit = Limit(settings.timeout_seconds, each_round_trip=True)

    def close(self) -> None:
        """Close the connection to Redis."""
        self._redis.close()

    def __iter__(self) -> Iterator[StoredLetter]:
        """All dead letters there are by now, oldest first; only a page of them is in memory.

        Those that are added meanwhile are left out: an entry that is replayed and fails again would
        otherwise be returned for ever.
        """
        after, last = "", self._execute(operations.newest(self._settings))
        while last and (page := self._execute(operations.page(self._settings, after, PAGE, last))):
            yield from page
            after = page[-1].stream_id

    def find(self, entry_id: str) -> list[StoredLetter]:
        """The dead letters of one entry; reads the whole stream."""
        return [stored for stored in self if stored.entry_id == entry_id]

    def replay(self, letters: Iterable[StoredLetter]) -> int:
        """Put dead letters back where they came from; returns how many were still there.

        An entry goes back to the queue, and its idempotency window begins anew. One that was
        submitted again since it died stays a dead letter, as it would be answered twice. A result
        that no reader could open or handle goes back to the results stream, for every group. An
        unreadable dead letter stays, and so does one whose content was not sealed and is not kept.

        Raises:
            QueueFull: the queue or the results stream is full; the rest are still dead letters.
        """
        replayed = 0
        page: list[StoredLetter] = []
        for stored in letters:
            page.append(stored)
            if len(page) == PAGE:
                replayed += self._replay(page, replayed)
                page = []
        return replayed + self._replay(page, replayed)

    def abandon(self, key_id: str) -> int:
        """Make dead letters of the entries that wait for a key that is lost; returns how many."""
        return self._execute(operations.abandon(self._settings, key_id))

    def drop(self, stream_ids: Sequence[str]) -> int:
        """Delete dead letters for good, by stream id; returns how many were still there."""
        return self._execute(operations.drop(self._settings, stream_ids))

    def _replay(self, page: Sequence[StoredLetter], before: int) -> int:
        try:
            return self._execute(operations.replay(self._settings, page))
        except QueueFull as exc:
            told = f"{exc}; {before} were put back before" if before else str(exc)
            raise QueueFull(told) from None

    def _execute(self, operation: Operation[T]) -> T:
        return execute(self._redis, operation, self._limit)


class ShardedDeadLetters(DeadLetters):
    """The dead streams of all shards, one after the other; stream ids begin with the shard's name.

    Args:
        settings: how the streams are called.
        shards: all of them.
    """

    def __init__(self, settings: Settings, shards: Shards) -> None:
        self._shards = shards
        self._each = {shard.name: DeadLetters(settings.on_shard(shard)) for shard in shards.all}

    def close(self) -> None:
        """Close the connections."""
        for letters in self._each.values():
            letters.close()

    def __iter__(self) -> Iterator[StoredLetter]:
        """All dead letters there are by now, those of a shard together, oldest first.

        Raises:
            JournalError: of a shard that did not answer, after the letters of all others.
        """
        failure: JournalError | None = None
        for name, letters in self._each.items():
            try:
                with naming(name):
                    for stored in letters:
                        yield replace(stored, stream_id=join_id(name, stored.stream_id))
            except JournalError as exc:
                failure = failure or exc
        if failure is not None:
            raise failure

    def replay(self, letters: Iterable[StoredLetter]) -> int:
        """Put dead letters back where they came from; see `DeadLetters.replay`."""
        replayed = 0
        for name, some in groupby(letters, key=lambda stored: self._place(stored.stream_id)[0]):
            with naming(name):
                own = (replace(one, stream_id=self._place(one.stream_id)[1]) for one in some)
                replayed += self._each[name].replay(own)
        return replayed

    def abandon(self, key_id: str) -> int:
        """Make dead letters of the entries that wait for a key that is lost, on all shards."""
        count = 0
        for name, letters in self._each.items():
            with naming(name):
                count += letters.abandon(key_id)
        return count

    def drop(self, stream_ids: Sequence[str]) -> int:
        """Delete dead letters for good; returns how many were still there."""
        places = [self._place(stream_id) for stream_id in stream_ids]
        count = 0
        for name, letters in self._each.items():
            with naming(name):
                count += letters.drop([own for shard, own in places if shard == name])
        return count

    def _place(self, stream_id: str) -> tuple[str, str]:
        return place_of(stream_id, self._shards)


def dead_letters_of(settings: Settings) -> DeadLetters:
    """The dead letters of the one Redis, or of all shards."""
    shards = settings.shard_set
    return DeadLetters(settings) if shards is None else ShardedDeadLetters(settings, shards)


def open_dead_letter(letter: DeadLetter, keys: KeySet) -> JournalEntry:
    """The entry inside a dead letter, in the clear.

    Raises:
        SealError: it does not open with this key set, or does not hold an entry.
    """
    if letter.reason.holds_result:
        raise SealError("the letter holds a result, which has no text")
    plaintext = keys.open(letter.sealed, kind=ENTRY, entry_id=letter.entry_id)
    try:
        return JournalEntry.model_validate_json(plaintext)
    except (pydantic.ValidationError, ValueError):
        raise SealError("what was sealed is no entry") from None
