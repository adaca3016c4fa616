"""The exporter: gauges of the queue itself, which are served whether or not a worker runs.

It imports only the clients of Redis and Prometheus, so that it starts quickly and needs little
memory. Each scrape takes one round trip to Redis, and more only to count results that Redis cannot
tell the number of.
"""

from __future__ import annotations

import json
import math
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from redis.exceptions import NoPermissionError, RedisError

from producer.connection import connect, execute
from producer.errors import JournalError
from producer.keys import lane_of
from producer.message import ENQUEUED_AT
from producer.operations.groups import groups_of
from producer.operations.status import by_lane
from producer.operations.store import FSYNC, INFO, info_fields
from worker.monitoring.probes import Probes
from worker.monitoring.shards import ShardsCollector
from worker.monitoring.store import warnings_gauge
from worker.monitoring.upkeep import Upkeep

if TYPE_CHECKING:
    from collections.abc import Iterator

    import redis

    from producer.keys import QueueKeys
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
        self._asks_fsync = True

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges; only `journal_redis_up` when Redis does not answer.

        A gauge is left out if Redis answers its command with an error (a missing permission, a key
        of another type): a zero would say that all is well.
        """
        try:
            replies = self._ask()
        except RedisError:
            yield GaugeMetricFamily("journal_redis_up", "Whether Redis answers", 0)
            return
        keys = self._settings.queue_keys
        lists, lanes = len(keys.waiting), len(keys.all_parked)
        ready, oldest = replies[:lists], replies[lists : 2 * lists]
        claimed, results, dead, groups, info, *rest = replies[2 * lists :]
        parked, fsync = rest[:lanes], rest[lanes:]
        yield GaugeMetricFamily("journal_redis_up", "Whether Redis answers", 1)
        for name, help_text, counts in (
            ("journal_queue_ready", "Entries waiting for a worker", ready),
            ("journal_queue_claimed", "Entries in the hands of workers", [claimed]),
            ("journal_queue_parked", "Entries waiting for a worker with their key", parked),
            ("journal_results_entries", "Results kept on the stream", [results]),
            ("journal_dead_letters", "Dead letters kept", [dead]),
        ):
            if not any(isinstance(count, Exception) for count in counts):
                yield GaugeMetricFamily(name, help_text, float(sum(counts)))
        yield from _oldest(oldest)
        yield from _lanes(keys, ready, oldest)
        yield from _fill(self._settings, ready, oldest, parked)
        yield from self._backlog(groups, results)
        yield from _memory(info)
        # Asked again after it was refused, it would only fill the server's log of refusals.
        self._asks_fsync &= not any(isinstance(reply, NoPermissionError) for reply in fsync)
        yield warnings_gauge(info, next(iter(fsync), None), self._settings.min_replicas)

    def _backlog(self, reply: Any, kept: Any) -> Iterator[GaugeMetricFamily]:
        """The backlog of each consumer group, from the replies to XINFO GROUPS and XLEN."""
        if isinstance(reply, Exception) and _NO_STREAM not in str(reply):
            return
        if isinstance(kept, Exception):
            return
        infos = reply if isinstance(reply, list) else []
        try:
            groups = execute(self._redis, groups_of(self._settings, infos, kept))
        except JournalError:
            return
        backlog = GaugeMetricFamily(
            "journal_results_backlog", "Results a group has not acknowledged", labels=["group"]
        )
        for group in groups:
            if group.exact:
                backlog.add_metric([group.name], group.backlog)
        yield backlog

    def _ask(self) -> list[Any]:
        """The replies to all commands, from one round trip; an error reply is an exception."""
        pipeline: Any = self._redis.pipeline(transaction=False)
        settings = self._settings
        keys = settings.queue_keys
        for command in (
            *(("LLEN", name) for name in keys.waiting),
            *(("LINDEX", name, -1) for name in keys.waiting),  # the next to be taken, so the oldest
            ("HLEN", keys.claims),
            ("XLEN", settings.results),
            ("XLEN", settings.dead),
            ("XINFO", "GROUPS", settings.results),
            INFO,
            *(("LLEN", name) for name in keys.all_parked),
            *([FSYNC] if self._asks_fsync else []),
        ):
            pipeline.execute_command(*command)
        return list(pipeline.execute(raise_on_error=False))


def _oldest(replies: list[Any]) -> Iterator[GaugeMetricFamily]:
    """The age of the oldest of the messages that are next in their lists, as far as it is known.

    Left out if no message that waits says when it was enqueued, as those of Celery's own producers
    do not: 0 would say that none waits.
    """
    if any(isinstance(reply, Exception) for reply in replies):
        return
    now = time.time()
    ages = [age(reply, now) for reply in replies if reply is not None]
    known = [seconds for seconds in ages if seconds is not None]
    if known or not ages:
        yield GaugeMetricFamily(
            "journal_queue_oldest_seconds",
            "Age of the entry that has waited longest, 0 with an empty queue",
            max(known, default=0.0),
        )


def _lanes(keys: QueueKeys, ready: list[Any], oldest: list[Any]) -> Iterator[GaugeMetricFamily]:
    """How many wait in each lane, and for how long the oldest of each, as far as it is known."""
    if any(isinstance(reply, Exception) for reply in (*ready, *oldest)):
        return
    others = [lane.name for lane in keys.lanes.others]
    count = GaugeMetricFamily("journal_lane_ready", "Entries waiting, by lane", labels=["lane"])
    counts = by_lane(keys, ready, [message for message in oldest[:2] if message is not None])
    waited = GaugeMetricFamily(
        "journal_lane_oldest_seconds",
        "Age of the entry that has waited longest, by lane, 0 with an empty lane",
        labels=["lane"],
    )
    heads: dict[str, list[bytes]] = {name: [] for name in counts}
    # A message of another lane may wait in the list of the first one, to wake a worker.
    for listed, message in zip(keys.lanes_of_waiting, oldest, strict=True):
        if message is not None:
            heads[lane_of(message, others) or listed].append(message)
    now = time.time()
    for lane, waiting in counts.items():
        count.add_metric([lane], waiting)
        ages = [age(message, now) for message in heads[lane]]
        known = [seconds for seconds in ages if seconds is not None]
        if known or not heads[lane]:
            waited.add_metric([lane], max(known, default=0.0))
    yield count
    yield waited


def _fill(
    settings: WorkerSettings, ready: list[Any], oldest: list[Any], parked: list[Any]
) -> Iterator[GaugeMetricFamily]:
    """How full each lane is; entries that wait for their key take room as well."""
    if any(isinstance(reply, Exception) for reply in (*ready, *oldest, *parked)):
        return
    keys = settings.queue_keys
    fill = GaugeMetricFamily(
        "journal_lane_fill_ratio",
        "Entries waiting in a lane, of the most that it may hold (JOURNAL_MAX_QUEUE_ENTRIES)",
        labels=["lane"],
    )
    counts = by_lane(keys, ready, [message for message in oldest[:2] if message is not None])
    for lane, aside in zip(keys.lanes.all, parked, strict=True):
        most, _ = settings.room_of(lane)
        fill.add_metric([lane.name], (counts[lane.name] + aside) / most)
    yield fill


def _memory(reply: Any) -> Iterator[GaugeMetricFamily]:
    """The memory that Redis uses and may use, from the reply to INFO."""
    if isinstance(reply, Exception):
        return
    values = info_fields(reply)
    for name, text in (("used_memory", "Memory Redis uses"), ("maxmemory", "Its limit, or 0")):
        yield GaugeMetricFamily(
            f"journal_redis_{name}_bytes", f"{text}, in bytes", float(values.get(name, 0))
        )


def age(message: bytes, now: float) -> float | None:
    """How long ago a message of the queue was enqueued.

    Args:
        message: the message as it lies in the queue.
        now: seconds since 1970.

    Returns:
        Seconds since the time in the message's header `enqueued_at`; None if it does not tell.
    """
    try:
        enqueued_at = float(json.loads(message)["headers"][ENQUEUED_AT])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
    if not math.isfinite(enqueued_at) or enqueued_at <= 0:
        return None
    return max(0.0, now - enqueued_at)


class Exporter:
    """Serves the queue's gauges over HTTP, and keeps the results stream free of what nobody needs.

    Args:
        settings: the Redis URL, the names of the queue and streams, the address and the port.

    Raises:
        StartupError, ConfigurationError: the port or the Redis URL is not usable.
    """

    def __init__(self, settings: WorkerSettings) -> None:
        clients = {
            one.shard: connect(one.only_url, answer_seconds=ANSWER_SECONDS, retries=0)
            for one in settings.each
        }
        collectors = {name: QueueCollector(client, settings) for name, client in clients.items()}
        several = len(collectors) > 1
        registry = CollectorRegistry()
        registry.register(
            ShardsCollector(collectors) if several else next(iter(collectors.values()))
        )
        self._clients = clients
        self._upkeep = [Upkeep(client, settings) for client in clients.values()]
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
        for upkeep in self._upkeep:
            upkeep.start()
        stop.wait()
        for upkeep in self._upkeep:
            upkeep.stop()
        self._probes.stop()

    def _problem(self) -> str | None:
        """Why the exporter is not ready, or None."""
        problems = []
        for name, client in self._clients.items():
            try:
                client.ping()
            except RedisError as exc:
                where = f"shard {name}: " if len(self._clients) > 1 else ""
                problems.append(f"{where}Redis does not answer ({type(exc).__name__})")
        # With one of several shards the others' gauges are of use.
        return "; ".join(problems) if len(problems) == len(self._clients) else None
