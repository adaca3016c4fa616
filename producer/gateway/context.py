"""What one process of the gateway is made of, and its life: start, drain, stop."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from producer.aio import AsyncJournalClient
from producer.connection import Limit, connect_async, execute_async
from producer.errors import JournalError
from producer.gateway.delivery.feed import Feed, Opener
from producer.gateway.delivery.operations import register
from producer.gateway.delivery.outbound import Outbound
from producer.gateway.delivery.router import Router
from producer.gateway.delivery.webhooks import Webhooks
from producer.gateway.metrics import GatewayMetrics
from producer.gateway.tasks import end

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from producer.gateway.api_keys import ApiKeys, Content
    from producer.gateway.settings import GatewaySettings
    from producer.sealing import KeySet
    from producer.settings import Settings

log = logging.getLogger(__name__)

#: How often the file of API keys is looked at.
LOOK_SECONDS = 1.0
#: How often the names are registered anew.
REGISTER_SECONDS = 3600.0
#: For the readers of streams, webhooks and rate limits.
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
        settings: where Redis is and how the queue is called.
        gateway: what the process allows.
        keys: the key set that seals entries and opens results.
        api_keys: who may call.
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
        self.redis = connect_async(settings.only_url, max_connections=_OWN_CONNECTIONS)
        self.limit = Limit(settings.timeout_seconds)
        opener = Opener(keys)
        self.feed = Feed(self.redis, settings, opener)
        self.router = Router(self.redis, settings, gateway, keys, self.metrics)
        self.outbound = Outbound(private=gateway.webhooks_private, http=gateway.webhooks_http)
        self.webhooks = Webhooks(
            self.redis,
            settings,
            gateway,
            api_keys=api_keys,
            opener=opener,
            outbound=self.outbound,
            metrics=self.metrics,
        )
        self.requests = Slots(gateway.max_requests)
        self.waits = Slots(gateway.max_waits)
        self.streams = Slots(gateway.max_streams)
        self.streams_of: dict[str, int] = {}
        self.waiting: set[asyncio.Future[None]] = set()
        self.draining = False
        self._registered = asyncio.Event()
        self._registered_at = float("-inf")
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
            await self._register(self.api_keys.content)
        for work in (
            self._route(),
            self.feed.run(),
            self.webhooks.run(),
            self._follow_the_keys(),
        ):
            self._tasks.append(asyncio.create_task(self._watched(work)))

    def drain(self) -> None:
        """Be ready no more; end event streams and waits, whose callers go to another process."""
        self.draining = True
        self.feed.close()
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
        await self.redis.aclose()

    async def _watched(self, work: Coroutine[Any, Any, None]) -> None:
        """Run what should go on for ever; an error in it is a bug, and ends the readiness."""
        try:
            await work
        except Exception as exc:  # noqa: BLE001 - told by its type, as it could hold anything
            log.critical("a task of the gateway ended: %s", type(exc).__name__)
            self.metrics.error()
            self.draining = True

    async def _route(self) -> None:
        """Route results once the names are registered: of an unknown name they are nobody's."""
        await self._registered.wait()
        await self.router.run()

    async def _follow_the_keys(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            changed = self.api_keys.changed()
            due = time.monotonic() - self._registered_at >= REGISTER_SECONDS
            if changed is None and not due:
                continue
            try:
                # Registered first: no entry of a new key is answered before it counts as one.
                await self._register(changed or self.api_keys.content)
            except JournalError as exc:
                log.warning("%s; the API keys are registered as soon as it answers", exc)
                continue
            if changed is not None:
                self.api_keys.content = changed
                log.info("API keys read again: %d", len(changed.keys))

    async def _register(self, content: Content) -> None:
        operation = register(self.settings, sorted(content.names), sorted(content.endpoints))
        await execute_async(self.redis, operation, self.limit)
        self._registered_at = time.monotonic()
        self._registered.set()
