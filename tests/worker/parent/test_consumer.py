"""What Celery's consumer does with messages that are no journal entry, and with a lost connection."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import redis
from celery.concurrency.prefork import TaskPool

from tests.worker.parent.batch_support import Received
from worker.celery_internals import child_pids
from worker.parent.consumer import JournalConsumer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.worker.parent.batch_support import Desk, RecordingSettler

CANARY = "zebulonquist"


@pytest.fixture
def settler(desk: Desk) -> RecordingSettler:
    return desk.settler


@pytest.fixture
def consumer(desk: Desk) -> Any:
    one = JournalConsumer.__new__(JournalConsumer)
    one.app = desk.app
    return one


@pytest.mark.parametrize(
    "receive",
    [
        lambda consumer, message: consumer.on_unknown_message(None, message),
        lambda consumer, message: consumer.on_unknown_task(None, message, KeyError("x")),
        lambda consumer, message: consumer.on_invalid_task(None, message, ValueError("x")),
        lambda consumer, message: consumer.on_decode_error(message, ValueError("x")),
    ],
    ids=["unknown format", "unknown task", "invalid task", "undecodable body"],
)
def test_what_is_no_entry_is_dead_lettered_whole_and_its_text_is_not_logged(
    consumer: Any, settler: RecordingSettler, caplog: pytest.LogCaptureFixture, receive: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    message = Received(f"garbage {CANARY}".encode(), deliveries=2)
    receive(consumer, message)
    ((claim, reason),) = settler.settled
    assert (reason, claim.entry_id, claim.tag) == ("malformed", "unknown", "tag")
    assert (claim.sealed, claim.deliveries) == (f"garbage {CANARY}", 2)
    assert message.done == ["ack"]
    assert CANARY not in caplog.text


def test_a_message_whose_dead_letter_cannot_be_written_is_requeued(
    consumer: Any, settler: RecordingSettler, caplog: pytest.LogCaptureFixture
) -> None:
    settler.error = redis.ConnectionError(CANARY)
    message = Received(b"garbage")
    consumer.dead_letter(message, "unknown format")
    assert message.done == ["requeue"]
    assert CANARY not in caplog.text


@pytest.fixture
def pool(desk: Desk) -> Iterator[TaskPool]:
    """A pool as a worker has it before its first event loop."""
    one = TaskPool(1, app=desk.app, threads=False, initargs=(desk.app, "host"))
    one.start()
    yield one
    one.terminate()


def test_a_lost_connection_is_told_to_the_supervisor(
    consumer: Any, desk: Desk, pool: TaskPool
) -> None:
    consumer.controller, consumer.pool, consumer.timer, consumer.task_buckets = None, pool, None, {}
    consumer.on_close()
    assert desk.connections == ["lost"]


def test_a_connection_may_be_lost_before_the_first_event_loop_and_after_a_child(
    consumer: Any, pool: TaskPool, wait_until: Callable[..., Any]
) -> None:
    consumer.controller, consumer.pool, consumer.timer, consumer.task_buckets = None, pool, None, {}
    (child,) = (psutil.Process(pid) for pid in child_pids(pool))
    child.kill()
    wait_until(lambda: child.status() == psutil.STATUS_ZOMBIE, "the child's end")
    consumer.on_close()
