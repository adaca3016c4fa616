"""The transport: messages follow their claims, on a real server."""

from __future__ import annotations

import contextlib
import json
import math
from time import monotonic
from typing import TYPE_CHECKING, Any

import kombu
import pytest

from producer.message import encode_message
from tests.worker.broker.claims_support import KEYS, QUEUE, Place, open_claims, result
from worker.broker import transport
from worker.broker.payload import GARBAGE_TASK
from worker.broker.transport import mark_running, mark_settled, mark_waiting

if TYPE_CHECKING:
    from collections.abc import Iterator

    import redis

    from worker.broker.claims import Claims


@pytest.fixture
def claims(redis_url: str) -> Iterator[Claims]:
    one = open_claims(redis_url)
    transport.bind(one)
    yield one
    transport._bound.clear()


class Reader:
    """A kombu consumer of the queue, as Celery's is."""

    def __init__(self, url: str, prefetch: int) -> None:
        self.connection = kombu.Connection(url, transport="worker.broker.transport:Transport")
        self.channel = self.connection.channel()
        self.received: list[Any] = []
        queue = kombu.Queue(QUEUE, routing_key=QUEUE, channel=self.channel)
        self.consumer = kombu.Consumer(
            self.channel,
            [queue],
            accept=["json", "application/octet-stream"],
            on_message=self.received.append,
        )
        self.consumer.qos(prefetch_count=prefetch)
        self.consumer.consume()

    def read(self) -> list[Any]:
        """Messages that arrive with the next claim."""
        before = len(self.received)
        self.connection.drain_events(timeout=10)
        return self.received[before:]

    def listen(self, seconds: float) -> None:
        """Read whatever comes in this time."""
        end = monotonic() + seconds
        while (left := end - monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                self.connection.drain_events(timeout=left)

    @property
    def ids(self) -> list[str]:
        return [message.headers["id"] for message in self.received]


@pytest.fixture
def reader(redis_url: str, claims: Claims) -> Iterator[Reader]:
    one = Reader(redis_url, prefetch=3)
    yield one
    one.connection.close()


def submit(client: redis.Redis, *names: str) -> None:
    client.lpush(QUEUE, *(encode_message(name, "a.b.c.d.e") for name in names))


def test_one_read_claims_up_to_the_prefetch_limit(client: redis.Redis, reader: Reader) -> None:
    submit(client, "e0", "e1", "e2", "e3")
    reader.read()
    assert reader.ids == ["e0", "e1", "e2"]
    place = Place(client)
    assert (len(place.queue), len(place.claims)) == (1, 3)


def test_no_more_is_claimed_than_may_be_held_now(client: redis.Redis, redis_url: str) -> None:
    most = [0]
    transport.bind(open_claims(redis_url), lambda: (most[0], math.inf))
    reader = Reader(redis_url, prefetch=10)
    submit(client, "e0", "e1", "e2", "e3")
    try:
        with pytest.raises(TimeoutError):
            reader.connection.drain_events(timeout=0.3)
        most[0] = 2
        reader.read()
        assert reader.ids == ["e0", "e1"]
        most[0] = 3
        reader.read()
        assert reader.ids == ["e0", "e1", "e2"]
    finally:
        reader.connection.close()
        transport._bound.clear()


def test_no_more_bytes_are_claimed_than_may_be_held_but_one_message_of_any_size(
    client: redis.Redis, redis_url: str
) -> None:
    transport.bind(open_claims(redis_url), lambda: (math.inf, 9000))
    reader = Reader(redis_url, prefetch=10)
    names = [f"e{i}" for i in range(6)]
    client.lpush(QUEUE, *(encode_message(name, "x" * 3000) for name in names))  # 5 kB each
    client.lpush(QUEUE, encode_message("long", "x" * 30_000))
    try:
        reader.listen(0.2)
        first, second = reader.received
        assert reader.ids == ["e0", "e1"]
        first.ack()
        reader.read()
        second.reject()
        reader.read()
        assert reader.ids == ["e0", "e1", "e2", "e3"]
        for message in reader.received[2:]:
            message.requeue()
        client.rpop(QUEUE, 4)
        assert [message.headers["id"] for message in reader.read()] == ["long"]
        assert reader.channel.qos.bytes > 30_000
        reader.received[-1].ack()
        assert reader.channel.qos.bytes == 0
    finally:
        reader.connection.close()
        transport._bound.clear()


def test_a_worker_that_holds_its_share_leaves_the_rest_until_it_has_settled(
    client: redis.Redis, redis_url: str, reader: Reader, claims: Claims
) -> None:
    for one in (claims, open_claims(redis_url)):
        one.announce(1)
    submit(client, "e0", "e1", "e2", "e3")
    first, _ = reader.read()
    reader.listen(0.3)
    assert reader.ids == ["e0", "e1"]
    assert len(Place(client).queue + client.lrange(KEYS.woken, 0, -1)) == 2
    claims.settle([result(first.delivery_tag)])
    mark_settled([first])
    first.ack()
    (third,) = reader.read()
    assert third.headers["id"] == "e2"


def test_an_acknowledged_message_leaves_no_claim(client: redis.Redis, reader: Reader) -> None:
    submit(client, "e0", "e1")
    one, other = reader.read()
    one.ack()
    other.reject()
    place = Place(client)
    assert (place.queue, place.claims, place.leases) == ([], {}, set())


def test_what_woke_a_worker_that_may_hold_no_more_goes_to_another(
    client: redis.Redis, redis_url: str
) -> None:
    most = [1]
    transport.bind(open_claims(redis_url), lambda: (most[0], math.inf))
    reader = Reader(redis_url, prefetch=10)
    try:
        reader.listen(0.1)  # it waits
        most[0] = 0  # its child died
        submit(client, "e0")
        reader.listen(0.3)
        assert len(Place(client).queue) == 1
    finally:
        reader.connection.close()
        transport._bound.clear()


def test_what_woke_a_worker_that_was_told_to_consume_no_more_goes_to_another(
    client: redis.Redis, reader: Reader
) -> None:
    reader.listen(0.1)  # it waits
    reader.consumer.cancel_by_queue(QUEUE)
    submit(client, "e0")
    reader.listen(0.3)
    assert len(Place(client).queue) == 1
    assert reader.received == []


def test_a_settled_message_makes_room_for_the_next(
    client: redis.Redis, reader: Reader, claims: Claims
) -> None:
    submit(client, "e0", "e1", "e2", "e3")
    first = reader.read()[0]
    claims.settle([result(first.delivery_tag)])
    mark_settled([first])
    first.ack()
    (last,) = reader.read()
    assert last.headers["id"] == "e3"
    assert len(Place(client).claims) == 3


def test_a_requeued_message_comes_again(client: redis.Redis, reader: Reader) -> None:
    submit(client, "e0")
    (message,) = reader.read()
    message.requeue()
    (again,) = reader.read()
    assert again.headers["id"] == "e0"
    assert again.delivery_tag != message.delivery_tag


def test_closing_hands_back_what_no_child_has_begun(client: redis.Redis, reader: Reader) -> None:
    submit(client, "running", "lost", "waiting")
    running, lost, _ = reader.read()
    mark_running([running, lost])
    mark_waiting([lost])  # its child died, and no other has begun it
    reader.connection.close()
    place = Place(client)
    assert [json.loads(m)["headers"]["id"] for m in place.queue] == ["lost", "waiting"]
    assert set(place.claims) == {running.delivery_tag}


def test_new_credentials_are_sent_while_no_answer_is_awaited(
    client: redis.Redis, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kombu keeps the connection for ever, and Redis closes it when the old credentials expire."""
    channel = reader.channel
    submit(client, "e0")
    reader.read()
    connection = channel.client.connection
    awaited: list[Any] = []

    def re_auth() -> None:
        awaited.append(channel._in_poll)
        connection.set_re_auth_token(None)

    monkeypatch.setattr(connection, "re_auth", re_auth)
    connection.set_re_auth_token("a token")
    submit(client, "e1")
    reader.read()
    assert awaited == [None]
    assert reader.ids == ["e0", "e1"]


def test_a_server_that_became_a_replica_is_a_lost_connection(
    client: redis.Redis, reader: Reader
) -> None:
    """As after a failover: only a new connection leads to the new primary."""
    client.execute_command("REPLICAOF", "127.0.0.1", "1")
    try:
        with pytest.raises(reader.connection.connection_errors):
            reader.connection.drain_events(timeout=10)
    finally:
        client.execute_command("REPLICAOF", "NO", "ONE")


@pytest.mark.parametrize("message", [b"", b"hello", b'{"properties": {}, "headers": {}}'])
def test_garbage_on_the_queue_is_delivered_and_stays_claimed(
    client: redis.Redis, reader: Reader, message: bytes
) -> None:
    client.lpush(QUEUE, message)
    (received,) = reader.read()
    assert received.headers["task"] == GARBAGE_TASK
    assert set(Place(client).claims) == {received.delivery_tag}
