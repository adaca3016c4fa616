"""The exporter: gauges of the queue itself, which are served whether or not a worker runs.

It imports only the clients of Redis and Prometheus, so that it starts quickly and needs little
memory. Each scrape takes one round trip to Redis.
"""

from __future__ import annotations

import json
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from producer.connection import connect
from producer.keys import keys_of
from producer.message import ENQUEUED_AT
from producer.operations.groups import ConsumerGroup
from worker.monitoring.probes import Probes

if TYPE_CHECKING:
    from collections.abc import Iterator

    import redis

    from worker.settings import WorkerSettings

#: A scrape may take ten seconds by Prometheus's defaults. Connecting and asking must fail within
#: that, or a hung Redis would look like a missing exporter.
ANSWER_SECONDS = 3.0
#: The error of XINFO before the first result was published; there are no groups then.
_NO_STREAM = "no such key"


class QueueCollector(Collector):
    """Reads the queue's gauges from Redis at every scrape.

    Args:
        client: the connection to ask on.
        settings: the names of the queue and the streams.
    """

    def __init__(self, client: redis.Redis, settings: WorkerSettings) -> None:
        self._redis = client
        self._settings = settings

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges; only `journal_redis_up` when Redis does not answer.

        A gauge is left out if Redis answers its command with an error (a missing permission, a key
        of another type): a zero would say that all is well.
        """
        try:
            ready, oldest, claimed, results, dead, groups, memory = self._ask()
        except RedisError:
            yield GaugeMetricFamily("journal_redis_up", "Whether Redis answers", 0)
            return
        yield GaugeMetricFamily("journal_redis_up", "Whether Redis answers", 1)
        for name, help_text, reply in (
            ("journal_queue_ready", "Entries waiting for a worker", ready),
            ("journal_queue_claimed", "Entries in the hands of workers", claimed),
            ("journal_results_entries", "Results kept on the stream", results),
            ("journal_dead_letters", "Dead letters kept", dead),
        ):
            if not isinstance(reply, Exception):
                yield GaugeMetricFamily(name, help_text, float(reply))
        if not isinstance(oldest, Exception):
            yield GaugeMetricFamily(
                "journal_queue_oldest_seconds",
                "Age of the entry that has waited longest, 0 with an empty queue",
                age(oldest, time.time()),
            )
        yield from _backlog(groups)
        yield from _memory(memory)

    def _ask(self) -> list[Any]:
        """The replies to all commands, from one round trip; an error reply is an exception.

        What waits is the queue and the messages that have just woken a worker, which are older.
        """
        pipeline: Any = self._redis.pipeline(transaction=False)
        settings = self._settings
        keys = keys_of(settings.queue)
        for command in (
            ("LLEN", keys.woken),
            ("LINDEX", keys.woken, -1),
            ("LLEN", settings.queue),
            ("LINDEX", settings.queue, -1),  # the next to be taken, so the oldest
            ("HLEN", keys.claims),
            ("XLEN", settings.results),
            ("XLEN", settings.dead),
            ("XINFO", "GROUPS", settings.results),
            ("INFO", "memory"),
        ):
            pipeline.execute_command(*command)
        woken, first, ready, oldest, *others = pipeline.execute(raise_on_error=False)
        if isinstance(woken, Exception):
            return [woken, first, *others]
        if not isinstance(ready, Exception):
            ready += woken
        return [ready, oldest if first is None else first, *others]


def _backlog(reply: Any) -> Iterator[GaugeMetricFamily]:
    """The backlog of each consumer group, from the reply to XINFO GROUPS."""
    if isinstance(reply, Exception) and _NO_STREAM not in str(reply):
        return
    backlog = GaugeMetricFamily(
        "journal_results_backlog", "Results a group has not acknowledged", labels=["group"]
    )
    for info in reply if isinstance(reply, list) else []:
        group = ConsumerGroup.of(info)
        backlog.add_metric([group.name], group.backlog)
    yield backlog


def _memory(reply: Any) -> Iterator[GaugeMetricFamily]:
    """The memory that Redis uses and may use, from the reply to INFO."""
    if isinstance(reply, Exception):
        return
    lines = reply.decode().splitlines() if isinstance(reply, bytes) else []
    values = dict(line.split(":", 1) for line in lines if ":" in line)
    for name, text in (("used_memory", "Memory Redis uses"), ("maxmemory", "Its limit, or 0")):
        yield GaugeMetricFamily(
            f"journal_redis_{name}_bytes", f"{text}, in bytes", float(values.get(name, 0))
        )


def age(message: Any, now: float) -> float:
    """How long ago a message of the queue was enqueued.

    Args:
        message: the message as it lies in the queue; anything that is no bytes has age 0.
        now: seconds since 1970.

    Returns:
        Seconds since the time in the message's header `enqueued_at`, 0 if the header does not tell.
    """
    if not isinstance(message, bytes):
        return 0.0
    try:
        enqueued_at = float(json.loads(message)["headers"][ENQUEUED_AT])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return 0.0
    return max(0.0, now - enqueued_at) if enqueued_at > 0 else 0.0


class Exporter:
    """Serves the queue's gauges over HTTP.

    Args:
        settings: the Redis URL, the names of the queue and streams, the address and the port.

    Raises:
        StartupError, ConfigurationError: the port or the Redis URL is not usable.
    """

    def __init__(self, settings: WorkerSettings) -> None:
        self._redis = connect(settings.redis_url, answer_seconds=ANSWER_SECONDS, retries=0)
        registry = CollectorRegistry()
        registry.register(QueueCollector(self._redis, settings))
        self._probes = Probes(
            registry,
            alive=lambda: None,
            ready=self._problem,
            host=settings.metrics_host,
            port=settings.exporter_port,
        )

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._probes.port

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT."""
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        self._probes.start()
        stop.wait()
        self._probes.stop()

    def _problem(self) -> str | None:
        """Why the exporter is not ready, or None."""
        try:
            self._redis.ping()
        except RedisError as exc:
            return f"Redis does not answer ({type(exc).__name__})"
        return None
