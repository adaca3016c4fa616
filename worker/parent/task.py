"""Micro-batching in the parent: a Celery task whose messages travel to the children together.

Celery's own strategy still receives each message (events, `inspect`, revokes, expiry and rate
limits work as for any task); only its last step, handing a request to the pool, is ours. An ETA is
not kept: see `worker.broker.payload`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery import Task
from celery.exceptions import InvalidTaskError
from kombu.exceptions import ContentDisallowed, DecodeError

from worker.celery_internals import default_strategy
from worker.parent.services import services_of

if TYPE_CHECKING:
    from worker.parent.consumer import JournalConsumer
    from worker.parent.services import JournalApp

#: The consumer itself dead-letters messages that raise these.
UNDERSTOOD = (InvalidTaskError, DecodeError, ContentDisallowed)


class MicroBatchTask(Task):  # type: ignore[misc]
    """A task that runs in micro-batches."""

    abstract = True
    Request = "worker.parent.request:JournalRequest"
    Strategy = "worker.parent.task:strategy"
    acks_late = True
    acks_on_failure_or_timeout = False
    ignore_result = True
    typing = False


def strategy(task: MicroBatchTask, app: JournalApp, consumer: JournalConsumer) -> Any:
    """Celery's default strategy, with our own batching where it would call the pool.

    Celery calls it at every connection to Redis.

    Raises:
        RuntimeError: the application was not made to run a worker.
    """
    services = services_of(app)
    services.connected(consumer)

    def route(request: Any) -> None:
        (services.receive if request.task.name == task.name else consumer.to_pool)(request)

    consumer.on_task_request = route
    receive = default_strategy(task, app, consumer)

    def receive_or_dead_letter(message: Any, *arguments: Any, **options: Any) -> None:
        try:
            receive(message, *arguments, **options)
        except (*consumer.connection_errors, *UNDERSTOOD):
            raise
        except Exception:  # noqa: BLE001 - any message may be on the list; none may stop the worker
            consumer.dead_letter(message, "broken task")

    return receive_or_dead_letter
