"""Any bytes on the queue become a message that kombu can deliver."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import celery
import kombu
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kombu.transport.virtual import Message

from producer.message import encode_message
from tests.worker.broker.claims_support import QUEUE
from worker.broker.payload import DELIVERIES_HEADER, GARBAGE_TASK, ClaimedMessage, as_payload
from worker.broker.records import Claimed

if TYPE_CHECKING:
    from collections.abc import Iterator

    import redis

GOOD = json.loads(encode_message("e1", "a.b.c.d.e"))


def made(**changes: Any) -> bytes:
    """A good message with other parts; a part that is None is left out."""
    parts = {**GOOD, **changes}
    return json.dumps({name: part for name, part in parts.items() if part is not None}).encode()


def with_headers(**headers: Any) -> bytes:
    return made(headers={**GOOD["headers"], **headers})


def with_properties(**properties: Any) -> bytes:
    return made(properties={**GOOD["properties"], **properties})


GARBAGE = {
    "empty": b"",
    "not JSON": b"hello",
    "half a message": encode_message("e1", "a.b.c.d.e")[:-10],
    "invalid UTF-8": b'{"body": "\xff\xfe"}',
    "zero bytes": b"\x00" * 100,
    "number": b"7",
    "null": b"null",
    "string": b'"text"',
    "array": b"[1, 2, 3]",
    "empty object": b"{}",
    "deep array": b"[" * 200_000,
    "deep object": b'{"a":' * 100_000,
    "huge": b"x" * 5_000_000,
    "no properties": made(properties=None),
    "no headers": made(headers=None),
    "no body": made(body=None),
    "headers as a list": made(headers=["task"]),
    "properties as text": made(properties="body_encoding"),
    "body as a number": made(body=5),
    "body as an object": with_properties(body_encoding=None).replace(
        json.dumps(GOOD["body"]).encode(), b"{}"
    ),
    "body not base64": made(body="***"),
    "body of invalid UTF-8": made(body=base64.b64encode(b"\xff\xfe").decode()),
    "body with a lone surrogate": made(
        body="\ud800", properties={**GOOD["properties"], "body_encoding": None}
    ),
    "unknown body encoding": with_properties(body_encoding="rot13"),
    "body encoding as a list": with_properties(body_encoding=["base64"]),
    "delivery info as text": with_properties(delivery_info="x"),
    "delivery info null": with_properties(delivery_info=None),
    "task as a number": with_headers(task=3),
    "task missing": made(headers={"id": "e1"}),
    "id as a number": with_headers(id=17),
    "id null": with_headers(id=None),
    "compressed": with_headers(compression="application/x-gzip"),
    "protocol 1": json.dumps({"task": "journal.classify", "id": "e1", "args": ["x"]}).encode(),
}


@pytest.fixture(scope="module")
def channel() -> Iterator[Any]:
    with kombu.Connection("memory://") as connection:
        yield connection.channel()


@pytest.mark.parametrize("message", GARBAGE.values(), ids=GARBAGE)
def test_garbage_comes_wrapped_whole(channel: Any, message: bytes) -> None:
    payload = as_payload(Claimed("tag", message, 2))
    assert payload["headers"]["task"] == GARBAGE_TASK
    received = Message(payload, channel=channel)
    assert received.body == message
    assert received.delivery_tag == "tag"
    assert received.headers[DELIVERIES_HEADER] == 2


def test_what_an_unsealed_producer_wrote_into_the_headers_is_shown_nowhere() -> None:
    message = with_headers(argsrepr="('My diary.',)", kwargsrepr="{'text': 'My diary.'}")
    assert "diary" not in repr(as_payload(Claimed("tag", message, 1)))


def test_an_entry_for_later_is_worked_on_when_its_turn_comes() -> None:
    for eta in ("2999-01-01T00:00:00+00:00", "2999-01-01T00:00:00Z"):
        payload = as_payload(Claimed("tag", with_headers(eta=eta), 1))
        assert payload["headers"]["eta"] is None
    wrong = as_payload(Claimed("tag", with_headers(eta="soon"), 1))
    assert wrong["headers"]["task"] == GARBAGE_TASK


def test_our_own_message_passes_with_tag_and_deliveries(channel: Any) -> None:
    payload = as_payload(Claimed("tag", encode_message("e1", "a.b.c.d.e"), 3))
    received = Message(payload, channel=channel)
    assert received.delivery_tag == "tag"
    assert received.headers[DELIVERIES_HEADER] == 3
    assert received.delivery_info["redelivered"] is True
    assert received.payload[0] == ["a.b.c.d.e"]
    assert (
        as_payload(Claimed("t", made(), 1))["properties"]["delivery_info"]["redelivered"] is False
    )


@pytest.mark.parametrize("encoding", ["base64", None])
def test_a_message_of_a_stock_producer_passes(
    client: redis.Redis, redis_url: str, channel: Any, encoding: str | None
) -> None:
    with celery.Celery(broker=redis_url, set_as_current=False) as app:
        app.send_task("journal.classify", ["sealed"], task_id="stock", queue=QUEUE)
    message = client.rpop(QUEUE)
    if encoding is None:  # as other languages' clients write it
        parts = json.loads(message)
        del parts["properties"]["body_encoding"]
        parts["body"] = base64.b64decode(parts["body"]).decode()
        message = json.dumps(parts).encode()
    received = Message(as_payload(Claimed("tag", message, 1)), channel=channel)
    assert received.headers["id"] == "stock"
    assert received.payload[0] == ["sealed"]


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "body": JSON | st.just(GOOD["body"]),
        "content-type": JSON,
        "content-encoding": JSON,
        "headers": st.dictionaries(
            st.sampled_from(["task", "id", "compression", "lang"]), JSON | st.just("gzip")
        ),
        "properties": st.dictionaries(
            st.sampled_from(["body_encoding", "delivery_info", "delivery_tag", "priority"]),
            JSON | st.just("base64"),
        ),
    },
)


@settings(deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary() | MESSAGES.map(lambda parts: json.dumps(parts).encode()))
def test_no_message_whatever_stops_the_consumer(message: bytes) -> None:
    with kombu.Connection("memory://") as connection:
        received = Message(
            as_payload(Claimed("tag", message, 1)), channel=connection.default_channel
        )
    assert received.delivery_tag == "tag"
    assert isinstance(received.headers["task"], str)


BODIES = [
    b'[["a.b"],{},{"callbacks":null}]',
    b'[[{"__type__":"date","__value__":"2026-11-29"}],{},{}]',
    b'[["\\ud83d"], {}, {}]',
    b'{"a": NaN, "a": 1e999, "b": 12345678901234567890123}',
    b"null",
    b"[" * 500 + b"]" * 500,
    b"[" * 100_000,
    b'["\xff"]',
    b"\xef\xbb\xbf[1]",
    b"",
    b"no JSON",
]


@pytest.mark.parametrize("content_type", ["application/json", "application/data"])
@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:20]))
def test_a_body_is_read_as_kombu_reads_it(body: bytes, content_type: str) -> None:
    def read(kind: type[Message]) -> Any:
        payload = {
            "body": base64.b64encode(body).decode(),
            "content-type": content_type,
            "content-encoding": "utf-8",
            "properties": {"delivery_tag": "t", "body_encoding": "base64"},
        }
        with kombu.Connection("memory://") as connection:
            message = kind(payload, channel=connection.channel(), accept={"application/json"})
            try:
                return repr(message.payload)
            except Exception as exc:  # noqa: BLE001 - whatever it is, it shall be the same
                return type(exc)

    assert read(ClaimedMessage) == read(Message)
