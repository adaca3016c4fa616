"""What one process of the gateway is made of, and its life: start, drain, stop."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from producer.aio import AsyncJournalClient
from producer.connection import Limit
from producer.connection.aio_fleet import AsyncFleet
from producer.errors import JournalError
from producer.gateway.delivery.listening import Feeds
from producer.gateway.delivery.outbound import Outbound
from producer.gateway.delivery.shard import Delivery
from producer.gateway.metrics import GatewayMetrics
from producer.gateway.tasks import end
from producer.operations.sharded.plan import raise_for_outcomes

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable
    from typing import Any

    from producer.gateway.api_keys import ApiKeys, Content
    from producer.gateway.settings import GatewaySettings
    from producer.sealing import KeySet
    from producer.settings import Settings

log = logging.getLogger(__name__)

#: How often the file of API keys is looked at.
LOOK_SECONDS = 1.0
#: For the readers of streams, webhooks and rate limits, to each shard.
_OWN_CONNECTIONS = 50


class Slots:
    """A bound on how many of something there are at once.

    Args:
        most: of them.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0

    def take(self) -> bool:
        """Take one, unless all are taken."""
        if self.taken >= self.most:
            return False
        self.taken += 1
        return True

    def free(self) -> None:
        """Give one back."""
        self.taken -= 1

    def count(self) -> int:
        """How many are taken."""
        return self.taken


class Gateway:
    """One process: its clients of Redis, its API keys, its bounds, and what runs beside requests.

    Args:
        settings: where Redis is, or the shards, and how the queue is called.
        gateway: what the process allows.
        keys: the key set that seals entries and opens results.
        api_keys: who may call.

    Attributes:
        fleet: the shards; the one Redis counts as the only one.
        deliveries: what delivers the results of each, by name.
        feeds: event streams over all of them.
    """

    def __init__(
        self, settings: Settings, gateway: GatewaySettings, keys: KeySet, api_keys: ApiKeys
    ) -> None:
        self.settings = settings
        self.gateway = gateway
        self.api_keys = api_keys
        self.metrics = GatewayMetrics()
        self.client = AsyncJournalClient(settings, keys)
        # A wait holds a connection: with connections of their own, waits hold up nothing else.
        waits = settings.model_copy(update={"max_connections": gateway.max_waits})
        self.waiter = AsyncJournalClient(waits, keys)
        own = settings.model_copy(update={"max_connections": _OWN_CONNECTIONS})
        self.fleet = AsyncFleet.of_all(own)
        self.limit = Limit(settings.timeout_seconds)
        self.outbound = Outbound(private=gateway.webhooks_private, http=gateway.webhooks_http)
        under_way: dict[str, set[asyncio.Task[None]]] = {}
        self.deliveries = {
            name: Delivery(
                name,
                self.fleet.client(name),
                settings,
                gateway,
                keys=keys,
                api_keys=api_keys,
                outbound=self.outbound,
                under_way=under_way,
                metrics=self.metrics,
            )
            for name in self.fleet.shards.names
        }
        self.feeds = Feeds({name: one.feed for name, one in self.deliveries.items()})
        self.requests = Slots(gateway.max_requests)
        self.waits = Slots(gateway.max_waits)
        self.streams = Slots(gateway.max_streams)
        self.streams_of: dict[str, int] = {}
        self.waiting: set[asyncio.Future[None]] = set()
        self.draining = False
        self._tasks: list[asyncio.Task[None]] = []
        for name, slots in (
            ("requests", self.requests),
            ("waits", self.waits),
            ("streams", self.streams),
        ):
            self.metrics.watch(name, slots.count)

    async def start(self) -> None:
        """Start what runs beside requests; Redis need not answer yet."""
        with suppress(JournalError):
            await self._register(self.api_keys.content, self.deliveries)
        each = [work for one in self.deliveries.values() for work in one.work()]
        for work in (*each, self._follow_the_keys()):
            self._tasks.append(asyncio.create_task(self._watched(work)))

    def drain(self) -> None:
        """Be ready no more; end event streams and waits, whose callers go to another process."""
        self.draining = True
        self.feeds.close()
        for waiting in tuple(self.waiting):
            if not waiting.done():
                waiting.set_result(None)

    async def stop(self) -> None:
        """End all that runs and close the connections."""
        self.drain()
        await end(*self._tasks)
        await self.outbound.close()
        await self.waiter.close()
        await self.client.close()
        await self.fleet.close()

    async def _watched(self, work: Coroutine[Any, Any, None]) -> None:
        """Run what should go on for ever; an error in it is a bug, and ends the readiness."""
        try:
            await work
        except Exception as exc:  # noqa: BLE001 - told by its type, as it could hold anything
            log.critical("a task of the gateway ended: %s", type(exc).__name__)
            self.metrics.error()
            self.draining = True

    async def _follow_the_keys(self) -> None:
        failing = False
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            changed = self.api_keys.changed()
            due = [name for name, one in self.deliveries.items() if changed or one.is_due]
            if not due:
                continue
            try:
                # Registered first: no entry of a new key is answered before it counts as one.
                await self._register(changed or self.api_keys.content, due)
                failing = False
            except JournalError as exc:
                if not failing:
                    log.warning("%s; the API keys are registered as soon as it answers", exc)
                failing = True
                if changed is not None:
                    self._forget(changed)
                continue
            if changed is not None:
                self.api_keys.content = changed
                log.info("API keys read again: %d", len(changed.keys))

    async def _register(self, content: Content, names: Iterable[str]) -> None:
        """Register API keys on these shards.

        Raises:
            JournalError: one of them does not answer; those that do have them.
        """
        operations = {name: self.deliveries[name].register(content) for name in names}
        raise_for_outcomes(await self.fleet.outcomes(operations, self.limit))

    def _forget(self, changed: Content) -> None:
        """Refuse the keys that are in the file no more; new ones wait until they are registered."""
        left = {key.sha256 for key in changed.keys}
        content = self.api_keys.content
        kept = tuple(key for key in content.keys if key.sha256 in left)
        if kept != content.keys:
            log.info("API keys removed: %d", len(content.keys) - len(kept))
            self.api_keys.content = replace(content, keys=kept)
