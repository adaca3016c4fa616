"""What Celery's consumer does with messages that are no journal entry, and with a lost connection."""

from __future__ import annotations

import json
import logging
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import redis
from celery.concurrency.prefork import TaskPool
from celery.worker import state

from producer.message import TASK, encode_message
from tests.worker.parent.batch_support import SEALED, Received
from worker.celery_internals import child_pids
from worker.parent.consumer import JournalConsumer
from worker.parent.task import strategy

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


@pytest.fixture
def receive(consumer: Any, desk: Desk) -> Callable[[Received], None]:
    """What takes a message, as Celery's event loop gives it."""
    consumer.on_task_message, consumer.task_buckets, consumer.disable_rate_limits = [], {}, True
    consumer.hostname, consumer.connection_errors = "host", (redis.ConnectionError,)
    consumer.event_dispatcher, consumer.controller = None, SimpleNamespace(state=state)
    consumer.timer, consumer.pool = SimpleNamespace(call_at=None), desk.pool
    consumer.prefetch_multiplier = consumer.initial_prefetch_count = 128
    consumer.hub, consumer._maximum_prefetch_restored = None, True
    task = desk.app.tasks[TASK]
    consumer.strategies = {TASK: strategy(task, desk.app, consumer)}
    handler: Callable[[Received], None] = consumer.create_task_handler()
    return handler


@pytest.mark.parametrize("prefetch", [128, 7])
def test_an_entry_is_acknowledged_where_it_ends_also_behind_a_reconnection(
    consumer: Any, desk: Desk, receive: Any, prefetch: int
) -> None:
    """Celery's own way is taken while it claims less than it may."""
    consumer.initial_prefetch_count = prefetch
    consumer._maximum_prefetch_restored = prefetch == 128
    message = Received(encode_message("e1", SEALED))
    receive(message)
    assert desk.jobs() == [["e1"]]
    assert message.done == []
    desk.pool.jobs[0].accept()
    desk.pool.jobs[0].answer()
    assert message.done == ["ack"]


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"headers": {"task": "another", "id": "e1"}}, "unknown task"),
        ({"content-type": "application/x-python-serialize"}, "invalid task"),
        ({"body": "bm8gSlNPTg=="}, "undecodable body"),
        ({"body": "W10="}, "broken task"),
    ],
    ids=str,
)
def test_what_celery_does_not_understand_is_dead_lettered(
    receive: Any,
    settler: RecordingSettler,
    caplog: pytest.LogCaptureFixture,
    changed: dict[str, Any],
    kind: str,
) -> None:
    message = Received(json.dumps({**json.loads(encode_message("e1", SEALED)), **changed}).encode())
    message.accept = {"application/json"}
    receive(message)
    assert [reason for _, reason in settler.settled] == ["malformed"]
    assert message.done == ["ack"]
    assert kind in caplog.text


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
