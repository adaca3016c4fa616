"""What the tests of claims share: servers, claims, and a look at where every message is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from deploy.local.server import Server
from producer.connection import connect
from producer.keys import keys_of
from tests import needs
from worker.broker.claims import Claims
from worker.broker.records import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import redis

QUEUE, RESULTS, DEAD = "journal.entries", "journal.results", "journal.dead"
LEASE_SECONDS = 30.0
KEYS = keys_of(QUEUE)
CLAIMS, LEASES, DELIVERIES = KEYS.claims, KEYS.leases, KEYS.deliveries


def debian_redis(directory: Path) -> Server:
    """Debian's redis-server, skipping the test where there is none."""
    return Server(program=needs.program("redis-server"), directory=directory)


def open_claims(url: str, **options: Any) -> Claims:
    """Claims on a connection of their own, as every process has them."""
    given = {
        "queue": QUEUE,
        "results": RESULTS,
        "dead": DEAD,
        "max_results": 1_000_000,
        **options,
    }
    return Claims(connect(SecretStr(url)), **given)


def result(tag: str, entry_id: str = "e") -> Answer:
    """The answer that publishes a result."""
    return Answer(tag, "result", entry_id, "sealed", f"answer to {entry_id}")


def dead(tag: str, entry_id: str = "e") -> Answer:
    """The answer that publishes a dead letter."""
    return Answer(tag, "dead", entry_id, "letter", f"letter of {entry_id}", "worker_lost")


def expire(client: redis.Redis, tags: Iterable[str]) -> None:
    """Let the leases of these claims lie far back, as if their worker had died then."""
    leases_are_judged(client)
    for tag in tags:
        client.zadd(LEASES, {tag: 1.0}, xx=True)


def leases_are_judged(client: redis.Redis) -> None:
    """Workers have looked for dead ones all the time, the last time just now."""
    seconds, micros = client.time()
    client.hset(KEYS.reaper, mapping={"ran": f"{seconds}.{micros:06d}", "since": "0"})


def push(client: redis.Redis, *messages: bytes) -> None:
    """Put messages on the queue."""
    client.lpush(QUEUE, *messages)


def numbered(count: int) -> list[bytes]:
    """Messages that tell their order."""
    return [b"message %d" % i for i in range(count)]


class Place:
    """What is where on the server, read in one step."""

    def __init__(self, client: redis.Redis, queue: str = QUEUE) -> None:
        pipeline = client.pipeline(transaction=True)
        keys = keys_of(queue)
        pipeline.lrange(keys.queue, 0, -1)
        pipeline.hgetall(keys.claims)
        pipeline.zrange(keys.leases, 0, -1)
        pipeline.hgetall(keys.deliveries)
        pipeline.xrange(RESULTS)
        pipeline.xrange(DEAD)
        queued, claims, leases, counts, results, letters = pipeline.execute()
        #: Messages of the list, the next to be taken first.
        self.queue: list[bytes] = queued[::-1]
        self.claims: dict[str, bytes] = {tag.decode(): value for tag, value in claims.items()}
        self.leases: set[str] = {tag.decode() for tag in leases}
        self.deliveries: dict[bytes, int] = {key: int(value) for key, value in counts.items()}
        self.results: list[bytes] = [fields[b"entry_id"] for _, fields in results]
        self.dead: list[bytes] = [fields[b"entry_id"] for _, fields in letters]
