"""Who calls, and how much they may."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, cast

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer
from limits import parse
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError

from producer.connection import within
from producer.errors import ConfigurationError, Unavailable
from producer.gateway.api.problems import ProblemError, of_journal_error, retry_later
from producer.gateway.delivery.operations import delivery_keys
from producer.operations.redis_errors import translate
from producer.operations.sharded.outages import KnownOutages
from producer.sharding.rendezvous import ranked
from producer.tracing.traceparent import TRACEPARENT

if TYPE_CHECKING:
    import redis.asyncio
    from limits import RateLimitItem

    from producer.errors import JournalError
    from producer.gateway.api_keys import StoredKey
    from producer.gateway.context import Gateway

_BEARER = HTTPBearer(
    auto_error=False, scheme_name="API key", description="An API key, `jsk_<name>_<random>`."
)


class RateLimiter:
    """Counts what API keys ask for, in Redis, for all processes of the gateway together.

    Two counters a key, of this window and the one before, weighted: about a sliding window, in a
    constant amount of memory. Each key is counted on a shard of its own. While that one does not
    answer another counts from zero, so a key has up to twice its rate for a moment.

    Args:
        gateway: its clients of Redis and its settings.

    Raises:
        ConfigurationError: the rate in the settings is none.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._default = gateway.gateway.rate
        self._timeout = gateway.settings.timeout_seconds
        self._items: dict[str, RateLimitItem] = {}
        self._outages = KnownOutages()
        prefix = delivery_keys(gateway.settings.queue).rates
        self._limiters = {
            name: SlidingWindowCounterRateLimiter(_storage(gateway.fleet.client(name), prefix))
            for name in gateway.fleet.shards.names
        }
        try:
            self._item(self._default)
        except ValueError:
            raise ConfigurationError("JOURNAL_GATEWAY_RATE: such as 600/minute, or none") from None

    async def count(self, key: StoredKey, cost: int) -> None:
        """Count so many calls or entries of a key.

        Raises:
            ProblemError: it is more than its rate allows.
        """
        item = self._item(key.rate or self._default)
        if item is None:
            return
        if cost > item.amount:
            raise ProblemError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"more entries than the rate of {item.amount} allows",
            )
        wait = await self._hit(item, key.name, cost)
        if wait is not None:
            raise retry_later(HTTPStatus.TOO_MANY_REQUESTS, f"the rate is {item}", wait)

    async def _hit(self, item: RateLimitItem, name: str, cost: int) -> float | None:
        """Count on the first shard that answers; returns for how long to wait, if at all.

        Raises:
            ProblemError: none answers.
        """
        failure: JournalError | None = None
        several = len(self._limiters) > 1
        for shard in ranked(self._limiters, name):
            limiter = self._limiters[shard]
            try:
                seconds = self._outages.seconds(shard, self._timeout) if several else self._timeout
                with within(seconds):
                    taken = await limiter.hit(item, name, cost=cost)
                    stats = None if taken else await limiter.get_window_stats(item, name)
            except Unavailable as exc:  # known not to answer
                failure = exc
            except RedisError as exc:
                failure = translate(exc)
                self._outages.note(shard, failure)
            else:
                self._outages.note(shard, None)
                return stats and min(stats.reset_time - time.time(), item.get_expiry())
        assert failure is not None
        raise of_journal_error(failure)

    def _item(self, rate: str) -> RateLimitItem | None:
        if rate == "none":
            return None
        if rate not in self._items:
            self._items[rate] = parse(rate)
        return self._items[rate]


def _storage(client: redis.asyncio.Redis, prefix: str) -> RedisStorage:
    pool = cast("Any", client.connection_pool)
    return RedisStorage(
        "async+redis://", implementation="redispy", key_prefix=prefix, connection_pool=pool
    )


class Caller:
    """An API key that made a request, and the gateway it reached.

    Args:
        gateway: the process.
        limiter: counts what it asks for.
        key: its key.
        traceparent: what came as the trace of the request; it may be any text.
    """

    def __init__(
        self,
        gateway: Gateway,
        limiter: RateLimiter,
        key: StoredKey,
        traceparent: str | None = None,
    ) -> None:
        self.gateway = gateway
        self.traceparent = traceparent
        self.key = key
        self.name = key.name
        self._limiter = limiter

    @property
    def lane(self) -> str | None:
        """The lane of its entries; None for the first.

        Raises:
            ConfigurationError: the key names one that the settings do not.
        """
        if self.key.lane not in {None, *self.gateway.settings.lane_set.names}:
            raise ConfigurationError("an API key has a lane that JOURNAL_LANES does not name")
        return self.key.lane

    async def count(self, cost: int = 1) -> None:
        """Count calls or entries; see `RateLimiter.count`."""
        try:
            await self._limiter.count(self.key, cost)
        except ProblemError as problem:
            if problem.status != HTTPStatus.SERVICE_UNAVAILABLE:
                self.gateway.metrics.refused("rate")
            raise


def gateway_of(request: Request) -> Gateway:
    """The process that a request reached."""
    gateway: Gateway = request.app.state.gateway
    return gateway


async def identified(request: Request) -> Caller:
    """Whoever makes a request.

    Raises:
        ProblemError: it has no valid API key.
    """
    gateway = gateway_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    key = gateway.api_keys.find(token.strip()) if scheme.lower() == "bearer" else None
    if key is None:
        gateway.metrics.refused("api_key")
        raise ProblemError(
            HTTPStatus.UNAUTHORIZED,
            "an API key is needed: Authorization: Bearer jsk_...",
            headers={"WWW-Authenticate": 'Bearer realm="journal"', "Connection": "close"},
        )
    return Caller(gateway, request.app.state.limiter, key, request.headers.get(TRACEPARENT))


async def counted(caller: Annotated[Caller, Depends(identified)]) -> Caller:
    """Whoever makes a request that counts as one call."""
    await caller.count()
    return caller


#: `Security` only declares the scheme in the OpenAPI document; `identified` looks at the header.
SECURITY = [Security(_BEARER)]
Identified = Annotated[Caller, Depends(identified)]
Counted = Annotated[Caller, Depends(counted)]
