"""What we do in place of Celery's own way does the same, and sooner."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from celery.concurrency.prefork import TaskPool
from celery.worker import request, state
from kombu.asynchronous import Hub, get_event_loop, set_event_loop

from producer.message import TASK, encode_message
from tests.worker.parent.batch_support import SEALED, Desk, Received
from worker import celery_internals
from worker.app import create_app
from worker.parent.request import JournalRequest
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """An event loop of its own."""
    before = get_event_loop()
    one = Hub()
    set_event_loop(one)
    yield one
    one.close()
    set_event_loop(before)


def test_a_batch_reaches_an_idle_child_before_the_event_loop_turns(
    hub: Hub, wait_until: Callable[..., Any], tmp_path: Path
) -> None:
    app, done = create_app(WorkerSettings.load()), tmp_path / "done"
    pool = TaskPool(1, app=app, initargs=(app, "host"), threads=False)
    pool.start()
    try:
        pool.register_with_event_loop(hub)
        turns = hub.create_loop()
        wait_until(lambda: [next(turns), pool._pool._all_inqueues][1], "the child to be up")
        pool.apply_async(Path.touch, (done,))
        celery_internals.send_batches(pool)
        wait_until(done.exists, "the child to have run it")
        celery_internals.send_batches(pool)  # nothing is to be written, and nothing is
    finally:
        pool.terminate()


def test_without_an_event_loop_a_batch_is_left_to_the_pool(desk: Desk) -> None:
    celery_internals.send_batches(desk.pool)


@pytest.mark.parametrize("groups", [{"worker"}, {"worker", "task"}, set()])
def test_what_celery_notes_of_an_accepted_request_is_noted(desk: Desk, groups: set[str]) -> None:
    """Beside Celery's own class, with events of tasks and without."""
    noted = []
    for kind in (request.Request, JournalRequest):
        sent: list[str] = []
        eventer = SimpleNamespace(
            enabled=True, groups=groups, send=lambda event, sent=sent, **_: sent.append(event)
        )
        one = kind(
            Received(encode_message("e1", SEALED)),
            app=desk.app,
            task=desk.app.tasks[TASK],
            hostname="host",
            eventer=eventer,
        )
        before = (state.total_count[TASK], state.all_total_count[0])
        one.on_accepted(4711, time.monotonic())
        assert state.requests["e1"] is one
        assert one in state.active_requests
        counted = (state.total_count[TASK] - before[0], state.all_total_count[0] - before[1])
        noted.append((counted, one.worker_pid, round(one.time_start - time.time()), sent))
        celery_internals.request_ended(one)
        assert "e1" not in state.requests
        assert one not in state.active_requests
    theirs, ours = noted
    assert theirs[:3] == ours[:3] == ((1, 1), 4711, 0)
    assert theirs[3] == ["task-started"]  # which the sender drops if its group is not asked for
    assert ours[3] == ([] if groups == {"worker"} else ["task-started"])


def test_a_request_that_is_to_be_terminated_is_when_a_child_accepts_it(desk: Desk) -> None:
    one = JournalRequest(
        Received(encode_message("e1", SEALED)), app=desk.app, task=desk.app.tasks[TASK]
    )
    killed: list[tuple[int, int]] = []
    pool = SimpleNamespace(terminate_job=lambda pid, number: killed.append((pid, number)))
    one.terminate(pool, "TERM")
    assert killed == []
    one.on_accepted(4711, time.monotonic())
    assert killed == [(4711, 15)]
