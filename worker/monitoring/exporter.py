"""The exporter: gauges of the queue itself, which must live when no worker does.

Light on purpose (Redis and Prometheus clients only). Each scrape asks Redis once.
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
from producer.message import CLAIMS, ENQUEUED_AT
from producer.operations.groups import ConsumerGroup
from worker.monitoring.probes import Probes

if TYPE_CHECKING:
    from collections.abc import Iterator

    import redis

    from worker.settings import WorkerSettings

#: A scrape may take ten seconds by Prometheus's defaults. Connecting and asking must fail within
#: that, or a hung Redis would look like a missing exporter.
ANSWER_SECONDS = 3.0
#: XINFO's words before the first result; there are no groups then.
_NO_STREAM = "no such key"


class QueueCollector(Collector):
    """Reads the queue's gauges from Redis at every scrape."""

    def __init__(self, client: redis.Redis, settings: WorkerSettings) -> None:
        self._redis = client
        self._settings = settings

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges; only `journal_redis_up` when Redis does not answer.

        A gauge that Redis refuses to tell (a permission, a key of another kind) is left out: a
        zero would say that all is well.
        """
        try:
            replies = self._ask()
        except RedisError:
            yield GaugeMetricFamily("journal_redis_up", "Whether Redis answers", 0)
            return
        yield GaugeMetricFamily("journal_redis_up", "Whether Redis answers", 1)
        ready, oldest, claimed, results, dead, groups, memory = replies
        for name, help_text, reply in (
            ("queue_ready", "Entries waiting for a worker", ready),
            ("queue_claimed", "Entries in the hands of workers", claimed),
            ("results_entries", "Results kept on the stream", results),
            ("dead_letters", "Dead letters kept", dead),
        ):
            if not isinstance(reply, Exception):
                yield GaugeMetricFamily(f"journal_{name}", help_text, float(reply))
        if not isinstance(oldest, Exception):
            yield GaugeMetricFamily(
                "journal_queue_oldest_seconds",
                "Age of the entry that has waited longest, 0 with an empty queue",
                age(oldest, time.time()),
            )
        if not isinstance(groups, Exception) or _NO_STREAM in str(groups):
            backlog = GaugeMetricFamily(
                "journal_results_backlog", "Results a group has not acknowledged", labels=["group"]
            )
            for info in groups if isinstance(groups, list) else []:
                group = ConsumerGroup.of(info)
                backlog.add_metric([group.name], group.backlog)
            yield backlog
        if not isinstance(memory, Exception):
            for name, text in (
                ("used_memory", "Memory Redis uses"),
                ("maxmemory", "Its limit, or 0"),
            ):
                yield GaugeMetricFamily(
                    f"journal_redis_{name}_bytes", f"{text}, in bytes", _info(memory, name)
                )

    def _ask(self) -> list[Any]:
        pipeline: Any = self._redis.pipeline(transaction=False)
        settings = self._settings
        for command in (
            ("LLEN", settings.queue),
            ("LINDEX", settings.queue, -1),  # the next to be taken, so the oldest
            ("HLEN", CLAIMS),
            ("XLEN", settings.results),
            ("XLEN", settings.dead),
            ("XINFO", "GROUPS", settings.results),
            ("INFO", "memory"),
        ):
            pipeline.execute_command(*command)
        return list(pipeline.execute(raise_on_error=False))


def age(message: Any, now: float) -> float:
    """Seconds since a message was enqueued by the clear header `enqueued_at`; 0 if unknown."""
    if not isinstance(message, bytes):
        return 0.0
    try:
        enqueued_at = float(json.loads(message)["headers"][ENQUEUED_AT])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return 0.0
    return max(0.0, now - enqueued_at) if enqueued_at > 0 else 0.0


def _info(reply: Any, name: str) -> float:
    lines = reply.decode().splitlines() if isinstance(reply, bytes) else []
    values = dict(line.split(":", 1) for line in lines if ":" in line)
    return float(values.get(name, 0))


class Exporter:
    """Serves the queue's gauges over HTTP.

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
        """The port listened on."""
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
        try:
            self._redis.ping()
        except RedisError as exc:
            return f"Redis does not answer ({type(exc).__name__})"
        return None
