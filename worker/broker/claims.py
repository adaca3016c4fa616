"""Claims: messages that a worker holds under a lease, in kombu's own `unacked` keys.

Each claim has a tag of its own (worker, claim, position): a message that is claimed again has
another, so whoever lost a claim can settle nothing by its old tag.
"""

from __future__ import annotations

import hashlib
import itertools
import uuid
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from redis.exceptions import NoScriptError, ReadOnlyError

from producer.connection import connect
from producer.message import CLAIMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import redis

    from worker.settings import WorkerSettings

#: kombu's name, as that of the claims is, so that its tools read them.
LEASES = "unacked_index"
#: How many deliveries of a message failed, by the SHA-1 of its bytes: beside the claims and not
#: inside the message, which Lua's JSON would not reproduce byte for byte.
DELIVERIES = "journal.deliveries"
TAG_PREFIX = "journal:"
#: kombu's names of the lists that hold messages with a priority.
PRIORITY_SEPARATOR = "\x06\x16"
PRIORITY_STEPS = (3, 6, 9)
#: Leases looked at in one call of the reaper.
REAP_LIMIT = 1000


class Claimed(NamedTuple):
    """One message as the claim call returns it."""

    tag: str
    message: bytes
    deliveries: int


@cache
def script(name: str) -> tuple[str, str]:
    """The source of one of our Lua scripts, and the digest a server knows it by."""
    source = files("worker.broker").joinpath("lua", f"{name}.lua").read_text(encoding="utf-8")
    return source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()


class Claims:
    """Claims, settles, renews and requeues messages; every method is one atomic call.

    Args:
        client: raw RESP2 replies, as from `producer.connection.connect`.
        queue, results, dead: the list and the two streams.
        lease_seconds: after this long without a renewal a claim may be taken from its holder.
        max_results: unread results from which on nothing more is claimed.
    """

    def __init__(
        self,
        client: redis.Redis,
        *,
        queue: str,
        results: str,
        dead: str,
        lease_seconds: float,
        max_results: int,
    ) -> None:
        self._redis = client
        #: The list that is claimed from.
        self.queue = queue
        self._results = results
        self._dead = dead
        self._lease_seconds = lease_seconds
        self._max_results = max_results
        self._worker = f"{TAG_PREFIX}{uuid.uuid4().hex[:12]}:"
        self._numbers = itertools.count()
        self._prefix = ""
        self._priority_lists = [f"{queue}{PRIORITY_SEPARATOR}{step}" for step in PRIORITY_STEPS]
        #: What kombu puts behind a message: exchange and routing key.
        self._suffix = f',"","{queue}"]'

    def claim(self, count: int) -> list[Claimed] | None:
        """Take up to `count` messages, oldest first; None where the results limit is reached."""
        self._prefix = f"{self._worker}{next(self._numbers)}:"
        reply = self._call(
            "claim",
            (self.queue, CLAIMS, LEASES, DELIVERIES, self._results),
            (count, self._prefix, self._suffix, self._max_results),
        )
        if reply is None:
            return None
        return [
            Claimed(tag.decode(), message, int(deliveries))
            for tag, message, deliveries in zip(reply[::3], reply[1::3], reply[2::3], strict=True)
        ]

    def last_tags(self, count: int) -> list[str]:
        """The tags that the last claim of up to `count` messages gave, should it have come through.

        Whoever has not read the answer requeues them: Redis may have claimed all the same.
        """
        return [f"{self._prefix}{number}" for number in range(1, count + 1)]

    def settle(self, answers: Sequence[tuple[str, bool, str, str, Any]]) -> list[bool]:
        """Publish answers `(tag, is a result, entry id, field, value)` of claims still held.

        Returns for each whether it was held; the others were taken over and are not published.
        """
        if not answers:
            return []
        arguments: list[Any] = [self._suffix]
        for tag, is_result, entry_id, field, value in answers:
            arguments += [tag, int(is_result), entry_id, field, value]
        reply = self._call(
            "settle", (CLAIMS, LEASES, DELIVERIES, self._results, self._dead), arguments
        )
        return [held == 1 for held in reply]

    def requeue(self, tags: Sequence[str], *, failed: bool = False) -> int:
        """Put messages back, to be taken next; `failed` counts a failed delivery.

        Returns:
            How many were still held, and are back.
        """
        if not tags:
            return 0
        keys = (self.queue, CLAIMS, LEASES, DELIVERIES)
        return int(self._call("requeue", keys, (self._suffix, int(failed), *tags)))

    def renew(self, tags: Sequence[str], *, failed: bool = False) -> int:
        """Renew leases; `failed` counts a delivery that failed though the claim is kept.

        Returns:
            How many claims are still held.
        """
        if not tags:
            return 0
        keys = (LEASES, CLAIMS, DELIVERIES)
        return int(self._call("renew", keys, (self._suffix, int(failed), *tags)))

    def reap(self) -> int:
        """Requeue what dead workers held; returns how many messages."""
        return int(
            self._call(
                "reap",
                (self.queue, CLAIMS, LEASES, DELIVERIES, *self._priority_lists),
                (self._suffix, self._lease_seconds, TAG_PREFIX, REAP_LIMIT),
            )
        )

    def ping(self) -> None:
        """Ask Redis for nothing but an answer."""
        self._redis.ping()

    def _call(self, name: str, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
        call: Any = self._redis.execute_command  # redis-py leaves it untyped
        source, digest = script(name)
        try:
            try:
                return call("EVALSHA", digest, len(keys), *keys, *arguments)
            except NoScriptError:  # a server that is new, or was restarted
                return call("EVAL", source, len(keys), *keys, *arguments)
        except ReadOnlyError:
            # The server was made a replica: new connections may lead to the new primary.
            self._redis.connection_pool.disconnect()
            raise


def claims_for(settings: WorkerSettings, client: redis.Redis | None = None) -> Claims:
    """The claims of this process, on a connection of its own, or by a client that is given."""
    return Claims(
        client or connect(settings.redis_url),
        queue=settings.queue,
        results=settings.results,
        dead=settings.dead,
        lease_seconds=settings.lease_seconds,
        max_results=settings.max_results,
    )
