"""What the Redis user of each part of the system has to be allowed to send."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING

from producer.keys import keys_of
from producer.operations.base import script

if TYPE_CHECKING:
    from producer.operations.base import Command
    from producer.settings import Settings

    Words = tuple[str, ...]

_NONE = "-"  # stands for the name of a group, an entry or a consumer


class Role(StrEnum):
    """The parts of the system, each of which has a Redis user of its own in `deploy/redis`."""

    PRODUCER = "producer"
    WORKER = "worker"
    EXPORTER = "exporter"
    OPERATOR = "operator"

    @property
    def has_keys(self) -> bool:
        """Whether this part seals or opens anything."""
        return self in {Role.PRODUCER, Role.WORKER}


def permission_query(settings: Settings, role: Role, db: int) -> Command:
    """The script that asks which of the commands in `needed` are refused; it runs none of them."""
    commands = [json.dumps(words) for words in needed(settings, role, db)]
    # A user without the right to run scripts at all may still be allowed those on the results.
    return ("EVAL", script("permitted"), "1", settings.results, *commands)


def needed(settings: Settings, role: Role, db: int) -> list[Words]:
    """The commands that a part of the system sends, with the keys and channels it sends them for.

    Args:
        settings: the names of the queue and the streams.
        role: which part.
        db: the number of the database, which stands in the names of Celery's channels.
    """
    keys = settings.queue_keys
    counting = [
        *(("LLEN", name) for name in keys.waiting),
        ("HLEN", keys.claims),
        *(("XLEN", name) for name in (settings.results, settings.dead)),
        ("XINFO", "GROUPS", settings.results),
        ("INFO",),
    ]
    parts = {
        Role.PRODUCER: [*counting, *_producer(settings)],
        Role.WORKER: _worker(settings, db),
        Role.EXPORTER: [*counting, *(("LINDEX", name, "-1") for name in keys.waiting)],
        Role.OPERATOR: [*counting, *_operator(settings)],
    }
    return parts[role]


def _producer(settings: Settings) -> list[Words]:
    keys = settings.queue_keys
    seen, reply = f"{keys.seen}{_NONE}", f"{keys.reply}{_NONE}"
    measuring = [("TIME",), *_measuring(settings)] if settings.max_queue_bytes else []
    results, dead = settings.results, settings.dead
    replicas = [("WAIT", "0", "0")] if settings.min_replicas else []
    return [
        ("EVAL", "", "2", settings.queue, seen),
        ("LPUSH", settings.queue, _NONE),
        ("EXISTS", seen),
        ("GET", seen),
        ("SET", seen, _NONE),
        ("DEL", seen),
        ("XADD", reply, "*", _NONE, _NONE),
        ("EXPIRE", reply, "1"),
        ("XREVRANGE", reply, "+", "-"),
        ("XREAD", "STREAMS", reply, "0"),
        ("LRANGE", settings.queue, "0", "0"),
        ("LREM", settings.queue, "1", _NONE),
        ("HSCAN", keys.claims, "0"),
        ("HDEL", keys.claims, _NONE),
        *measuring,
        *_pushing_to_lanes(settings),
        *replicas,
        ("XGROUP", "CREATE", results, _NONE, "0"),
        ("XREADGROUP", "GROUP", _NONE, _NONE, "STREAMS", results, ">"),
        ("XAUTOCLAIM", results, _NONE, _NONE, "0", "0"),
        ("XCLAIM", results, _NONE, _NONE, "0", "0-1"),
        ("XPENDING", results, _NONE),
        ("XACK", results, _NONE, "0-1"),
        ("XDEL", results, "0-1"),
        ("XRANGE", dead, "-", "+"),
        ("XADD", dead, "*", _NONE, _NONE),
    ]


def _pushing_to_lanes(settings: Settings) -> list[Words]:
    keys = settings.queue_keys
    pushes = [("LPUSH", name, _NONE) for name in (*keys.of_lanes, *keys.of_tenants)]
    return [
        ("HGETALL", keys.turns),
        *([("HSETNX", keys.turns, _NONE, "0")] if pushes else []),
        *pushes,
    ]


def _measuring(settings: Settings) -> list[Words]:
    """What tells how many bytes the queue takes."""
    keys = settings.queue_keys
    return [
        words
        for lane in map(keys.lane, keys.lanes.names)
        for words in (
            ("MEMORY", "USAGE", lane.queue),
            ("HMGET", lane.measured, "bytes"),
            ("HSET", lane.measured, "bytes", "0"),
        )
    ]


def _worker(settings: Settings, db: int) -> list[Words]:
    keys = settings.queue_keys
    lists = (*keys.of_lanes, *keys.of_tenants)
    lanes = [words for name in lists for words in _taking_from(name)]
    channel = f"/{db}.celery.pidbox"
    return [
        ("INFO",),
        ("TIME",),
        ("EVALSHA", "", "3", settings.queue, keys.claims, settings.results),
        ("SCRIPT", "LOAD", ""),
        ("BLMOVE", settings.queue, keys.woken, "RIGHT", "LEFT", "0"),
        ("LMOVE", keys.woken, settings.queue, "LEFT", "RIGHT"),
        ("RPUSH", settings.queue, _NONE),
        ("HSET", keys.claims, _NONE, _NONE),
        ("HDEL", keys.claims, _NONE),
        ("HINCRBY", keys.deliveries, _NONE, "1"),
        ("ZADD", keys.leases, "0", _NONE),
        ("ZREM", keys.leases, _NONE),
        ("ZADD", keys.workers, "0", _NONE),
        ("HSET", keys.weights, _NONE, "0"),
        ("XADD", settings.results, "*", _NONE, _NONE),
        ("XLEN", settings.results),
        ("XADD", settings.dead, "*", _NONE, _NONE),
        ("GET", f"{keys.seen}{_NONE}"),
        ("XADD", f"{keys.reply}{_NONE}", "*", _NONE, _NONE),
        ("HGETALL", f"{keys.host}{_NONE}"),
        ("LPUSH", keys.parked, _NONE),
        ("LTRIM", keys.parked, "0", "-1"),
        ("RPOP", keys.parked, "0"),
        ("HGETALL", keys.turns),
        *lanes,
        *([("WAIT", "0", "0")] if settings.min_replicas else []),
        ("SADD", "_kombu.binding.celery.pidbox", _NONE),
        ("SUBSCRIBE", channel),
        ("PUBLISH", channel, _NONE),
    ]


def _taking_from(name: str) -> list[Words]:
    """What takes messages from the list of a lane, and puts them back."""
    return [("LRANGE", name, "0", "0"), ("LTRIM", name, "0", "-1"), ("RPUSH", name, _NONE)]


def _operator(settings: Settings) -> list[Words]:
    dead, results = settings.dead, settings.results
    return [
        ("EVAL", "", "1", dead),
        ("LPUSH", settings.queue, _NONE),
        *_pushing_to_lanes(settings),
        ("SET", f"{keys_of(settings.queue).seen}{_NONE}", _NONE),
        ("HDEL", keys_of(settings.queue).deliveries, _NONE),
        ("XADD", f"{keys_of(settings.queue).reply}{_NONE}", "*", _NONE, _NONE),
        *(_measuring(settings) if settings.max_queue_bytes else []),
        ("XRANGE", dead, "-", "+"),
        ("XREVRANGE", dead, "+", "-"),
        ("XDEL", dead, "0-1"),
        ("XINFO", "CONSUMERS", results, _NONE),
        ("XGROUP", "DESTROY", results, _NONE),
    ]
