"""The primary as Sentinels tell it: asked at every connect, the one first that answered last."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import redis
import redis.asyncio
from redis.asyncio.sentinel import MasterNotFoundError as AsyncMasterNotFoundError
from redis.asyncio.sentinel import Sentinel as AsyncSentinel
from redis.exceptions import AuthenticationError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.sentinel import MasterNotFoundError, Sentinel

from producer.connection.awaited import (
    AsyncPlainConnection,
    AsyncTLSConnection,
    AsyncWaitingPool,
)
from producer.connection.blocking import PlainConnection, TLSConnection, WaitingPool
from producer.connection.primary import Primary, annotate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from producer.connection.address import Address

#: To connect to one Sentinel, and for its answer: another one may know.
SENTINEL_SECONDS = 1.0
NONE_ANSWERS = "no Sentinel answers"


class SentinelPrimary(Primary):
    """The primary of a group of servers that Sentinels watch.

    Args:
        address: of the Sentinels, and what they call the primary.
    """

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self._hosts = list(address.hosts)

    def locate(self) -> tuple[str, int]:
        """Host and port of the primary.

        Raises:
            ConnectionError: of redis-py; no Sentinel answers, or none knows a primary that is up.
        """
        # redis-py's class takes options for its clients, but no pools: those are put into it.
        sentinel: Any = Sentinel([])  # type: ignore[no-untyped-call]
        kind: Any = TLSConnection if self.address.tls else PlainConnection
        pool_class: Any = WaitingPool
        asked = self._options()
        pools = [pool_class(connection_class=kind, **options) for options in asked]
        sentinel.sentinels = [redis.Redis.from_pool(pool) for pool in pools]
        found: tuple[str, int] | None = None
        try:
            found = sentinel.discover_master(self.address.master)
        except MasterNotFoundError:
            pass  # the error is raised below, without this one's message
        finally:
            for pool in pools:
                pool.disconnect()
        if found is None:
            raise self._not_found(asked)
        self._answered(sentinel)
        return found

    async def locate_async(self) -> tuple[str, int]:
        """Host and port of the primary; see `locate`."""
        sentinel: Any = AsyncSentinel([])  # type: ignore[no-untyped-call]
        kind = AsyncTLSConnection if self.address.tls else AsyncPlainConnection
        asked = self._options()
        pools = [AsyncWaitingPool(connection_class=kind, **options) for options in asked]
        sentinel.sentinels = [redis.asyncio.Redis.from_pool(pool) for pool in pools]
        found: tuple[str, int] | None = None
        try:
            found = await sentinel.discover_master(self.address.master)
        except AsyncMasterNotFoundError:
            pass
        finally:
            for pool in pools:
                await pool.disconnect()
        if found is None:
            raise self._not_found(asked)
        self._answered(sentinel)
        return found

    def _options(self) -> list[dict[str, Any]]:
        """The options of a pool for each Sentinel."""
        login = {
            "username": self.address.sentinel_username,
            "password": self.address.sentinel_password,
        }
        return [
            {
                **self.address.options,
                **login,
                "primary": Primary(replace(self.address, hosts=(place,), master=None)),
                "socket_timeout": SENTINEL_SECONDS,
                "socket_connect_timeout": SENTINEL_SECONDS,
                "protocol": 2,
                "max_connections": 1,
                "timeout": SENTINEL_SECONDS,
            }
            for place in self._hosts
        ]

    def _answered(self, sentinel: Any) -> None:
        """Ask that Sentinel first from now on which answered; redis-py has put it in front."""
        pool = sentinel.sentinels[0].connection_pool
        place = pool.connection_kwargs["primary"].address.hosts[0]
        # A new list, in one step: other threads may go through the old one.
        self._hosts = [place, *(other for other in self._hosts if other != place)]

    def _not_found(self, asked: Sequence[dict[str, Any]]) -> RedisConnectionError:
        """Why there is no primary, by what became of the connections to the Sentinels."""
        failures = [options["primary"].failure for options in asked]
        # One Sentinel with another password must not look like a login that no one has.
        refused = bool(failures) and all(
            failure and issubclass(failure, AuthenticationError) for failure in failures
        )
        cause = NONE_ANSWERS if all(failures) else "no Sentinel knows a primary that is up"
        kind = AuthenticationError if refused else RedisConnectionError
        error = kind(cause)
        annotate(error, str(self.address), cause)
        return error
