"""What delivers the results of one shard: its router, its feed and its webhooks."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from producer.gateway.delivery.feed import Feed, Opener
from producer.gateway.delivery.operations import register
from producer.gateway.delivery.router import Router
from producer.gateway.delivery.webhooks import Webhooks

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    import redis.asyncio

    from producer.gateway.api_keys import ApiKeys, Content
    from producer.gateway.delivery.outbound import Outbound
    from producer.gateway.metrics import GatewayMetrics
    from producer.gateway.settings import GatewaySettings
    from producer.operations.base import Operation
    from producer.sealing import KeySet
    from producer.settings import Settings

#: How often the names are registered anew.
REGISTER_SECONDS = 3600.0


class Delivery:
    """Delivers the results of one shard.

    Args:
        shard: its name; "" where there is one Redis.
        client: of `connect_async`.
        settings: how the streams are called.
        gateway: how long results are kept.
        keys: open results.
        api_keys: whose results they are, and who has a webhook.
        outbound: sends webhooks.
        under_way: the webhooks under way of each API key, of all shards together.
        metrics: count what is delivered.
    """

    def __init__(
        self,
        shard: str,
        client: redis.asyncio.Redis,
        settings: Settings,
        gateway: GatewaySettings,
        *,
        keys: KeySet,
        api_keys: ApiKeys,
        outbound: Outbound,
        under_way: dict[str, set[asyncio.Task[None]]],
        metrics: GatewayMetrics,
    ) -> None:
        opener = Opener(keys)
        self._settings = settings
        self.feed = Feed(client, settings, opener)
        self.router = Router(client, settings, gateway, keys, metrics)
        self.webhooks = Webhooks(
            client,
            settings,
            gateway,
            shard=shard,
            api_keys=api_keys,
            opener=opener,
            outbound=outbound,
            under_way=under_way,
            metrics=metrics,
        )
        self._registered = asyncio.Event()
        self._registered_at = float("-inf")

    @property
    def is_due(self) -> bool:
        """Whether the names of API keys have to be registered anew."""
        return time.monotonic() - self._registered_at >= REGISTER_SECONDS

    def register(self, content: Content) -> Operation[None]:
        """Tell the shard which names there are."""
        yield from register(self._settings, sorted(content.names), sorted(content.endpoints))
        self._registered_at = time.monotonic()
        self._registered.set()

    def work(self) -> tuple[Coroutine[Any, Any, None], ...]:
        """What has to run beside requests."""
        return self._route(), self.feed.run(), self.webhooks.run()

    async def _route(self) -> None:
        """Route results once the names are registered: of an unknown name they are nobody's."""
        await self._registered.wait()
        await self.router.run()
