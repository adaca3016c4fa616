"""What Celery's consumer does with messages that are no journal entry, and with a lost connection."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import redis
from celery.worker import state
from kombu.transport.virtual import Message

from producer.message import TASK, encode_message
from tests.worker.parent.batch_support import (
    SEALED,
    Desk,
    RecordingSettler,
    altered,
    claim_channel,
)
from worker.broker.claims import Claimed
from worker.broker.payload import as_payload
from worker.parent.claim import malformed
from worker.parent.consumer import JournalConsumer
from worker.parent.task import strategy

if TYPE_CHECKING:
    pass

CANARY = "zebulonquist"


class Received(Message):
    """A message that remembers what was done with it."""

    def __init__(self, raw: bytes, deliveries: int = 1) -> None:
        super().__init__(as_payload(Claimed("tag", raw, deliveries)), channel=claim_channel())
        self.done: list[str] = []

    def ack(self, multiple: bool = False) -> None:
        self.done.append("ack")

    def requeue(self) -> None:
        self.done.append("requeue")


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


def test_a_dead_letter_that_cannot_be_written_goes_back(
    consumer: Any, settler: RecordingSettler, caplog: pytest.LogCaptureFixture
) -> None:
    settler.error = redis.ConnectionError(CANARY)
    message = Received(b"garbage")
    consumer.dead_letter(message, "unknown format")
    assert message.done == ["requeue"]
    assert CANARY not in caplog.text


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        (b"\xff\x00", "\\xff\x00"),
        (b'"\\ud800"', '"\\ud800"'),
        (b"\xed\xa0\x80", "\\xed\\xa0\\x80"),
        ("ü😀".encode(), "ü😀"),
    ],
)
def test_bytes_of_any_kind_make_a_letter(raw: bytes, kept: str) -> None:
    assert malformed(Received(raw)).sealed == kept


@pytest.mark.parametrize(
    ("ident", "expected"),
    [
        ("e-1", "e-1"),
        ("", "unknown"),
        ("a b", "unknown"),
        ("\ud800", "unknown"),
        ("x" * 129, "unknown"),
    ],
)
def test_only_an_entrys_id_names_a_letter(ident: str, expected: str) -> None:
    assert malformed(Received(altered(encode_message("e1", SEALED), id=ident))).entry_id == expected


def test_a_lost_connection_is_told_to_the_supervisor(consumer: Any, desk: Desk) -> None:
    consumer.controller, consumer.pool, consumer.timer, consumer.task_buckets = None, None, None, {}
    consumer.on_close()
    assert desk.connections == ["lost"]


# The strategy: Celery's own, with a batcher behind it


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


def test_received_entries_reach_the_batcher(desk: Desk, celerys: Celerys) -> None:
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
    from celery.exceptions import InvalidTaskError

    receive = receiver(desk, celerys)
    try:
        receive(altered(encode_message("e1", SEALED), **headers))
    except InvalidTaskError:
        return  # the consumer dead-letters these itself
    assert celerys.dead or desk.settler.settled


@pytest.mark.parametrize("body", ["bnVsbA==", "W10=", "W1tdLCB7fV0=", "Im5vIGxpc3Qi", "NQ=="])
def test_a_body_of_another_shape_is_dead_lettered(desk: Desk, celerys: Celerys, body: str) -> None:
    import json

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
