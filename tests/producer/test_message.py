"""The contract with Celery and kombu: what we push is what they would have pushed."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from celery import Celery
from kombu import Connection

from producer.message import ENQUEUED_AT, QUEUE, TASK, encode_message

if TYPE_CHECKING:
    from collections.abc import Iterator

    import redis

SEALED = "eyJ0.."


@pytest.fixture
def by_celery(redis_url: str, raw: redis.Redis) -> Iterator[dict[str, Any]]:
    """The same task as Celery publishes it."""
    app = Celery(broker=redis_url, set_as_current=False)
    app.send_task(
        TASK,
        args=[SEALED],
        task_id="e1",
        queue=QUEUE,
        ignore_result=True,
        headers={ENQUEUED_AT: time.time()},
    )
    element = raw.rpop(QUEUE)
    yield json.loads(element)  # type: ignore[arg-type]
    app.close()


@pytest.fixture
def by_us() -> dict[str, Any]:
    message: dict[str, Any] = json.loads(encode_message("e1", SEALED))
    return message


def test_our_message_has_the_structure_of_celerys(
    by_celery: dict[str, Any], by_us: dict[str, Any]
) -> None:
    assert set(by_us) == set(by_celery)
    for part in ("content-encoding", "content-type"):
        assert by_us[part] == by_celery[part]


def test_our_headers_are_celerys_field_by_field(
    by_celery: dict[str, Any], by_us: dict[str, Any]
) -> None:
    ours, theirs = by_us["headers"], by_celery["headers"]
    assert set(ours) == set(theirs)
    # Ours show no arguments: Celery would print them in logs and Flower.
    assert (ours["argsrepr"], ours["kwargsrepr"]) == ("", "")
    changing = {"origin", ENQUEUED_AT, "argsrepr", "kwargsrepr"}
    for name in set(theirs) - changing:
        assert ours[name] == theirs[name], name
    for name in changing:
        assert type(ours[name]) is type(theirs[name])


def test_our_properties_are_celerys_field_by_field(
    by_celery: dict[str, Any], by_us: dict[str, Any]
) -> None:
    ours, theirs = by_us["properties"], by_celery["properties"]
    assert set(ours) == set(theirs)
    # Nobody waits for a reply; the tag is random.
    for name in set(theirs) - {"reply_to", "delivery_tag"}:
        assert ours[name] == theirs[name], name
    assert len(ours["delivery_tag"]) == len(theirs["delivery_tag"])


def test_our_body_is_celerys(by_celery: dict[str, Any], by_us: dict[str, Any]) -> None:
    bodies = [json.loads(base64.b64decode(message["body"])) for message in (by_us, by_celery)]
    assert bodies[0] == bodies[1]


def test_kombu_consumes_our_message(redis_url: str, raw: redis.Redis) -> None:
    raw.lpush(QUEUE, encode_message("e1", SEALED))
    with Connection(redis_url) as connection:
        queue = connection.SimpleQueue(QUEUE)
        message = queue.get(timeout=5)
        assert message.payload == [
            [SEALED],
            {},
            {"callbacks": None, "errbacks": None, "chain": None, "chord": None},
        ]
        assert message.headers["task"] == TASK
        assert message.properties["correlation_id"] == "e1"
        message.ack()
        queue.close()
    assert raw.llen(QUEUE) == 0
    assert raw.hlen("unacked") == 0


def test_the_sealed_entry_is_in_no_header() -> None:
    message = json.loads(encode_message("e1", "SEALED-CANARY"))
    del message["body"]
    assert "CANARY" not in json.dumps(message)


def test_enqueued_at_is_now_and_tags_differ() -> None:
    before = time.time()
    first, second = (json.loads(encode_message("e1", SEALED)) for _ in range(2))
    assert before <= first["headers"][ENQUEUED_AT] <= time.time()
    assert first["properties"]["delivery_tag"] != second["properties"]["delivery_tag"]
