"""Delivering results by webhook: signed, tried again for hours, by whichever process has time.

Nothing but the streams in Redis knows what is still to be sent: an item that was not taken stays
pending in the group `webhooks`, which counts its tries and knows when the last one was. Claiming it
after the pause that follows so many tries lets exactly one process try again, whichever that is and
however many have ended meanwhile.
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from standardwebhooks.webhooks import Webhook as Signer

from producer.connection import Limit, execute_async
from producer.errors import JournalError, SealError
from producer.gateway.delivery.operations import (
    WEBHOOKS,
    acknowledge,
    claim,
    delivery_keys,
    give_up,
    read_group,
    waiting_for_retry,
)
from producer.gateway.tasks import end
from producer.operations.outage import LONGEST_PAUSE_SECONDS

if TYPE_CHECKING:
    import redis.asyncio

    from producer.gateway.api_keys import ApiKeys, Endpoint
    from producer.gateway.delivery.feed import Opener
    from producer.gateway.delivery.operations import Item
    from producer.gateway.delivery.outbound import Outbound
    from producer.gateway.metrics import GatewayMetrics
    from producer.gateway.settings import GatewaySettings
    from producer.settings import Settings

log = logging.getLogger(__name__)

#: Seconds before each further try, over half a day: restarts, bad deploys and nights. The first is
#: longer than a try may take, so nobody tries again while one is under way.
PAUSES = (15.0, 60.0, 300.0, 1200.0, 3600.0, 7200.0, 14_400.0, 21_600.0)
#: Deliveries at once of one name and of all: an endpoint that hangs must not hold up the others.
_MOST_OF_ONE = 8
_MOST = 64
_BLOCK_SECONDS = 1.0
_PAGE = 256
#: How often what failed is looked at within the shortest pause.
_LOOKS = 5
#: The answer of an endpoint that wants nothing more: trying again would be a nuisance.
_GONE = "status 410"


class Webhooks:
    """Sends what is on the streams of API keys that have a webhook, until it is cancelled.

    Args:
        client: of `connect_async`.
        settings: how the streams are called.
        gateway: how long undelivered results are kept.
        shard: the name of the shard; "" where there is one Redis.
        api_keys: which names have a webhook.
        opener: makes the entry of an item.
        outbound: sends it.
        under_way: what is being sent, by API key, of all shards together.
        metrics: count tries.
        pauses: seconds before each further try.
    """

    def __init__(
        self,
        client: redis.asyncio.Redis,
        settings: Settings,
        gateway: GatewaySettings,
        *,
        shard: str,
        api_keys: ApiKeys,
        opener: Opener,
        outbound: Outbound,
        under_way: dict[str, set[asyncio.Task[None]]],
        metrics: GatewayMetrics,
        pauses: tuple[float, ...] = PAUSES,
    ) -> None:
        self._redis = client
        self._gateway = gateway
        self._api_keys = api_keys
        self._opener = opener
        self._outbound = outbound
        self._metrics = metrics
        self.pauses = pauses
        self._keys = delivery_keys(settings.queue)
        self._limit = Limit(settings.timeout_seconds, each_round_trip=True)
        self._under_way = under_way
        # Stream ids of two shards may be the same; receivers tell results apart by this one.
        self._message = f"msg_{shard}-" if shard else "msg_"
        self._look_at = 0.0
        self._sending: set[tuple[str, str]] = set()

    async def run(self) -> None:
        """Go on for ever, also while Redis does not answer."""
        failing = False
        try:
            while True:
                try:
                    if time.monotonic() >= self._look_at:
                        self._look_at = time.monotonic() + self.pauses[0] / _LOOKS
                        await self._retry_what_is_due()
                    await self._send_what_is_new()
                    failing = False
                except JournalError as exc:
                    if not failing:
                        log.warning("%s; webhooks go on by themselves", exc)
                    failing = True
                    await asyncio.sleep(LONGEST_PAUSE_SECONDS)
        finally:
            tasks = [task for tasks in self._under_way.values() for task in tasks]
            await end(*tasks)  # a try that is cut off counts, and another process tries again

    def _free(self, name: str) -> int:
        every = sum(map(len, self._under_way.values()))
        return min(_MOST - every, _MOST_OF_ONE - len(self._under_way.get(name, ())))

    async def _send_what_is_new(self) -> None:
        names = [name for name in self._api_keys.content.endpoints if self._free(name) > 0]
        if not names:
            await asyncio.sleep(_BLOCK_SECONDS / 10)
            return
        streams = [self._keys.results + name for name in names]
        count = max(1, min(self._free(name) for name in names))
        operation = read_group(streams, WEBHOOKS, count=count, block=_BLOCK_SECONDS)
        for item in await execute_async(self._redis, operation, self._limit):
            self._start(item.stream.removeprefix(self._keys.results), item, tries=1)

    async def _retry_what_is_due(self) -> None:
        for name in self._api_keys.content.endpoints:
            stream, after = self._keys.results + name, ""
            while self._free(name) > 0:
                operation = waiting_for_retry(stream, after, idle=self.pauses[0], count=_PAGE)
                found = await execute_async(self._redis, operation, self._limit)
                for stream_id, idle, tries in found:
                    pause = self.pauses[min(tries, len(self.pauses)) - 1]
                    if idle >= pause and self._free(name) > 0:
                        await self._retry(name, stream, stream_id, pause, tries)
                if len(found) < _PAGE:
                    break
                after = found[-1][0]

    async def _retry(
        self, name: str, stream: str, stream_id: str, pause: float, tries: int
    ) -> None:
        if (stream, stream_id) in self._sending:
            return
        claimed = claim(stream, stream_id, idle=pause)
        for item in await execute_async(self._redis, claimed, self._limit):
            self._start(name, item, tries + 1)

    def _start(self, name: str, item: Item, tries: int) -> None:
        task = asyncio.create_task(self._deliver(name, item, tries))
        tasks = self._under_way.setdefault(name, set())
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        place = (item.stream, item.stream_id)
        self._sending.add(place)
        task.add_done_callback(lambda _: self._sending.discard(place))

    async def _deliver(self, name: str, item: Item, tries: int) -> None:
        endpoint = self._api_keys.content.endpoints.get(name)
        if endpoint is None:
            return  # taken out of the file meanwhile; it stays pending until it is trimmed
        try:
            problem = await self._send(endpoint, item)
            if not problem:
                self._metrics.webhook("delivered")
                operation = acknowledge(item.stream, WEBHOOKS, item.stream_id)
                await execute_async(self._redis, operation, self._limit)
                return
            self._metrics.webhook("failed")
            log.info("the webhook of %s did not take a result, try %d: %s", name, tries, problem)
            if tries > len(self.pauses) or problem == _GONE:
                await self._give_up(name, item, problem)
        except JournalError as exc:
            log.warning("after a try to deliver by webhook: %s", exc)

    async def _send(self, endpoint: Endpoint, item: Item) -> str:
        try:
            body = self._opener.open(item).encode()
        except SealError:
            return "unreadable"
        try:
            signer = Signer(endpoint.secret)
        except ValueError:  # of a file with a secret, which may change at any time
            return "refused"
        message_id = self._message + item.stream_id
        now = datetime.now(UTC)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signer.sign(message_id, now, body.decode()),
        }
        return await self._outbound.post(endpoint.url, body, headers)

    async def _give_up(self, name: str, item: Item, problem: str) -> None:
        operation = give_up(
            item,
            self._keys.undelivered + name,
            problem,
            kept_seconds=self._gateway.results_seconds,
            most=self._gateway.max_results,
        )
        if await execute_async(self._redis, operation, self._limit):
            self._metrics.webhook("given_up")
            log.error("a result of %s was never taken by its webhook: %s", name, problem)
