"""What of a server's set-up can lose or refuse entries is found, and what to do about it is told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from redis.exceptions import BusyLoadingError, NoPermissionError

from deploy.local.server import Server
from producer import Settings, Unavailable
from producer.connection import connect, execute
from producer.findings import Finding, Level
from producer.operations.store import CHECKS, Store, check_store, look_at_store, store_of
from tests import needs

if TYPE_CHECKING:
    from pathlib import Path

GOOD = Store(
    name="Valkey 9.1.0",
    version=(7, 2, 4),
    cluster=False,
    role="master",
    replicas=1,
    min_replicas=1,
    aof=True,
    fsync="always",
    policy="noeviction",
    maxmemory=2**30,
)


def levels(store: Store) -> dict[str, Level]:
    return {finding.check: finding.level for finding in check_store(store)}


def look(server: Server, **settings: Any) -> dict[str, Finding]:
    given = Settings.load(redis_url=server.url, **settings)
    with connect(given.redis_url) as client:
        return {finding.check: finding for finding in execute(client, look_at_store(given))}


def test_a_server_that_is_set_up_well_has_nothing_to_mend() -> None:
    assert levels(GOOD) == dict.fromkeys(CHECKS, Level.OK)


@pytest.mark.parametrize(
    ("change", "check", "level", "remedy"),
    [
        ({"version": (6, 2, 14)}, "version", "failed", "Redis 7.0"),
        ({"cluster": True}, "cluster", "failed", "cluster-enabled no"),
        ({"role": "slave"}, "primary", "failed", "JOURNAL_REDIS_URL"),
        ({"aof": False}, "aof", "warning", "appendonly yes"),
        ({"fsync": "no"}, "fsync", "warning", "appendfsync always"),
        ({"policy": "allkeys-lru"}, "eviction", "warning", "noeviction"),
        ({"policy": "volatile-ttl"}, "eviction", "warning", "noeviction"),
        ({"maxmemory": 0}, "memory_limit", "warning", "maxmemory"),
        ({"min_replicas": 0}, "replicas", "warning", "JOURNAL_MIN_REPLICAS=1"),
        ({"min_replicas": 2}, "replicas", "failed", "JOURNAL_MIN_REPLICAS"),
    ],
)
def test_what_is_wrong_is_found_and_its_remedy_told(
    change: dict[str, Any], check: str, level: str, remedy: str
) -> None:
    found = {finding.check: finding for finding in check_store(replace(GOOD, **change))}
    assert found[check].level == level
    assert remedy in found[check].remedy
    assert {name for name, finding in found.items() if finding.is_problem} == {check}


def test_every_second_on_disk_and_no_replica_at_all_are_fine() -> None:
    assert levels(replace(GOOD, fsync="everysec"))["fsync"] is Level.OK
    assert levels(replace(GOOD, replicas=0, min_replicas=0))["replicas"] is Level.OK


def test_what_the_server_does_not_tell_is_not_called_fine() -> None:
    refused = NoPermissionError("this user has no permissions to run the 'info' command")
    assert levels(store_of(refused, refused, 1)) == dict.fromkeys(CHECKS, Level.SKIPPED)
    assert levels(store_of(b"nonsense", 3, 0)) == dict.fromkeys(CHECKS, Level.SKIPPED)


def test_a_server_that_is_not_there_yet_is_no_finding() -> None:
    looking = look_at_store(Settings.load())
    next(looking)
    with pytest.raises(Unavailable):
        looking.send([BusyLoadingError("Redis is loading the dataset in memory")] * 2)


def test_a_real_server_is_read(tmp_path: Path) -> None:
    options = {"maxmemory": "100mb", "maxmemory_policy": "volatile-lru"}
    with Server(directory=tmp_path / "first", **options) as server:
        found = look(server, min_replicas=1)
        assert [name for name, each in found.items() if each.level == "warning"] == [
            "aof",
            "eviction",
        ]
        assert [name for name, each in found.items() if each.level == "failed"] == ["replicas"]
        assert found["memory_limit"].text == "The server may use 100 MiB."


def test_redis_7_0_and_its_replica_are_read(tmp_path: Path) -> None:
    program = needs.program("redis-server")
    with Server(program=program, directory=tmp_path / "first", appendonly=True) as server:
        port = server.url.rsplit(":", 1)[1].removesuffix("/0")
        found = look(server)
        assert found["version"].text.startswith("Redis ")
        assert (found["aof"].level, found["fsync"].text) == (Level.OK, "`appendfsync always`.")
        second = Server(
            program=program, directory=tmp_path / "second", replicaof=f"127.0.0.1 {port}"
        )
        with second:
            assert look(second)["primary"].level is Level.FAILED
