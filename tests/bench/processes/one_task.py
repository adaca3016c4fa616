"""One Celery task an entry: the worker's components on Celery and Redis as they come.

`celery -A tests.bench.processes.one_task worker`: prefork, late acknowledgement, the stock Redis transport.
"""

from __future__ import annotations

import gc
import logging
import os
from typing import TYPE_CHECKING, Any

import celery
from celery import signals

from producer.message import ENQUEUED_AT, TASK
from worker.protocol import Claim
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from worker.child.pipeline import Pipeline

PREFETCH = 4
#: Logged once by each child when its models are loaded.
READY = "child ready"
#: Logged by a child that cannot load them.
FAILED = "child cannot start"
_START_SECONDS = 300
log = logging.getLogger(__name__)


def create_app(settings: WorkerSettings) -> celery.Celery:
    """The application; its children load the pipeline when they start."""
    application = celery.Celery("one-task", broker=settings.redis_url.get_secret_value())
    application.conf.update(
        accept_content=["json"],
        broker_connection_retry_on_startup=True,
        task_acks_late=True,
        task_default_queue=settings.queue,
        task_ignore_result=True,
        worker_pool="prefork",
        worker_concurrency=settings.children,
        worker_prefetch_multiplier=PREFETCH,
        worker_proc_alive_timeout=_START_SECONDS,
    )
    # Here, in the parent, so that its children share the pages; the bench itself stays light.
    from worker.child import factory as assembly

    pipelines: list[Pipeline] = []

    @application.task(name=TASK, bind=True)  # type: ignore[untyped-decorator]
    def classify(self: Any, sealed: str) -> None:
        claim = Claim(
            entry_id=self.request.id,
            sealed=sealed,
            enqueued_at=float(self.request.headers[ENQUEUED_AT]),
        )
        pipelines[0].run([claim])

    def start(**_: Any) -> None:
        try:
            pipelines.append(assembly.build(settings)[0])
        except Exception as exc:  # noqa: BLE001 - Celery would only start another child
            log.error("%s: %s", FAILED, type(exc).__name__)
            os._exit(1)
        gc.collect()
        gc.freeze()
        log.warning(READY)

    signals.worker_process_init.connect(start, weak=False)
    return application


def __getattr__(name: str) -> Any:
    """`app`, made when the Celery command line asks for it."""
    if name != "app":
        raise AttributeError(name)
    # Stock: results are published, then the message is acknowledged in a step of its own.
    globals()["app"] = application = create_app(WorkerSettings.load(transport="stock"))
    return application
