"""The results of API keys on one shard: read once, given to all who listen.

One connection to Redis reads the streams of all keys that somebody listens to. Each event stream
keeps its own position and takes what follows it from a short memory of the newest events, or from
Redis if it is further behind: so a slow reader holds nothing up and fills no buffer, and every
stream resumes exactly where it was. `producer.gateway.delivery.listening` puts the shards together.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

import pydantic
from fastapi.sse import format_sse_event

from producer.connection import Limit, execute_async
from producer.errors import JournalError, SealError
from producer.gateway.delivery.operations import (
    Item,
    delivery_keys,
    last_id,
    order,
    page,
    read,
)
from producer.gateway.entry import done, failed, split_id
from producer.gateway.tasks import end
from producer.operations.outage import LONGEST_PAUSE_SECONDS
from producer.schemas import JournalResult
from producer.sealing import RESULT

if TYPE_CHECKING:
    import redis.asyncio

    from producer.gateway.entry import Entry
    from producer.sealing import KeySet
    from producer.settings import Settings

log = logging.getLogger(__name__)

_COUNT = 256
_BLOCK_SECONDS = 2.0
#: Newest events of a key that are remembered, about a kilobyte each.
_REMEMBERED = 256


class Event(NamedTuple):
    """A result as an event.

    Attributes:
        stream_id: where it is on its stream.
        frame: the event as it is sent, without an id.
    """

    stream_id: str
    frame: bytes


class Opener:
    """Makes the entry that a caller sees of an item of its stream.

    Args:
        keys: open results.
    """

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys

    def open(self, item: Item) -> Entry:
        """The entry of an item.

        Raises:
            SealError: its result does not open with the key set.
        """
        _, entry_id = split_id(item.entry_id)
        if item.field != "sealed":
            return failed(entry_id, item.value)
        plaintext = self._keys.open(item.value, kind=RESULT, entry_id=item.entry_id)
        try:
            return done(entry_id, JournalResult.model_validate_json(plaintext))
        except pydantic.ValidationError:
            raise SealError("what was sealed is no result") from None

    def event(self, item: Item) -> Event:
        """An item as an event; a comment if it does not open, so that the others go on."""
        try:
            data = self.open(item).encode().decode()
        except SealError as exc:
            log.error("a result on an API key's stream: %s", exc)
            return Event(item.stream_id, format_sse_event(comment="unreadable result"))
        return Event(item.stream_id, format_sse_event(event="result", data_str=data))


class Channel:
    """What is known of one API key's stream in this process.

    Args:
        stream: its key.
        position: the id up to which it was read.

    Attributes:
        bells: of those who listen, set where something has changed.
    """

    def __init__(self, stream: str, position: str) -> None:
        self.stream = stream
        self.position = position
        self.bells: set[asyncio.Event] = set()
        self._floor = order(position)
        self._events: deque[tuple[tuple[int, int], Event]] = deque()

    def add(self, event: Event) -> None:
        """Note the next event, and wake those who wait for it."""
        self.position = event.stream_id
        self._events.append((order(event.stream_id), event))
        if len(self._events) > _REMEMBERED:
            self._floor, _ = self._events.popleft()
        self.wake()

    def wake(self) -> None:
        """Wake all who wait."""
        for bell in self.bells:
            bell.set()

    def after(self, position: str) -> tuple[list[Event], str] | None:
        """The events after a position and the new position; None if they are not remembered."""
        place = order(position)
        if place < self._floor:
            return None
        events = []
        for at, event in reversed(self._events):
            if at <= place:
                break
            events.append(event)
        return events[::-1], self.position if events else position


class Feed:
    """Reads the streams of the API keys that somebody listens to, on one shard.

    Args:
        client: of `connect_async`.
        settings: how the streams are called.
        opener: makes events of what they hold.
    """

    def __init__(self, client: redis.asyncio.Redis, settings: Settings, opener: Opener) -> None:
        self._redis = client
        self._opener = opener
        self._prefix = delivery_keys(settings.queue).results
        self._limit = Limit(settings.timeout_seconds, each_round_trip=True)
        self._channels: dict[str, Channel] = {}
        self._more = asyncio.Event()

    async def newest(self, name: str) -> str:
        """The id of the newest result of a name.

        Raises:
            Unavailable: Redis does not answer.
        """
        return await execute_async(self._redis, last_id(self._prefix + name), self._limit)

    def join(self, name: str, newest: str, bell: asyncio.Event) -> Channel:
        """The channel of a name, which sets the bell from now on.

        Args:
            name: of the API key.
            newest: the id from which on it is read if nobody listens to it yet.
            bell: set where something has changed.
        """
        stream = self._prefix + name
        channel = self._channels.get(stream)
        if channel is None:
            channel = self._channels[stream] = Channel(stream, newest)
            self._more.set()
        channel.bells.add(bell)
        return channel

    def leave(self, channel: Channel, bell: asyncio.Event) -> None:
        """Listen to a channel no more; one that nobody listens to is not read."""
        channel.bells.discard(bell)
        if not channel.bells and self._channels.get(channel.stream) is channel:
            del self._channels[channel.stream]

    async def after(self, channel: Channel, position: str) -> tuple[list[Event], str]:
        """The events after a position as far as there are any, and the new position.

        Raises:
            Unavailable: they have to come from Redis, and it does not answer.
        """
        found = channel.after(position)
        if found is not None:
            return found
        operation = page(channel.stream, position, _COUNT)
        items = await execute_async(self._redis, operation, self._limit)
        if not items:  # what was there is not kept any more
            return [], channel.position
        return [self._opener.event(item) for item in items], items[-1].stream_id

    def wake(self) -> None:
        """Wake all who listen."""
        for channel in self._channels.values():
            channel.wake()

    async def run(self) -> None:
        """Read for ever, also while Redis does not answer."""
        failing = False
        while True:
            try:
                await self._step()
                failing = False
            except JournalError as exc:
                if not failing:
                    log.warning("%s; event streams go on by themselves", exc)
                failing = True
                await asyncio.sleep(LONGEST_PAUSE_SECONDS)

    async def _step(self) -> None:
        self._more.clear()
        if not self._channels:
            await self._more.wait()
            return
        positions = {one.stream: one.position for one in self._channels.values()}
        operation = read(positions, count=_COUNT, block=_BLOCK_SECONDS)
        reading = asyncio.ensure_future(execute_async(self._redis, operation, self._limit))
        more = asyncio.ensure_future(self._more.wait())
        try:
            await asyncio.wait({reading, more}, return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                return  # somebody listens to another key: read that as well
            for item in reading.result():
                channel = self._channels.get(item.stream)
                if channel is not None and order(item.stream_id) > order(channel.position):
                    channel.add(self._opener.event(item))
        finally:
            await end(reading, more)
