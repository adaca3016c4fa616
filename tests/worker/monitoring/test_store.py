"""What of the server's set-up needs mending: a gauge of the exporter, and lines of a worker's log."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pydantic import SecretStr

from producer.connection import connect
from producer.operations.store import CHECKS
from producer.settings import Settings
from worker.monitoring import store
from worker.monitoring.exporter import QueueCollector
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    import pytest
    import redis


def collector(url: str) -> QueueCollector:
    settings = WorkerSettings.load(redis_url=url)
    return QueueCollector(connect(settings.redis_url), settings)


def warned(collector: QueueCollector) -> dict[str, float]:
    (gauge,) = (each for each in collector.collect() if each.name == "journal_store_warning")
    return {sample.labels["check"]: sample.value for sample in gauge.samples}


def test_the_set_up_of_the_server_is_looked_at(redis_url: str, client: redis.Redis) -> None:
    exporter = collector(redis_url)
    found = warned(exporter)
    assert (found["eviction"], found["version"], found["aof"]) == (0, 0, 1)
    assert math.isnan(found["fsync"])  # there is no file to write to disk
    policy = client.config_get("maxmemory-policy")["maxmemory-policy"]
    client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        assert warned(exporter)["eviction"] == 1
    finally:
        client.config_set("maxmemory-policy", policy)


def test_what_may_not_be_seen_is_no_number_and_is_asked_for_once(
    client: redis.Redis, redis_url: str
) -> None:
    client.execute_command("ACL", "LOG", "RESET")
    rules = ("on", ">x", "~*", "+@all", "-info", "-config|get")
    client.execute_command("ACL", "SETUSER", "blind", *rules)
    exporter = collector(redis_url.replace("://", "://blind:x@"))
    try:
        for _ in range(2):
            found = warned(exporter)
            assert list(found) == list(CHECKS)
            assert all(math.isnan(value) for value in found.values())
        refused = {entry["object"]: int(entry["count"]) for entry in client.acl_log()}
        assert refused == {"info": 2, "config|get": 1}
    finally:
        client.execute_command("ACL", "DELUSER", "blind")


def test_a_log_that_cannot_tell_says_why_and_no_password(
    redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    url = SecretStr(redis_url.replace("://", "://nobody:secretpassword@"))
    store.log_findings(Settings.load(redis_url=url))
    (record,) = caplog.records
    assert "refused the user name or password" in record.getMessage()
    assert "secretpassword" not in caplog.text
