"""kombu's Redis transport, extended where it reads and where it settles.

Stock kombu pops a message and then, in a second step, notes it as unacknowledged: a kill in
between loses it. Here one Lua call moves many messages from the list to the claims. When the list
is empty, a blocking call waits that loses nothing: `BLMOVE` from the queue to the list `woken`
wakes exactly one worker for each message, and the claim that follows puts it back first.
Everything else stays kombu's: events, remote control, polling, prefetch.
"""

from __future__ import annotations

import logging
import math
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

from kombu.transport import redis as kombu_redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ReadOnlyError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from worker.broker.connection import options_of
from worker.broker.delivered import ClaimQoS
from worker.broker.outages import Outages, Use
from worker.broker.payload import ClaimedMessage, as_payload
from worker.celery_internals import BlockingReadChannel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from worker.broker.claims import Claims

log = logging.getLogger(__name__)

#: Seconds until the next claim where the last was refused, or the results limit is reached.
PAUSE_SECONDS = 0.5
#: Seconds until the next claim where this worker holds its share already, and what waits is for
#: others: until then it does not wake for it again. Ends as soon as a message is acknowledged.
SHARE_SECONDS = 0.1


class Bound(NamedTuple):
    """How this process consumes a queue.

    Attributes:
        claims: what it claims through.
        most: tells how many claims it may hold at this moment, and from how many bytes of messages
            on it claims no more.
        outages: told whether waiting and claiming work.
        requeue_later: takes the tags of claims to be requeued as soon as Redis answers.
        requeued: told how many messages were requeued that no child had begun.
    """

    claims: Claims
    most: Callable[[], tuple[float, float]]
    outages: Outages
    requeue_later: Callable[[Sequence[str]], None]
    requeued: Callable[[int], None]


#: By queue. Not a transport option: Celery shows those in `inspect`.
_bound: dict[str, Bound] = {}


def bind(
    claims: Claims,
    most: Callable[[], tuple[float, float]] = lambda: (math.inf, math.inf),
    outages: Outages | None = None,
    requeue_later: Callable[[Sequence[str]], None] = lambda _: None,
    requeued: Callable[[int], None] = lambda _: None,
) -> None:
    """Consume a queue through claims, in this process from now on; see `Bound`."""
    _bound[claims.queue] = Bound(claims, most, outages or Outages(), requeue_later, requeued)


class ClaimChannel(BlockingReadChannel):
    """kombu's channel, which claims messages where it consumes the journal's queue."""

    QoS = ClaimQoS
    Message = ClaimedMessage
    from_transport_options = (*BlockingReadChannel.from_transport_options, "sentinels")
    #: By which Sentinels the primary is found, as `worker.broker.connection` calls them.
    sentinels: str | None = None
    #: The claims of the queue this channel consumes, if it is one of ours; kept while it closes.
    claims: Claims | None = None
    _most: Callable[[], tuple[float, float]] = staticmethod(lambda: (math.inf, math.inf))
    #: Where claims go that could not be requeued.
    requeue_later: Callable[[Sequence[str]], None] = staticmethod(lambda _: None)
    #: Told how many were requeued.
    requeued: Callable[[int], None] = staticmethod(lambda _: None)
    _outages = Outages()
    _paused_until = 0.0
    #: Until when this worker leaves what waits to others, because it holds its share.
    share_paused_until = 0.0

    def basic_consume(self, queue: str, *args: Any, **kwargs: Any) -> Any:
        """Consume a queue; one that `bind` names is from now on read through its claims."""
        if queue in _bound:
            bound = _bound[queue]
            self.claims, self._most, self._outages = bound.claims, bound.most, bound.outages
            self.requeue_later, self.requeued = bound.requeue_later, bound.requeued
            # By these kombu deletes the claim of a message that it acknowledges.
            self.unacked_key = self.claims.keys.claims
            self.unacked_index_key = self.claims.keys.leases
        return super().basic_consume(queue, *args, **kwargs)

    @property
    def connection_options(self) -> dict[str, Any]:
        """Those that lead to the primary that Sentinels tell, if there are any."""
        return {} if self.sentinels is None else options_of(self.sentinels)

    @property
    def replaces_wait(self) -> bool:
        """While it consumes the journal's queue."""
        return self.claims is not None and self.claims.queue in self.active_queues

    @property
    def replaces_read(self) -> bool:
        """Once it has consumed the journal's queue."""
        return self.claims is not None

    def wait(self, seconds: float) -> None:
        """Wait for a message without claiming it."""
        assert self.claims is not None
        if monotonic() < max(self._paused_until, self.share_paused_until) or self._is_full:
            return
        keys = self.claims.keys
        self.send_blocking("BLMOVE", keys.queue, keys.woken, "RIGHT", "LEFT", seconds)

    def read(self, **options: Any) -> None:
        """Read that something waits, and claim what there is, up to the prefetch limit."""
        try:
            seen = self.receive_blocking("BLMOVE", **options)
        except ResponseError as exc:
            self._waiting_refused(exc)
            seen = True
        else:
            self._outages.works(Use.WAITING)
            if seen is None:  # not refused, and nothing to claim
                self._outages.works(Use.CLAIMING)
        if seen is None:  # not `not seen`: an empty message is a message too
            raise kombu_redis.Empty
        self.take()

    def _waiting_refused(self, error: ResponseError) -> None:
        """Claim without waiting, after a pause; find another server where this is a replica.

        Raises:
            redis.exceptions.ConnectionError: the server was made a replica.
        """
        if isinstance(error, ReadOnlyError) or str(error).startswith("UNBLOCKED"):
            # A new connection may lead to the new primary.
            self._outages.failed(Use.CONNECTION, ReadOnlyError("READONLY"))
            self.client.connection.disconnect()
            raise RedisConnectionError("the server is read-only") from None
        # Out of memory, Redis refuses to wait by BLMOVE; claiming it still allows.
        self._outages.failed(Use.WAITING, error)
        self._paused_until = monotonic() + PAUSE_SECONDS

    def take(self) -> None:
        """Claim and deliver as much as the prefetch limit and this worker's share allow."""
        claims = self.claims
        assert claims is not None
        rooms, held = self._rooms(), self.qos.count()
        room = sum(entries for entries, _ in rooms.values())
        try:
            # Also without room, or when told to consume no more: what woke this worker has to go
            # back, for another to take.
            claimed = claims.claim(room, held, rooms=rooms)
        except RedisConnectionError:
            self.requeue_later(claims.last_tags(room))
            raise
        except (ResponseError, RedisTimeoutError) as exc:
            if isinstance(exc, RedisTimeoutError):
                self.requeue_later(claims.last_tags(room))
            self._outages.failed(Use.CLAIMING, exc)
            claimed = None
        else:
            self._outages.works(Use.CLAIMING)
        # Refused, or the results limit is reached: the entries stay where they are.
        if claimed is None:
            self._paused_until = monotonic() + PAUSE_SECONDS
            return
        if held and not claimed:
            self.share_paused_until = monotonic() + SHARE_SECONDS
        for one in claimed:
            self.qos.weigh(one.tag, len(one.message))
            self.deliver(as_payload(one), claims.queue)

    @property
    def _is_full(self) -> bool:
        return not any(entries for entries, _ in self._rooms().values())

    def _rooms(self) -> dict[str, tuple[int, float]]:
        """How many messages of each lane may be claimed now, and about how many bytes of them.

        Each lane has room of its own, so that a flood in one takes none of another's.
        """
        most, most_bytes = self._most()
        estimate = self.qos.can_consume_max_estimate()
        most_now = 0 if not self.replaces_wait else 1 if estimate is None else estimate
        rooms: dict[str, tuple[int, float]] = {}
        for lane in self.claims.keys.lanes.in_tags if self.claims else ():
            left = most_bytes - self.qos.held_bytes[lane]
            room = min(most_now, most - self.qos.held[lane]) if left > 0 else 0
            rooms[lane] = max(0, int(room)), left
        return rooms


class Transport(kombu_redis.Transport):  # type: ignore[misc]
    """`redis://`, `rediss://` and Sentinels, with `ClaimChannel`."""

    Channel = ClaimChannel


def mark_running(messages: Iterable[Any]) -> None:
    """Tell that a child works on these messages."""
    for message in messages:
        message.channel.qos.running.add(message.delivery_tag)


def mark_waiting(messages: Iterable[Any]) -> None:
    """Tell that the child that worked on these messages is gone, and no other has begun."""
    for message in messages:
        message.channel.qos.running.discard(message.delivery_tag)


def mark_settled(messages: Iterable[Any]) -> None:
    """Tell that these messages' claims are gone: acknowledging them needs no call."""
    for message in messages:
        message.channel.qos.settled.add(message.delivery_tag)
