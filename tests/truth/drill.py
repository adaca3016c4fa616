"""What happens to the system: a load with faults, a standstill and a drain; and what is known of each."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from producer import JournalEntry, QueueFull
from tests.chaos.garbage import kinds
from tests.chaos.light_worker import KILL, RAISE
from tests.truth.caller import OPEN_WAITS, Caller
from tests.truth.scene import CHILDREN, MAX_BATCH_ENTRIES, SCRAPE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from producer import KeySet
    from tests.truth.diary import Batch
    from tests.truth.scene import Scene

INTERACTIVE, BULK = "interactive", "bulk"
SLOW, BACKEND = "slow", "backend"
BURST_ENTRIES, BURST_SECONDS = 40, 0.4
#: Faults of the load.
RAISING, EXPIRING, GARBAGE = 3, 4, 6
#: What the slow group has acknowledged, what is sealed with another key, and what is taken back.
ACKNOWLEDGED, FOREIGN, CANCELLED = 4, 7, 5
_WORDS = 12
_PATIENCE = 90.0


@dataclass(frozen=True, slots=True)
class Still:
    """The system while nothing moves, as Redis itself tells it.

    Attributes:
        at: seconds since 1970.
        waiting: entries in the queue, by lane.
        claimed, parked, dead, results: how many there are.
        used_memory: of the server, in bytes.
    """

    at: float
    waiting: dict[str, int]
    claimed: int
    parked: int
    dead: int
    results: int
    used_memory: int


@dataclass
class Sent:
    """What was submitted and acknowledged: when, in the order of each lane.

    Attributes:
        at: when each was in the queue, in seconds since 1970, by its id.
        lanes: the ids of each lane in their order.
        duplicates: submitted again; enqueued nothing.
        garbage: messages that are no entry.
        cancelled: taken back.
        refused: that a full queue did not take.
    """

    at: dict[str, float] = field(default_factory=dict)
    lanes: dict[str, list[str]] = field(default_factory=lambda: {INTERACTIVE: [], BULK: []})
    duplicates: int = 0
    garbage: int = 0
    cancelled: set[str] = field(default_factory=set)
    refused: int = 0


class Drill:
    """One run.

    Args:
        scene: the system.
        seconds: of the load.
    """

    def __init__(self, scene: Scene, seconds: float) -> None:
        self.scene, self._seconds = scene, seconds
        self.sent = Sent()
        self.caller = Caller(scene)
        self._number = 0
        self._client = scene.client()

    def run(self) -> None:
        """Everything, in its order; then the processes are still up, the workers are not."""
        redis, settings = self.scene.redis, self.scene.settings
        redis.xgroup_create(settings.results, SLOW, id="0", mkstream=True)
        #: Between these all of the load happens, and its answers.
        self.began = time.time()
        time.sleep(2 * SCRAPE)  # so that Prometheus sees what was before
        self._load()
        self._wait_until(lambda: not self._open(), "every entry of the load to have its end")
        self._wait_until(self._hooks_came, "the webhooks")
        self._read_results()
        time.sleep(2 * SCRAPE)
        self.loaded = time.time()
        time.sleep(2 * SCRAPE)  # what changes now is seen to change
        self._stand_still()
        self._drain()

    def close(self) -> None:
        """End what is open."""
        self.caller.close()
        self._client.close()

    def _load(self) -> None:
        self.caller.start()
        until, burst = time.time() + self._seconds, 0
        while (now := time.time()) < until:
            self._submit([self._text() for _ in range(BURST_ENTRIES)], INTERACTIVE)
            self._submit([self._text() for _ in range(BURST_ENTRIES // 4)], BULK)
            if burst == 1:
                self._disturb()
            burst += 1
            time.sleep(max(0.0, now + BURST_SECONDS - time.time()))
        self.caller.stop()

    def _disturb(self) -> None:
        """Poison entries, some that expire, duplicates, and messages that are no entries."""
        self._submit([f"{KILL} now", *[f"{RAISE} now"] * RAISING], INTERACTIVE)
        self._submit([self._text() for _ in range(EXPIRING)], BULK, expires=0.001)
        known = self.sent.lanes[BULK][:3]
        again = [JournalEntry(entry_id=entry_id, text="entry 1 again") for entry_id in known]
        receipts = self._client.submit_many(again, lane=BULK)
        self.sent.duplicates += sum(receipt.status == "duplicate" for receipt in receipts)
        makers = list(kinds(random.Random(7)).values())[:GARBAGE]
        for make in makers:
            self.scene.redis.lpush(self.scene.settings.queue, make())
        self.sent.garbage += len(makers)

    def _text(self) -> str:
        words = " ".join(["word"] * (self._number % _WORDS))
        return f"entry {self._number + 1} {words}"

    def _submit(
        self,
        texts: Sequence[str],
        lane: str,
        *,
        expires: float | None = None,
        keys: KeySet | None = None,
    ) -> None:
        entries = []
        for text in texts:
            self._number += 1
            entries.append(JournalEntry(entry_id=f"t{self._number}", text=text))
        client = self._client if keys is None else self.scene.client(keys)
        began = time.time()
        try:
            receipts = client.submit_many(entries, lane=lane, expires=expires)
        except QueueFull as exc:
            receipts = list(exc.receipts)
            self.sent.refused += len(entries) - len(receipts)
        # In the queue at some instant of the call.
        now = (began + time.time()) / 2
        if keys is not None:
            return
        for receipt in receipts:
            self.sent.at[receipt.entry_id] = now
            self.sent.lanes[lane].append(receipt.entry_id)

    def _open(self) -> int:
        """How many entries of the load have neither an answer nor a dead letter."""
        redis, settings = self.scene.redis, self.scene.settings
        ended = redis.xlen(settings.results) + redis.xlen(settings.dead)
        return len(self.sent.at) + len(self.caller.submitted) + self.sent.garbage - ended

    def _hooks_came(self) -> bool:
        endpoint = self.scene.endpoint
        return len(endpoint.taken) + len(endpoint.refused) >= len(self.caller.submitted)

    def _read_results(self) -> None:
        """One group reads all, the other acknowledges little of what it reads.

        What all groups have acknowledged is deleted, so the stream is read before.
        """
        self.results: Any = self.scene.redis.xrange(self.scene.settings.results)
        while found := self._client.receive(group=BACKEND, count=1000):
            self._client.acknowledge([one.stream_id for one in found], group=BACKEND)
        few = self._client.receive(group=SLOW, count=3 * ACKNOWLEDGED)
        self._client.acknowledge([one.stream_id for one in few][:ACKNOWLEDGED], group=SLOW)

    def _stand_still(self) -> None:
        """All children hold a batch, and what else is submitted waits, until there is no room."""
        scene = self.scene
        foreign = [self._text() for _ in range(FOREIGN)]
        self._submit(foreign, INTERACTIVE, keys=scene.other_keys)
        keys = scene.settings.queue_keys
        self._wait_until(
            lambda: sum(map(scene.redis.llen, keys.all_parked)) == FOREIGN, "entries to be parked"
        )
        scene.hold.touch()
        # More than one worker may claim, so that the other has to.
        held = max(CHILDREN) * MAX_BATCH_ENTRIES * 5 // 2
        self._submit([self._text() for _ in range(held)], INTERACTIVE)
        self._wait_until(lambda: len(self.held()) == sum(CHILDREN), "every child to hold a batch")
        before = self._present()
        self.caller.hold_open()
        self._wait_until(lambda: self._present() == before + OPEN_WAITS, "calls that wait")
        for number in range(OPEN_WAITS):
            self.sent.at[f"open{number}"] = time.time()
            self.sent.lanes[INTERACTIVE].append(f"open{number}")
        self._fill()
        self._wait_until(self._is_still, "workers to have claimed what they can hold")
        self._fill()
        self.caller.knock_at_full_queue()
        last = self.sent.lanes[BULK][-CANCELLED:]
        self.sent.cancelled = {entry_id for entry_id in last if self._client.cancel(entry_id)}
        self._wait_until(self._is_still, "nothing to move")
        time.sleep(max(3 * SCRAPE, self._seconds / 2))
        self.still, self.holding = self._look(), self.held()

    def _fill(self) -> None:
        """Submit until there is no room in any lane."""
        for lane in (BULK, INTERACTIVE):
            refused = self.sent.refused
            while self.sent.refused == refused:
                self._submit([self._text() for _ in range(50)], lane)

    def held(self) -> list[Batch]:
        """The batches that children hold while the system stands still."""
        batches = self.scene.batches()
        return [batch for batch in batches if not batch.ended and batch.began > self.loaded]

    def _present(self) -> int:
        """How many entries wait or are claimed."""
        found = self._look()
        return sum(found.waiting.values()) + found.claimed

    def _is_still(self) -> bool:
        before = self._look()
        time.sleep(2 * SCRAPE)
        after = self._look()
        return (before.waiting, before.claimed) == (after.waiting, after.claimed)

    def _look(self) -> Still:
        redis, settings = self.scene.redis, self.scene.settings
        keys = settings.queue_keys
        bulk = redis.llen(keys.lane(BULK).queue)
        return Still(
            at=time.time(),
            waiting={INTERACTIVE: sum(map(redis.llen, keys.waiting)) - bulk, BULK: bulk},
            claimed=redis.hlen(keys.claims),
            parked=sum(map(redis.llen, keys.all_parked)),
            dead=redis.xlen(settings.dead),
            results=redis.xlen(settings.results),
            used_memory=int(redis.info("memory")["used_memory"]),
        )

    def _drain(self) -> None:
        """Workers finish what they have begun, give back the rest, and go."""
        for worker in self.scene.workers:
            worker.begin_to_stop()
        self.scene.hold.unlink()
        for worker in self.scene.workers:
            worker.stop()
        time.sleep(3 * SCRAPE)
        self.gone = self._look()

    def _wait_until(self, holds: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + _PATIENCE
        while not holds():
            if time.monotonic() > until:
                raise SystemExit(f"waited in vain for {what}")
            time.sleep(0.05)
