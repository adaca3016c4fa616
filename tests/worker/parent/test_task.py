"""The strategy: Celery's own receives each message, and our dispatcher takes its request."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from celery.exceptions import InvalidTaskError
from celery.worker import state

from producer.message import TASK, encode_message
from tests.worker.parent.batch_support import SEALED, Desk, Received, altered
from worker.parent.task import strategy


class Celerys:
    """What the strategy uses of a consumer."""

    def __init__(self, desk: Desk) -> None:
        self.hostname, self.connection_errors = "host", (redis.ConnectionError,)
        self.event_dispatcher = None
        self.timer = SimpleNamespace(call_at=None)
        self.disable_rate_limits, self.task_buckets = True, {}
        self.apply_eta_task = self._limit_task = self._limit_post_eta = None
        self.pool = desk.pool
        self.controller = SimpleNamespace(state=state)
        self.in_pool: list[Any] = []
        self.on_task_request: Any = self.in_pool.append
        self.to_pool = self.on_task_request
        self.dead: list[tuple[Any, str]] = []

    def dead_letter(self, message: Any, kind: str) -> None:
        self.dead.append((message, kind))


@pytest.fixture
def celerys(desk: Desk) -> Celerys:
    return Celerys(desk)


def receiver(desk: Desk, celerys: Celerys) -> Any:
    task = desk.app.tasks[TASK]
    receive = strategy(task, desk.app, celerys)
    return lambda raw: receive(Received(raw), None, lambda *_: None, lambda *_: None, [])


def test_received_entries_reach_the_dispatcher(desk: Desk, celerys: Celerys) -> None:
    receive = receiver(desk, celerys)
    receive(encode_message("e1", SEALED))
    receive(encode_message("e2", SEALED))
    assert desk.jobs() == [["e1", "e2"]]


def test_a_reconnection_routes_each_entry_once(desk: Desk, celerys: Celerys) -> None:
    receiver(desk, celerys)
    receive = receiver(desk, celerys)
    receive(encode_message("e1", SEALED))
    assert desk.jobs() == [["e1"]]
    assert celerys.in_pool == []


def test_an_application_that_runs_no_worker_says_so(desk: Desk, celerys: Celerys) -> None:
    desk.app.services = None
    with pytest.raises(RuntimeError, match="runs no worker"):
        strategy(desk.app.tasks[TASK], desk.app, celerys)


def test_a_revoked_entry_is_settled_on_arrival(desk: Desk, celerys: Celerys) -> None:
    state.revoked.add("e1")
    try:
        receiver(desk, celerys)(encode_message("e1", SEALED))
    finally:
        state.revoked.clear()
    assert desk.settler.reasons == {"e1": "revoked"}
    assert desk.jobs() == []


@pytest.mark.parametrize(
    "headers",
    [
        {"expires": {}},
        {"expires": [1]},
        {"eta": {}},
        {"stamped_headers": 5, "expires": "2020-01-01T00:00:00"},
    ],
)
def test_a_message_that_breaks_celery_is_dead_lettered(
    desk: Desk, celerys: Celerys, headers: dict[str, Any]
) -> None:
    receive = receiver(desk, celerys)
    try:
        receive(altered(encode_message("e1", SEALED), **headers))
    except InvalidTaskError:
        return  # the consumer dead-letters these itself
    assert celerys.dead or desk.settler.settled


@pytest.mark.parametrize("body", ["bnVsbA==", "W10=", "W1tdLCB7fV0=", "Im5vIGxpc3Qi", "NQ=="])
def test_a_body_of_another_shape_is_dead_lettered(desk: Desk, celerys: Celerys, body: str) -> None:
    payload = {**json.loads(encode_message("e1", SEALED)), "body": body}
    receiver(desk, celerys)(json.dumps(payload).encode())
    assert [kind for _, kind in celerys.dead] == ["broken task"]


def test_a_lost_connection_is_not_the_messages_fault(desk: Desk, celerys: Celerys) -> None:
    desk.settler.error = redis.ConnectionError("gone")
    state.revoked.add("e1")
    try:
        with pytest.raises(redis.ConnectionError):
            receiver(desk, celerys)(encode_message("e1", SEALED))
    finally:
        state.revoked.clear()
    assert celerys.dead == []
