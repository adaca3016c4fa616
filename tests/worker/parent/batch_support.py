"""A gatherer and a dispatcher; what is around them is replaced by plain objects that record."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import kombu
import redis
from billiard.einfo import ExceptionInfo
from celery.exceptions import TimeLimitExceeded, WorkerLostError
from kombu.transport.virtual import Message
from prometheus_client import CollectorRegistry

from producer.keys import parse_lanes
from producer.message import TASK, encode_message
from producer.schemas import DeadReason
from worker.app import create_app
from worker.broker.outages import Outages
from worker.broker.parked import MissingKeys
from worker.broker.payload import as_payload
from worker.broker.records import Claimed
from worker.broker.transport import ClaimQoS
from worker.monitoring.metrics import Metrics
from worker.parent.dead_letters import DeadLetters
from worker.parent.dispatcher import Dispatcher
from worker.parent.gatherer import Gatherer
from worker.parent.limits import BatchLimits
from worker.parent.request import JournalRequest
from worker.parent.requeue import Requeuer
from worker.parent.services import Services
from worker.protocol import BatchReport, Claim, Failure, Outcome, Stage
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SEALED = "a.b.c.d.e"
OUT_OF_REACH = redis.ConnectionError("gone")


def names(count: int) -> list[str]:
    """Entry ids."""
    return [f"e{i}" for i in range(count)]


def claim_channel() -> Any:
    """A channel without a server that keeps the same account of messages as a worker's."""
    channel = kombu.Connection("memory://").channel()
    channel.QoS = ClaimQoS
    return channel


class Received(Message):
    """A message that remembers what was done with it."""

    def __init__(self, raw: bytes, deliveries: int = 1) -> None:
        super().__init__(as_payload(Claimed("tag", raw, deliveries)), channel=claim_channel())
        self.done: list[str] = []

    def ack(self, multiple: bool = False) -> None:
        self.done.append("ack")

    def requeue(self) -> None:
        self.done.append("requeue")


class Job:
    """One call of the pool."""

    def __init__(self, claims: list[Claim], options: dict[str, Any]) -> None:
        self.claims = claims
        self._options = options

    @property
    def ids(self) -> list[str]:
        return [claim.entry_id for claim in self.claims]

    @property
    def timeout(self) -> float:
        return float(self._options["timeout"])

    def accept(self) -> None:
        self._options["accept_callback"](4711, 0.0)

    def answer(self, *outcomes: Outcome) -> None:
        given = list(outcomes) or [Outcome.ANSWERED] * len(self.claims)
        self.report(BatchReport(outcomes=given, stages={Stage.CLASSIFY: 0.5}))

    def report(self, report: BatchReport) -> None:
        self._options["callback"](report)

    def break_down(self) -> None:
        self.report(BatchReport(failure=Failure.BROKEN))

    def lose(self) -> None:
        self._fail(WorkerLostError("signal 9 (SIGKILL)"))

    def run_late(self) -> None:
        self._fail(TimeLimitExceeded(1.0))

    def _fail(self, error: Exception) -> None:
        try:
            raise error
        except Exception:  # noqa: BLE001 - the pool hands over what is being handled
            self._options["error_callback"](ExceptionInfo())


class Pool:
    """Records what it is asked to do."""

    active = True

    def __init__(self, children: int) -> None:
        self.num_processes = children
        self.jobs: list[Job] = []
        self.limits: dict[Job, float] = {}
        self.on_timeout_cancel = lambda job: self.limits.pop(job, None)
        self.on_timeout_set = lambda job, _, hard: self.limits.update({job: hard})
        self._pool = self  # billiard's pool within Celery's

    def apply_async(self, function: Any, *, args: tuple[list[Claim]], **options: Any) -> Job:
        assert function.__name__ == "run_batch"
        self.jobs.append(Job(list(args[0]), options))
        return self.jobs[-1]


class RecordingSettler:
    """Says of every claim that it was held, unless told otherwise."""

    def __init__(self) -> None:
        self.settled: list[tuple[Claim, str | DeadReason]] = []
        self.held = True
        self.error: Exception | None = None

    def settle(self, answers: Sequence[tuple[Claim, str | DeadReason]]) -> list[bool]:
        if self.error is not None:
            raise self.error
        self.settled += answers
        return [self.held] * len(answers)

    @property
    def reasons(self) -> dict[str, str]:
        return {claim.entry_id: str(answer) for claim, answer in self.settled}


class RecordingClaims:
    """Remembers which claims were requeued, and whose failed delivery was counted."""

    def __init__(self) -> None:
        self.requeued: list[str] = []
        self.failed: list[str] = []
        self.error: Exception | None = None

    def requeue(self, tags: Sequence[str]) -> int:
        if self.error is not None:
            raise self.error
        self.requeued += tags
        return len(tags)

    def look_for_primary(self) -> None:
        self.requeued.clear()  # what counts is what comes back at the next one

    def renew(self, tags: Sequence[str], *, failed: bool = False) -> list[str]:
        if self.error is not None:
            raise self.error
        assert failed
        self.failed += tags
        return []


class Desk:
    """A gatherer and a dispatcher, and what is around them."""

    def __init__(
        self,
        children: int = 1,
        *,
        max_entries: int = 4,
        max_tokens: int = 1000,
        max_deliveries: int = 3,
        lanes: str = "",
        gather_seconds: float = 0.0,
    ) -> None:
        self.pool = Pool(children)
        self.settler = RecordingSettler()
        self.metrics = Metrics(CollectorRegistry(), parse_lanes(lanes))
        self.app = create_app(WorkerSettings.load())
        self.dead_letters = DeadLetters(self.settler, self.metrics)
        self.connections: list[str] = []
        self.outages = Outages()
        self.missing = MissingKeys(lambda: ["known"])
        told = (self.connected, self.receive, lambda: self.connections.append("lost"))
        self.app.services = Services(self.dead_letters, *told, self.outages)
        self.soon: list[Callable[[], None]] = []
        self.later: list[tuple[float, Callable[..., None], tuple[Any, ...]]] = []
        self.claims = RecordingClaims()
        self.acknowledged: list[str] = []
        self.rejected: list[str] = []
        limits = BatchLimits(max_entries, max_tokens, 7.0, max_deliveries, gather_seconds)
        requeuer = Requeuer(self.claims, self.metrics, self.call_later)
        self.gatherer = Gatherer(
            limits,
            claims=self.claims,
            dead_letters=self.dead_letters,
            requeuer=requeuer,
            metrics=self.metrics,
            lanes=parse_lanes(lanes),
        )
        self.dispatcher = Dispatcher(
            self.pool,
            self.gatherer,
            requeuer,
            limits=limits,
            metrics=self.metrics,
            missing=self.missing,
            call_soon=self.soon.append,
            call_later=self.call_later,
        )
        self.channel = claim_channel()

    def connected(self, consumer: Any) -> None:
        self.connections.append("made")
        self.dispatcher.forget_waiting()

    def receive(self, request: Any) -> None:
        self.dispatcher.add(request)

    def call_later(self, seconds: float, function: Any, arguments: tuple[Any, ...]) -> None:
        self.later.append((seconds, function, arguments))

    def time_passes(self) -> None:
        """Everything that was to happen later happens."""
        due, self.later[:] = list(self.later), []
        for seconds, function, arguments in due:
            assert seconds > 0
            function(*arguments)

    def request(
        self, message: bytes, deliveries: int = 1, tag: str | None = None
    ) -> JournalRequest:
        """Celery's request for a message of the queue, made as Celery makes it."""
        payload = as_payload(Claimed(tag or "tag", message, deliveries))
        received = Message(payload, channel=self.channel)
        ident = str(payload["headers"]["id"])

        def on_reject(logger: Any, errors: Any, requeue: bool) -> None:
            assert requeue, "an entry was thrown away"
            self.rejected.append(ident)

        return JournalRequest(
            received,
            on_ack=lambda *_: self.acknowledged.append(ident),
            on_reject=on_reject,
            hostname="host",
            app=self.app,
            task=self.app.tasks[TASK],
            body=received.body,
            headers=received.headers,
            decoded=False,
        )

    def entry(self, name: str, *, tokens: int = 1, lane: str = "", **options: Any) -> Any:
        message = encode_message(name, SEALED.ljust(6 * tokens, "x"))
        return self.request(message, tag=f"tag-{name}{lane and '@'}{lane}", **options)

    def add(self, *names: str, **options: Any) -> None:
        for name in names:
            self.dispatcher.add(self.entry(name, **options))

    def turn(self) -> None:
        """One turn of the event loop."""
        due, self.soon[:] = list(self.soon), []
        for function in due:
            function()

    def jobs(self) -> list[list[str]]:
        """The ids of every batch the pool was given so far, after a turn of the loop."""
        self.turn()
        return [job.ids for job in self.pool.jobs]

    def take(self) -> Job:
        """The one batch that the pool was given since the last call."""
        self.turn()
        (job,) = self.pool.jobs
        self.pool.jobs.clear()
        return job

    def sample(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(name, labels) or 0.0

    def outcome(self, outcome: str) -> float:
        return self.sample("journal_entries_total", outcome=outcome)


def altered(message: bytes, **headers: Any) -> bytes:
    """A message with other headers."""
    payload = json.loads(message)
    payload["headers"].update(headers)
    return json.dumps(payload).encode()
