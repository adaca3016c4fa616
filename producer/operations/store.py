"""How the server is set up: whether it can keep what the queue promises. Free of I/O.

    INFO ──▶ Store ──▶ a finding of each check in CHECKS

`INFO` tells nearly everything, and every user of `deploy/redis` may send it. How often the
append-only file is written to disk tells `CONFIG GET` alone, which shows passwords too and is
therefore granted to nobody there: without it that check is skipped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from redis.exceptions import ResponseError

from producer.findings import Finding, failed, ok, skipped, warning
from producer.operations.base import as_mapping, as_text
from producer.operations.redis_errors import translate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from producer.operations.base import Command, Operation
    from producer.settings import Settings

    Check = Callable[["Store"], Finding]

INFO: Command = ("INFO",)
FSYNC: Command = ("CONFIG", "GET", "appendfsync")
#: Of Redis; Valkey began as 7.2 and tells that in `redis_version`. Since 7.0 `XINFO GROUPS` tells
#: the lag of a group, `XAUTOCLAIM` the ids that were deleted, and users of the ACL can be held to
#: reading a key.
OLDEST_VERSION = (7, 0)
_UNKNOWN = "The server does not tell this to the user that was logged in."


@dataclass(frozen=True, slots=True)
class Store:
    """How the server is set up; None is not known.

    Attributes:
        name: of the software and its version, such as `Valkey 9.1.0`.
        version: of Redis, with which it is compatible.
        cluster: whether it is a node of a cluster.
        role: `master` or `slave`.
        replicas: that are connected.
        min_replicas: that have to confirm an entry, as `JOURNAL_MIN_REPLICAS` says.
        aof: whether it writes an append-only file.
        fsync: how often that file is written to disk: `always`, `everysec` or `no`.
        policy: what it does when it is out of memory.
        maxmemory: how much it may use, in bytes; 0 is no limit.
    """

    name: str | None = None
    version: tuple[int, ...] | None = None
    cluster: bool | None = None
    role: str | None = None
    replicas: int | None = None
    min_replicas: int = 0
    aof: bool | None = None
    fsync: str | None = None
    policy: str | None = None
    maxmemory: int | None = None


def look_at_store(settings: Settings) -> Operation[list[Finding]]:
    """Make every check of the server.

    Raises:
        Unavailable: it does not answer, or not yet.
        ConfigurationError: it refuses the user name or the password.
    """
    info, fsync = yield [INFO, FSYNC]
    if isinstance(info, Exception) and not isinstance(info, ResponseError):
        raise translate(info)  # what it refuses is not known, and the rest of the call goes on
    return check_store(store_of(info, fsync, settings.min_replicas))


def check_store(store: Store) -> list[Finding]:
    """What each check finds, in the order of `CHECKS`."""
    return [check(store) for check in CHECKS.values()]


def store_of(info: Any, fsync: Any, min_replicas: int) -> Store:
    """How a server is set up, by its replies to `INFO` and `FSYNC`, which may be errors."""
    fields = info_fields(info)
    settings = as_mapping(fsync) if isinstance(fsync, list) else {}
    version = fields.get("redis_version", "")
    valkey = fields.get("valkey_version")
    named = f"Valkey {valkey}" if valkey else f"Redis {version}"
    aof = fields.get("aof_enabled")
    cluster = fields.get("cluster_enabled")
    return Store(
        name=named if version else None,
        version=tuple(int(part) for part in version.split(".") if part.isdigit()) or None,
        cluster=None if cluster is None else cluster == "1",
        role=fields.get("role"),
        replicas=_number(fields.get("connected_slaves")),
        min_replicas=min_replicas,
        aof=None if aof is None else aof == "1",
        fsync=as_text(settings["appendfsync"]) if "appendfsync" in settings else None,
        policy=fields.get("maxmemory_policy"),
        maxmemory=_number(fields.get("maxmemory")),
    )


def info_fields(reply: Any) -> Mapping[str, str]:
    """The fields in a reply to `INFO`; none if it is no such reply."""
    lines = as_text(reply).splitlines() if isinstance(reply, bytes) else []
    return dict(line.split(":", 1) for line in lines if ":" in line)


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdigit() else None


def _version(store: Store) -> Finding:
    if store.version is None:
        return skipped("version", _UNKNOWN)
    if store.version < OLDEST_VERSION:
        return failed(
            "version",
            f"{store.name} is too old: XINFO GROUPS and XAUTOCLAIM answer less than is needed.",
            "Update to Redis 7.0 or newer, or to Valkey.",
        )
    return ok("version", f"{store.name}.")


def _cluster(store: Store) -> Finding:
    if store.cluster is None:
        return skipped("cluster", _UNKNOWN)
    if store.cluster:
        return failed(
            "cluster",
            "The server is a node of a cluster, which the queue cannot use.",
            "Use a server with `cluster-enabled no`, with replicas and Sentinels if need be.",
        )
    return ok("cluster", "The server is no node of a cluster.")


def _primary(store: Store) -> Finding:
    if store.role is None:
        return skipped("primary", _UNKNOWN)
    if store.role != "master":
        return failed(
            "primary",
            "The server is a replica and takes no entries.",
            "Give JOURNAL_REDIS_URL the address of the primary, or the Sentinels'.",
        )
    return ok("primary", "The server is a primary.")


def _aof(store: Store) -> Finding:
    if store.aof is None:
        return skipped("aof", _UNKNOWN)
    if not store.aof:
        return warning(
            "aof",
            "The append-only file is off: a restart loses entries that were acknowledged.",
            "Set `appendonly yes` (at once: `CONFIG SET appendonly yes`).",
        )
    return ok("aof", "The append-only file is on.")


def _fsync(store: Store) -> Finding:
    if store.aof is False:
        return skipped("fsync", "There is no append-only file to write to disk.")
    if store.fsync is None:
        return skipped("fsync", "Only CONFIG GET tells it, which this user may not send.")
    if store.fsync == "no":
        return warning(
            "fsync",
            "The append-only file is written to disk whenever the system likes: a power cut may "
            "lose half a minute of acknowledged entries.",
            "Set `appendfsync always`, or `everysec` if a second or two may be lost.",
        )
    return ok("fsync", f"`appendfsync {store.fsync}`.")


def _eviction(store: Store) -> Finding:
    if store.policy is None:
        return skipped("eviction", _UNKNOWN)
    if store.policy == "noeviction":
        return ok("eviction", "When memory is full the server refuses entries and deletes nothing.")
    volatile = store.policy.startswith("volatile")
    deletes = (
        "the ids by which a second submit is recognised"
        if volatile
        else "entries, results or claims"
    )
    return warning(
        "eviction",
        f"`maxmemory-policy {store.policy}`: when memory is full the server deletes {deletes}.",
        "Set `maxmemory-policy noeviction`.",
    )


def _memory_limit(store: Store) -> Finding:
    if store.maxmemory is None:
        return skipped("memory_limit", _UNKNOWN)
    if store.maxmemory == 0:
        return warning(
            "memory_limit",
            "The server has no limit of memory: when the machine has no more, the system kills it.",
            "Set `maxmemory` to at most half of the machine's memory.",
        )
    return ok("memory_limit", f"The server may use {store.maxmemory / 2**20:,.0f} MiB.")


def _replicas(store: Store) -> Finding:
    if store.replicas is None or store.role not in {None, "master"}:
        return skipped("replicas", _UNKNOWN if store.replicas is None else "This is a replica.")
    connected = f"{store.replicas} replica{'' if store.replicas == 1 else 's'} connected"
    if store.replicas < store.min_replicas:
        return failed(
            "replicas",
            f"{connected}, {store.min_replicas} have to confirm each entry: submits fail.",
            "Start the missing replicas, or lower JOURNAL_MIN_REPLICAS.",
        )
    if store.replicas and not store.min_replicas:
        return warning(
            "replicas",
            f"{connected}, and none has to confirm an entry: a failover loses entries that were "
            "acknowledged.",
            "Set JOURNAL_MIN_REPLICAS=1 for every producer, worker and exporter.",
        )
    return ok("replicas", f"{connected}, {store.min_replicas} have to confirm an entry.")


#: Every check by its name, which is also a value of the label `check` of a metric.
CHECKS: dict[str, Check] = {
    "version": _version,
    "cluster": _cluster,
    "primary": _primary,
    "aof": _aof,
    "fsync": _fsync,
    "eviction": _eviction,
    "memory_limit": _memory_limit,
    "replicas": _replicas,
}
