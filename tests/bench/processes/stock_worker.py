"""Stock Celery, one task an entry: the peer that the worker is measured beside.

    python -m tests.bench.processes.stock_worker {models,stand-in,noop,peers}

A plain Celery worker on kombu's own Redis transport, set up as Celery advises where no task may be
lost: prefork, late acknowledgement, a task that lost its child is delivered again. A child runs
the same stages as a worker's, on one entry at a time. The result is published by an XADD and the
message acknowledged in a later step: a kill in between answers an entry twice. `models` are the
stages of a real worker, `stand-in` those of `tests.chaos.light_worker`, `noop` publishes the fixed
answer of `noop_worker`, and `peers` are the stages as all of `tests.bench.peers` run them. Settings are the JOURNAL_* ones of a worker.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
from typing import TYPE_CHECKING, Any

import celery
from celery import signals
from celery.exceptions import Reject

from producer.connection import connect
from producer.message import ENQUEUED_AT, TASK
from producer.schemas import DeadLetter, DeadReason
from worker.child import process
from worker.protocol import Claim, Failure
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.broker.settlement import Answered

TITLE = "stock Celery, one task an entry"
#: Logged once by each child when it can work.
READY = "child ready"
#: Logged by a child that cannot load its stages.
FAILED = "child cannot start"
#: The module whose `build(settings, settler)` makes the stages.
STAGES = {
    "models": "tests.bench.processes.stages",
    "stand-in": "tests.chaos.light_worker",
    "noop": "tests.bench.processes.noop_worker",
    "peers": "tests.bench.peers.servers.stages",
}
#: Celery's default; with 64 the peer took more CPU an entry and was slower (`make bench ARGS=--noop`).
PREFETCH = 4
#: Loading the models takes longer than the 4 s that Celery gives a child.
_START_SECONDS = 300
#: A claim is handed out again after so many times the longest that a batch may take.
_VISIBILITY_FACTOR = 4
log = logging.getLogger(__name__)


class Publisher:
    """Publishes each answer by an XADD, whoever else may have answered the entry.

    Args:
        settings: where Redis is, and the names of the streams.
    """

    def __init__(self, settings: WorkerSettings) -> None:
        # Not repeated: a task that could not publish is delivered again.
        self._redis: Any = connect(settings.redis_url, retries=0)
        self._results = settings.results
        self._dead = settings.dead

    def settle(self, answers: Sequence[Answered]) -> list[bool]:
        """Publish the answers; see `worker.broker.settlement.Settler.settle`."""
        for claim, answer in answers:
            stream, name, value = self._results, "sealed", answer
            if isinstance(answer, DeadReason):
                letter = DeadLetter(
                    entry_id=claim.entry_id,
                    reason=answer,
                    deliveries=claim.deliveries,
                    sealed=claim.sealed,
                )
                stream, name, value = self._dead, "letter", letter.encode().decode()
            self._redis.execute_command(
                "XADD", stream, "*", "entry_id", claim.entry_id, name, value
            )
        return [True] * len(answers)


def create_app(settings: WorkerSettings, stages: str) -> celery.Celery:
    """The application, with a task for one entry.

    Args:
        settings: the settings of a worker.
        stages: a key of `STAGES`.
    """
    application = base_app(settings, stages)

    @application.task(name=TASK, bind=True)  # type: ignore[untyped-decorator]
    def classify(self: Any, sealed: str) -> None:
        answer(self.request.id, sealed, self.request.headers.get(ENQUEUED_AT))

    return application


def base_app(settings: WorkerSettings, stages: str) -> celery.Celery:
    """The application without its task; its children load their stages when they start.

    Args:
        settings: the settings of a worker.
        stages: a key of `STAGES`.
    """
    application = celery.Celery("stock", broker=settings.redis_url.get_secret_value())
    application.conf.update(
        accept_content=["json"],
        broker_connection_max_retries=None,
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            "visibility_timeout": _VISIBILITY_FACTOR * settings.batch_timeout_seconds
        },
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_default_queue=settings.queue,
        task_ignore_result=True,
        worker_pool="prefork",
        worker_concurrency=settings.children,
        worker_prefetch_multiplier=PREFETCH,
        worker_proc_alive_timeout=_START_SECONDS,
    )
    # Imported in the parent, so that its children share the pages.
    build = importlib.import_module(STAGES[stages]).build

    def start(**_: Any) -> None:
        try:
            process.prepare(lambda: build(settings, Publisher(settings)))
        except Exception as exc:  # noqa: BLE001 - Celery would go on with a child that cannot work
            log.error("%s: %s", FAILED, type(exc).__name__)
            os._exit(1)
        log.warning(READY)

    signals.worker_process_init.connect(start, weak=False)
    return application


def answer(entry_id: str, sealed: str, enqueued_at: Any) -> None:
    """Take one entry through the stages and publish its result.

    Raises:
        Reject: Redis did not take the result; the message goes back to the queue.
        RuntimeError: the stages failed; Celery acknowledges the message of a failed task.
    """
    claim = Claim(entry_id=entry_id, sealed=sealed, enqueued_at=float(enqueued_at or 0.0))
    failure = process.run_batch([claim]).failure
    if failure is Failure.UNSETTLED:
        raise Reject(failure.value, requeue=True)
    if failure is not None:
        raise RuntimeError(failure.value)


def main() -> None:
    """Run Celery's worker with the stages that the command line names."""
    (stages,) = sys.argv[1:]
    run(create_app(WorkerSettings.load(), stages))


def run(application: celery.Celery) -> None:
    """Run Celery's worker with nothing that one worker does not need."""
    options = ("--loglevel", "WARNING", "--without-gossip", "--without-mingle")
    application.worker_main(["worker", *options])


if __name__ == "__main__":
    main()
