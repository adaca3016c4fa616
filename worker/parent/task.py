"""Micro-batching in the parent: a Celery task whose messages travel to the children together.

Celery's own strategy still receives each message (events, `inspect`, revokes, expiry and rate
limits work as for any task); only its last step, handing a request to the pool, is ours. An ETA is
not kept: see `worker.broker.transport`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery import Task
from celery.exceptions import InvalidTaskError
from kombu.exceptions import ContentDisallowed, DecodeError

from worker.celery_internals import default_strategy

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Celery

    from worker.parent.batcher import Batcher

#: The consumer has an end of its own for messages that raise these.
UNDERSTOOD = (InvalidTaskError, DecodeError, ContentDisallowed)


class MicroBatchTask(Task):  # type: ignore[misc]
    """A task that runs in micro-batches; `batcher_for` is set by the composition root."""

    abstract = True
    Request = "worker.parent.request:JournalRequest"
    Strategy = "worker.parent.task:strategy"
    acks_late = True
    acks_on_failure_or_timeout = False
    ignore_result = True
    typing = False
    batcher_for: Callable[[Any], Batcher] | None = None


def strategy(task: MicroBatchTask, app: Celery, consumer: Any) -> Any:
    """Celery's default strategy, with a batcher where it would call the pool.

    Called at every (re)connection, and then what waited for the old connection is forgotten.
    """
    if task.batcher_for is None:
        raise RuntimeError("no batcher: use worker.app.create_app")
    if (to_pool := getattr(consumer, "journal_to_pool", None)) is None:
        to_pool = consumer.journal_to_pool = consumer.on_task_request
    batcher = task.batcher_for(consumer)
    batcher.forget_waiting()

    def route(request: Any) -> None:
        (batcher.add if request.task.name == task.name else to_pool)(request)

    consumer.on_task_request = route
    receive = default_strategy(task, app, consumer)

    def receive_or_bury(message: Any, *arguments: Any, **options: Any) -> None:
        try:
            receive(message, *arguments, **options)
        except (*consumer.connection_errors, *UNDERSTOOD):
            raise
        except Exception:  # noqa: BLE001 - any message may be on the list; none may stop the worker
            consumer.bury(message, "broken task")

    return receive_or_bury
