"""Claims: messages that a worker holds under a lease, in keys of the queue's own.

Each claim has a tag of its own (worker, claim, position): a message that is claimed again has
another, so whoever lost a claim can settle nothing by its old tag.
"""

from __future__ import annotations

import copy
import itertools
import uuid
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from redis.exceptions import ReadOnlyError

from producer.connection import within
from producer.connection.primary import primary_of
from producer.keys import ONE_LANE, Lanes, keys_of
from worker.broker.lanes import TAG_PREFIX, UnknownLanes, tags_of
from worker.broker.records import Answer, Claimed
from worker.broker.results_pause import ResultsPause
from worker.broker.scripts import run_script
from worker.errors import UnconfirmedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import redis


#: kombu's hash of claims and sorted set of leases, where earlier versions kept ours.
KOMBU_CLAIMS, KOMBU_LEASES = "unacked", "unacked_index"
#: Most messages that one call of the reaper puts back; it holds Redis for about 5 ms.
REAP_LIMIT = 500
#: Most bytes of messages that one call claims or puts back, so that it holds Redis for a few
#: milliseconds only; one message is moved whatever its size.
MOST_BYTES = 1024 * 1024
#: How long replicas have to confirm answers, in milliseconds: much longer than they lag, and less
#: than a child waits for an answer of Redis.
REPLICAS_MS = 2000
#: Most parked messages that one call looks at.
UNPARK_LIMIT = 200
#: Without a heartbeat for so long, in seconds, a worker no longer counts among those that share.
SILENT_SECONDS = 5.0
#: How many of kombu's leases one call looks through for claims of earlier versions.
ADOPT_LIMIT = 500


class Claims:
    """Claims, settles, renews and requeues messages; every method is one atomic call.

    Args:
        client: raw RESP2 replies, as from `producer.connection.connect`.
        queue, results, dead: the list and the two streams.
        max_results: unread results from which on nothing more is claimed.
        reply_seconds: how long a reply is kept that the submitter of an entry asked for.
        lanes: what the queue has of them.
    """

    def __init__(
        self,
        client: redis.Redis,
        *,
        queue: str,
        results: str,
        dead: str,
        max_results: int,
        reply_seconds: int = 600,
        lanes: Lanes = ONE_LANE,
    ) -> None:
        #: What Redis is asked through.
        self.client = client
        #: The names of the queue's keys.
        self.keys = keys_of(queue, lanes)
        self._results = results
        self._dead = dead
        self._max_results = max_results
        self._reply_seconds = reply_seconds
        #: Whether claiming is paused because results are not read.
        self.pause = ResultsPause(max_results)
        #: Lanes that clients use and this worker does not know.
        self.unknown_lanes = UnknownLanes()
        #: The name of this worker, with which its tags begin.
        self.worker = f"{TAG_PREFIX}{uuid.uuid4().hex[:12]}:"
        self._numbers = itertools.count()
        self._prefix = ""
        #: What kombu puts behind a message in its hash: exchange and routing key.
        self._suffix = f',"","{queue}"]'
        self._adopted = b"0"
        #: Seconds for a call, and for one answer; None: as the connection has it.
        self.limit: tuple[float, float] | None = None

    @property
    def queue(self) -> str:
        """The list that is claimed from."""
        return self.keys.queue

    def through(self, client: redis.Redis) -> Claims:
        """The same worker's claims by another client, for another thread."""
        other = copy.copy(self)
        other.client = client
        return other

    def claim(
        self,
        count: int,
        held: int = 0,
        most_bytes: float = MOST_BYTES,
        *,
        rooms: Mapping[str, tuple[int, float]] | None = None,
    ) -> list[Claimed] | None:
        """Take messages, oldest first in each lane, no more than this worker's share of all.

        Lanes take turns by weight; in the first, Celery's priorities follow (0 is the highest). The
        share is by ready children, as `announce` tells them. What is waited for by moving it to
        `woken` is put back first; so a worker that was woken has to call this, if only for 0.

        Args:
            count: how many at most.
            held: how many claims this worker holds already.
            most_bytes: of messages; one is taken whatever its size.
            rooms: how many at most of each lane, as tags call it, and bytes of these; by default
                as of all.

        Returns:
            The messages; None where the results limit is reached.
        """
        keys = self.keys
        room = _bytes(most_bytes)
        self._prefix = f"{self.worker}{next(self._numbers)}:"
        names = (keys.queue, keys.woken, keys.claims, keys.leases, keys.deliveries, keys.weights)
        lists = (self._results, keys.turns, *keys.of_lanes, *keys.of_priorities)
        limits = [count, self._prefix, self.worker, held, room, self._max_results]
        for lane, tagged in zip(keys.lanes.all, keys.lanes.in_tags, strict=True):
            entries, most = (rooms or {}).get(tagged, (count, room))
            limits += [tagged, lane.weight, entries, _bytes(most)]
        reply = self._call("claim", (*names, *lists), limits)
        if reply is None:
            self.pause.refused()
            return None
        self.pause.claimed()
        return [
            Claimed(tag.decode(), message, int(deliveries))
            for tag, message, deliveries in zip(reply[::3], reply[1::3], reply[2::3], strict=True)
        ]

    def last_tags(self, count: int) -> list[str]:
        """The tags that the last claim of up to `count` messages gave, should it have come through.

        Whoever has not read the answer requeues them: Redis may have claimed all the same.
        """
        return tags_of(self._prefix, count, self.keys.lanes)

    def settle(self, answers: Sequence[Answer], replicas: int = 0) -> list[bool]:
        """Publish answers of claims still held, also as replies where they are asked for.

        The kinds are `result`, `dead`, `freed` (dead, and its id may be submitted again at once)
        and `parked` (it waits for a worker with the key whose encoded id is the value).

        Args:
            answers: one for each claim.
            replicas: how many have to confirm that they have the answers.

        Returns:
            For each whether it was; the others were taken over or cancelled, and are not published.

        Raises:
            UnconfirmedError: fewer replicas did, in `REPLICAS_MS`. It is published here; should
                this server not be the primary any more, the claims are still held at the next one.
        """
        if not answers:
            return []
        keys = self.keys
        arguments: list[Any] = [keys.seen, keys.reply, self._reply_seconds]
        for answer in answers:
            arguments += answer
        names = (keys.claims, keys.leases, keys.deliveries, self._results, self._dead, keys.parked)
        if not replicas:
            return [held == 1 for held in self._call("settle", names, arguments)]
        wait = ("WAIT", replicas, REPLICAS_MS)
        reply, confirmed = self._call("settle", names, arguments, wait)
        held = [one == 1 for one in reply]
        if confirmed < replicas:
            self.look_for_primary()
            raise UnconfirmedError(held)
        return held

    def requeue(self, tags: Sequence[str], *, failed: bool = False) -> int:
        """Put messages back, to be taken next; `failed` counts a failed delivery.

        Returns:
            How many were still held, and are back.
        """
        if not tags:
            return 0
        keys = self.keys
        names = (keys.queue, keys.claims, keys.leases, keys.deliveries)
        return int(self._call("requeue", names, (int(failed), *tags)))

    def renew(self, tags: Sequence[str], *, failed: bool = False) -> list[str]:
        """Renew leases; `failed` counts a delivery that failed though the claim is kept.

        Returns:
            The tags of the claims that are lost: another worker may answer them.
        """
        if not tags:
            return []
        keys = self.keys
        names = (keys.leases, keys.claims, keys.deliveries)
        return [tag.decode() for tag in self._call("renew", names, (int(failed), *tags))]

    def unpark(self, key_ids: Sequence[str]) -> tuple[int, list[str]]:
        """Put parked messages back, to be taken next, that were sealed with one of these keys.

        Args:
            key_ids: the encoded ids of the keys that this worker has.

        Returns:
            How many, at most `UNPARK_LIMIT` of each lane; and the encoded ids of other keys needed.
        """
        total, missing = 0, []
        for lane in map(self.keys.lane, self.keys.lanes.names):
            names = (lane.queue, lane.parked)
            back, *others = self._call("unpark", names, (UNPARK_LIMIT, MOST_BYTES, *key_ids))
            total += int(back)
            missing += [one.decode() for one in others]
        return total, missing

    def announce(self, children: int) -> int:
        """Tell that this worker is alive, and how many children are ready: its weight.

        Where none waits but with a priority or in another lane, one of them then wakes a worker.

        Returns:
            How many workers are alive.
        """
        keys = self.keys
        lower = (*keys.of_priorities, *keys.of_lanes)
        names = (keys.workers, keys.weights, keys.queue, keys.turns, *lower)
        lanes = (lane.name for lane in keys.lanes.others)
        arguments = (self.worker, children, SILENT_SECONDS, *lanes)
        alive, *unknown = self._call("announce", names, arguments)
        self.unknown_lanes.found([name.decode() for name in unknown])
        return int(alive)

    def reap(self, lease_seconds: float) -> int:
        """Requeue what dead workers held, oldest first.

        Args:
            lease_seconds: after this long without a renewal a claim is taken from its holder.

        Returns:
            How many messages; while it is not 0 there may be more.
        """
        keys = self.keys
        names = (keys.queue, keys.woken, keys.claims, keys.leases, keys.deliveries, keys.reaper)
        requeued = self._call("reap", names, (lease_seconds, REAP_LIMIT, MOST_BYTES))
        return int(requeued) + self._adopt(lease_seconds)

    def _adopt(self, lease_seconds: float) -> int:
        """Requeue what dead workers of earlier versions held, from one page of kombu's keys."""
        keys = self.keys
        self._adopted, adopted = self._call(
            "adopt",
            (keys.queue, keys.deliveries, keys.reaper, KOMBU_CLAIMS, KOMBU_LEASES),
            (self._suffix, f"{TAG_PREFIX}*", lease_seconds, self._adopted, ADOPT_LIMIT),
        )
        return int(adopted)

    def ping(self) -> None:
        """Ask Redis for nothing but an answer."""
        self.client.ping()

    def look_for_primary(self) -> None:
        """Connect anew before the next call: another server may be the primary by now."""
        primary_of(self.client.connection_pool).moved()

    def _call(
        self,
        name: str,
        keys: Sequence[str],
        arguments: Sequence[Any],
        then: tuple[Any, ...] = (),
    ) -> Any:
        """The reply of a script; of it and of the command `then`, on the same connection."""
        try:
            with within(*self.limit) if self.limit else nullcontext():
                return run_script(self.client, name, keys, arguments, then)
        except ReadOnlyError:
            # The server was made a replica: new connections may lead to the new primary.
            self.client.connection_pool.disconnect()
            raise


def _bytes(most: float) -> int:
    return int(max(0, min(most, MOST_BYTES)))
