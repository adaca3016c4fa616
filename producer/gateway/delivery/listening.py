"""Event streams over all shards: what each shard's feed reads, as one stream with one position.

The id of an event tells how far every shard was read, so a stream resumes exactly where it was: no
clock is compared. Where there is one Redis it is the stream id there.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from producer.errors import JournalError
from producer.operations.sharded.plan import join_id

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from producer.gateway.delivery.feed import Channel, Feed

log = logging.getLogger(__name__)

_FIRST = "0-0"
#: Between the positions on several shards; it stays as it is in a URL.
BETWEEN = "~"


def positions_of(told: str, shards: tuple[str, ...]) -> dict[str, str]:
    """How far each shard was read, as the id of an event tells it.

    Args:
        told: the id; one without the names of shards is of the time before there were any, and is
            the first shard's.
        shards: their names. One that the id does not tell of is read from its beginning.
    """
    if ":" not in told:
        return {name: told if name == shards[0] else _FIRST for name in shards}
    pairs = (part.partition(":") for part in told.split(BETWEEN))
    known = {name: stream_id for name, _, stream_id in pairs}
    return {name: known.get(name, _FIRST) for name in shards}


class Listener:
    """One event stream.

    Args:
        feeds: of each shard, by name.
        channels: of the API key on each.
        positions: how far each was read.
        bell: set where one of the channels has changed.
    """

    def __init__(
        self,
        feeds: Mapping[str, Feed],
        channels: Mapping[str, Channel],
        positions: dict[str, str],
        bell: asyncio.Event,
    ) -> None:
        self._feeds = feeds
        self._channels = channels
        self._positions = positions
        self._bell = bell

    @property
    def position(self) -> str:
        """The id of the last event: what follows it is still to be sent."""
        if len(self._positions) == 1:
            return next(iter(self._positions.values()))
        return BETWEEN.join(join_id(*pair) for pair in self._positions.items())

    async def events(self) -> bytes:
        """The events that follow the position, as far as there are any; they are behind it then.

        Raises:
            JournalError: they have to come from Redis, and no shard answers. Those of one that does
                not answer come later.
        """
        self._bell.clear()
        frames: list[bytes] = []
        failures: list[JournalError] = []
        for name, channel in self._channels.items():
            try:
                found, after = await self._feeds[name].after(channel, self._positions[name])
            except JournalError as exc:
                failures.append(exc)
                continue
            for event in found:
                self._positions[name] = event.stream_id
                frames.append(b"id: %s\n%s" % (self.position.encode(), event.frame))
            self._positions[name] = after
        if len(failures) == len(self._channels):
            raise failures[0]
        return b"".join(frames)

    async def wait(self, seconds: float) -> bool:
        """Wait for a change; returns whether there was one in time."""
        try:
            async with asyncio.timeout(seconds):
                await self._bell.wait()
        except TimeoutError:
            return False
        return True


class Feeds:
    """The feeds of all shards.

    Args:
        feeds: of each shard, by name.

    Attributes:
        closed: whether every event stream is to end.
    """

    def __init__(self, feeds: Mapping[str, Feed]) -> None:
        self._feeds = feeds
        self.closed = False

    @asynccontextmanager
    async def listen(self, name: str, told: str | None) -> AsyncGenerator[Listener]:
        """An event stream of an API key.

        Args:
            name: of the key.
            told: the id of the last event that was seen; None for what comes from now on.

        Raises:
            JournalError: no shard answers.
        """
        newest = await self._newest(name)
        bell = asyncio.Event()
        channels = {shard: self._feeds[shard].join(name, at, bell) for shard, at in newest.items()}
        try:
            positions = newest if told is None else positions_of(told, tuple(self._feeds))
            yield Listener(self._feeds, channels, dict(positions), bell)
        finally:
            for shard, channel in channels.items():
                self._feeds[shard].leave(channel, bell)

    def close(self) -> None:
        """Let every event stream end."""
        self.closed = True
        for feed in self._feeds.values():
            feed.wake()

    async def _newest(self, name: str) -> dict[str, str]:
        """The newest result on each shard; of one that does not answer, what comes from now on."""
        asked = [feed.newest(name) for feed in self._feeds.values()]
        found = await asyncio.gather(*asked, return_exceptions=True)
        newest: dict[str, str] = {}
        for shard, one in zip(self._feeds, found, strict=True):
            if isinstance(one, str):
                newest[shard] = one
            elif not isinstance(one, JournalError) or not any(isinstance(o, str) for o in found):
                raise one
            else:
                log.warning("%s; its results come once it answers", one)
                newest[shard] = f"{time.time_ns() // 1_000_000}-0"
        return newest
