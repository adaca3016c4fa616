"""The messages that kombu has delivered to a worker and that are not acknowledged."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

from redis.exceptions import RedisError

from worker.broker.lanes import lane_of_tag
from worker.celery_internals import UnacknowledgedMessages

log = logging.getLogger(__name__)


class ClaimQoS(UnacknowledgedMessages):
    """kombu's list of delivered messages, for claims: only `Claims` changes them in Redis.

    A channel that does not consume the journal's queue (for remote control, say) keeps kombu's own
    way.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        #: Tags whose claim is gone already, because a child settled it.
        self.settled: set[str] = set()
        #: Tags a child is working on: a draining worker does not requeue them.
        self.running: set[str] = set()
        #: The lane of each message on the list, and how many bytes it has.
        self.bytes_of: dict[str, tuple[str, int]] = {}
        #: How many messages of each lane are on the list, and their bytes.
        self.held: Counter[str] = Counter()
        self.held_bytes: Counter[str] = Counter()

    @property
    def bytes(self) -> int:
        """The bytes of all messages on the list."""
        return self.held_bytes.total()

    def weigh(self, delivery_tag: str, size: int) -> None:
        """Note how many bytes a message has that is about to be listed."""
        lane = lane_of_tag(delivery_tag)
        self.bytes_of[delivery_tag] = lane, size
        self.held[lane] += 1
        self.held_bytes[lane] += size

    @property
    def _ours(self) -> bool:
        return self.channel.claims is not None

    def append(self, message: Any, delivery_tag: str) -> None:
        """List a message as delivered; its claim is in Redis already."""
        if self._ours:
            self.add(message, delivery_tag)
        else:
            super().append(message, delivery_tag)

    def ack(self, delivery_tag: str) -> None:
        """Take a message off the list; delete its claim, unless it was settled."""
        if not self._ours:
            super().ack(delivery_tag)
            return
        self._forget(delivery_tag)
        self.channel.share_paused_until = 0.0
        if delivery_tag in self.settled:
            self.settled.discard(delivery_tag)
        else:
            self.delete_claim(delivery_tag)
        self.remove(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Requeue a message, or delete its claim."""
        self._forget(delivery_tag)
        if not (self._ours and requeue):
            super().reject(delivery_tag, requeue)
            return
        self.channel.claims.requeue([delivery_tag])
        self.remove(delivery_tag)

    def _forget(self, delivery_tag: str) -> None:
        """A message leaves the list."""
        self.running.discard(delivery_tag)
        if delivery_tag in self.bytes_of:
            lane, size = self.bytes_of.pop(delivery_tag)
            self.held[lane] -= 1
            self.held_bytes[lane] -= size

    def restore_unacked(self, client: Any = None) -> list[Any]:
        """Requeue at once what no child has begun."""
        if not self._ours:
            super().restore_unacked(client)
            return []
        self._requeue([tag for tag in self.tags() if tag not in self.running])
        self.clear()
        for noted in (self.bytes_of, self.held, self.held_bytes):
            noted.clear()
        return []

    def hand_back(self) -> None:
        """Requeue what no child has begun, and list it no more."""
        if not self._ours:
            return
        waiting = [tag for tag in self.tags() if tag not in self.running]
        self._requeue(waiting)
        for tag in waiting:
            self._forget(tag)
            self.remove(tag)

    def _requeue(self, tags: list[str]) -> None:
        """Requeue messages, or let others try that as soon as Redis answers."""
        if not tags:
            return
        try:
            self.channel.requeued(self.channel.claims.requeue(tags))
        except RedisError as exc:
            log.debug("%d entries could not be requeued (%s)", len(tags), type(exc).__name__)
            self.channel.requeue_later(tags)

    def restore_visible(self, start: int = 0, num: int = 10, interval: int = 10) -> None:
        """Nothing: `worker.broker.leases` requeues what dead workers held, by its own rules."""
