"""What is true of a run, by the ledger, by the results themselves and by what the stages noted."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from producer.schemas import DeadReason, JournalResult
from producer.sealing import RESULT
from tests.truth.diary import redelivered
from tests.truth.drill import BULK, INTERACTIVE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.truth.diary import Batch
    from tests.truth.drill import Drill, Still


@dataclass(frozen=True, slots=True)
class Answer:
    """A result on the stream, and when it came there by the server's clock."""

    at: float
    result: JournalResult


@dataclass(frozen=True)
class Facts:
    """All that is known; taken at the end of a run, before its server goes."""

    drill: Drill
    #: To the load.
    answers: list[Answer] = field(default_factory=list)
    #: When each dead letter came, and why.
    dead: list[tuple[float, str]] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """From before the load until all of it was answered."""
        return self.drill.loaded - self.drill.began

    @property
    def standing(self) -> float:
        """Seconds from the end of the load until nothing moved."""
        return self.still.at - self.drill.loaded

    def moment(self, name: str) -> float:
        """When the figures of a part of the run are asked for, in seconds since 1970."""
        at = {"loaded": self.drill.loaded, "still": self.still.at, "gone": self.drill.gone.at}
        return at[name]

    def interval(self, name: str) -> float:
        """Seconds over which rates are told then."""
        return self.seconds if name == "loaded" else self.standing

    @property
    def still(self) -> Still:
        """What lies in Redis while nothing moves."""
        return self.drill.still

    @cached_property
    def reported(self) -> list[Batch]:
        """The batches of the load of which a child reported to its parent."""
        return [one for one in self.batches if one.ended and one.ended < self.drill.loaded]

    @cached_property
    def outcomes(self) -> dict[str, float]:
        """What became of the entries of the load."""
        dead = Counter(reason for at, reason in self.dead if at < self.drill.loaded)
        expired = dead.pop(DeadReason.EXPIRED, 0)
        return {"answered": len(self.answers), "dead": dead.total(), "expired": expired}

    @property
    def redelivered(self) -> int:
        """How often an entry of the load was given to a child again."""
        return redelivered([one for one in self.batches if one.began < self.drill.loaded])

    @property
    def latencies(self) -> list[float]:
        """Seconds from submit to the result on the stream, of each answer of the load."""
        sent = self.drill.sent.at
        return [
            one.at - sent.get(one.result.entry_id, one.result.submitted_at.timestamp())
            for one in self.answers
        ]

    def waits(self, lane: str | None = None) -> list[float]:
        """Seconds from submit until a child had the entry, each time that a child reported of it."""
        submitted = {
            one.result.entry_id: one.result.submitted_at.timestamp() for one in self.answers
        }
        submitted |= self.drill.sent.at
        bulk = set(self.drill.sent.lanes[BULK])
        lanes = {None: (True, False), BULK: (True,), INTERACTIVE: (False,)}[lane]
        return [
            max(0.0, batch.began - submitted[entry_id])
            for batch in self.reported
            for entry_id in batch.entries
            if entry_id in submitted and (entry_id in bulk) in lanes
        ]

    def stage(self, name: str) -> list[float]:
        """Seconds of each batch in a stage."""
        return [batch.seconds[name] for batch in self.reported]

    @property
    def answered_by(self) -> dict[str, float]:
        """How many entries of the load each worker answered, by its instance."""
        worker = {entry_id: one.port for one in self.reported for entry_id in one.entries}
        answered = Counter(worker[one.result.entry_id] for one in self.answers)
        return {f"127.0.0.1:{port}": float(number) for port, number in answered.items()}

    def submitted(self, lane: str) -> list[str]:
        """The entries of a lane that were submitted for the standstill, in their order."""
        sent = self.drill.sent
        return [
            entry_id
            for entry_id in sent.lanes[lane]
            if sent.at[entry_id] > self.drill.loaded and entry_id not in sent.cancelled
        ]

    def at_workers(self, lane: str) -> int:
        """How many of them are claimed and wait for a child."""
        bulk = set(self.drill.sent.lanes[BULK])
        begun = [entry_id in bulk for one in self.drill.holding for entry_id in one.entries]
        running = begun.count(lane == BULK)
        return len(self.submitted(lane)) - running - self.still.waiting[lane]

    @property
    def claimed(self) -> int:
        """How many of them are in workers' hands, by what was submitted and what waits."""
        return self.running + sum(map(self.at_workers, (INTERACTIVE, BULK)))

    def oldest(self, lane: str) -> float:
        """Seconds that the first of a lane's entries in the queue has waited: lanes keep order."""
        number = self.still.waiting[lane]
        if not number:
            return 0.0
        return self.still.at - self.drill.sent.at[self.submitted(lane)[-number]]

    @property
    def running(self) -> int:
        """How many entries children hold."""
        return sum(len(batch.entries) for batch in self.drill.holding)


def gather(drill: Drill) -> Facts:
    """Read the streams, which nobody has trimmed, and the diary."""
    redis, settings, keys = drill.scene.redis, drill.scene.settings, drill.scene.keys
    answers = []
    for stream_id, fields in items(drill.results):
        if "sealed" in fields:
            plain = keys.open(fields["sealed"], kind=RESULT, entry_id=fields["entry_id"])
            result = JournalResult.model_validate_json(plain)
            answers.append(Answer(time_of(stream_id), result))
    dead = [
        (time_of(stream_id), json.loads(fields["letter"])["reason"])
        for stream_id, fields in items(redis.xrange(settings.dead))
    ]
    return Facts(drill, answers, dead, drill.scene.batches())


def items(reply: Any) -> Iterable[tuple[str, dict[str, str]]]:
    """The items of a stream."""
    return list(reply)


def time_of(stream_id: str) -> float:
    """Seconds since 1970 at which an item was put on its stream."""
    return int(stream_id.partition("-")[0]) / 1000
