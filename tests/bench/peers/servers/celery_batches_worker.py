"""celery-batches: a Celery worker whose parent gathers messages and hands lists to its children.

    python -m tests.bench.peers.servers.celery_batches_worker

Set up as its documents ask: the prefetch is larger than a batch. Its example gathers for ten
seconds, which nobody would wait for here.
"""

from __future__ import annotations

from typing import Any

from celery_batches import Batches

from producer.message import ENQUEUED_AT, TASK
from tests.bench.peers.servers.stages import BATCH
from tests.bench.processes.stock_worker import base_app, run
from worker.child import process
from worker.protocol import Claim
from worker.settings import WorkerSettings

WAIT_SECONDS = 0.1


def main() -> None:
    """Run Celery's worker."""
    application = base_app(WorkerSettings.load(), "peers")
    application.conf.worker_prefetch_multiplier = BATCH

    @application.task(  # type: ignore[untyped-decorator]
        name=TASK, base=Batches, flush_every=BATCH, flush_interval=WAIT_SECONDS
    )
    def classify(requests: list[Any]) -> None:
        claims = [
            Claim(
                entry_id=request.id,
                sealed=request.args[0],
                enqueued_at=float(request.request_dict.get(ENQUEUED_AT) or 0.0),
            )
            for request in requests
        ]
        if failure := process.run_batch(claims).failure:
            raise RuntimeError(failure.value)

    run(application)


if __name__ == "__main__":
    main()
