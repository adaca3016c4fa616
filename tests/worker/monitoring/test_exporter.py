"""The exporter's gauges of the queue, with and without a Redis that answers."""

from __future__ import annotations

import json
import math
import os
import re
import signal
import socket
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import celery
import pytest

from deploy.local.server import Server
from producer.message import encode_message
from producer.operations.store import CHECKS
from tests.worker.broker.claims_support import open_claims, result
from worker.errors import StartupError
from worker.monitoring.exporter import Exporter, age
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import redis

NOW = 1_700_000_000.0


class Scraper:
    def __init__(self, url: str | None, **settings: str) -> None:
        self.exporter = Exporter(WorkerSettings.load(redis_url=url, exporter_port=0, **settings))
        self.exporter._probes.start()

    def page(self, name: str) -> tuple[int, str]:
        try:
            url = f"http://127.0.0.1:{self.exporter.port}/{name}"
            with urllib.request.urlopen(url, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as exc:
            with exc:
                return exc.code, exc.read().decode()

    def gauges(self) -> dict[str, float]:
        status, page = self.page("metrics")
        assert status == 200
        return {
            match[1]: float(match[2])
            for match in re.finditer(r"^(journal_\S+) (\S+)$", page, re.MULTILINE)
        }

    def known(self) -> dict[str, float]:
        return {name: value for name, value in self.gauges().items() if not math.isnan(value)}

    def close(self) -> None:
        self.exporter._probes.stop()
        for client in self.exporter._clients.values():
            client.close()


@pytest.fixture
def scraper(redis_url: str) -> Iterator[Scraper]:
    one = Scraper(redis_url)
    yield one
    one.close()


def test_an_empty_system_has_every_gauge_at_zero(scraper: Scraper) -> None:
    gauges = scraper.gauges()
    assert gauges.pop("journal_redis_up") == 1
    assert gauges.pop("journal_redis_used_memory_bytes") > 0
    checks = {name for name in gauges if name.startswith("journal_store_warning")}
    assert checks == {f'journal_store_warning{{check="{check}"}}' for check in CHECKS}
    assert {name: value for name, value in gauges.items() if name not in checks} == {
        "journal_queue_ready": 0,
        "journal_queue_oldest_seconds": 0,
        "journal_queue_claimed": 0,
        "journal_queue_parked": 0,
        'journal_lane_ready{lane="default"}': 0,
        'journal_lane_oldest_seconds{lane="default"}': 0,
        'journal_lane_fill_ratio{lane="default"}': 0,
        "journal_results_entries": 0,
        "journal_dead_letters": 0,
        "journal_redis_maxmemory_bytes": 0,
    }


def test_gauges_count_what_is_where(scraper: Scraper, client: redis.Redis, redis_url: str) -> None:
    client.lpush("journal.entries", *(encode_message(f"e{i}", "x") for i in range(5)))
    claims = open_claims(redis_url)
    tags = [one.tag for one in claims.claim(3)]
    claims.settle([result(tags[0])])
    client.xadd("journal.dead", {"letter": "x"})
    client.xadd("journal.dead", {"letter": "x"})
    gauges = scraper.gauges()
    assert (gauges["journal_queue_ready"], gauges["journal_queue_claimed"]) == (2, 2)
    assert (gauges["journal_results_entries"], gauges["journal_dead_letters"]) == (1, 2)


def test_the_backlog_is_what_each_group_has_not_acknowledged(
    scraper: Scraper, client: redis.Redis
) -> None:
    for _ in range(4):
        client.xadd("journal.results", {"sealed": "x"})
    for group in ("backend", "analytics"):
        client.xgroup_create("journal.results", group, id="0")
    read = client.xreadgroup("backend", "one", {"journal.results": ">"}, count=3)
    client.xack("journal.results", "backend", read[0][1][0][0])
    gauges = scraper.gauges()
    assert gauges['journal_results_backlog{group="backend"}'] == 3
    assert gauges['journal_results_backlog{group="analytics"}'] == 4


def test_a_deletion_among_unread_results_hides_none_of_them(
    scraper: Scraper, client: redis.Redis
) -> None:
    """Redis does not know the lag then."""
    ids = [client.xadd("journal.results", {"sealed": "x"}) for _ in range(100)]
    client.xgroup_create("journal.results", "typo", id="0")
    client.xdel("journal.results", ids[50])
    assert client.xinfo_groups("journal.results")[0]["lag"] is None
    assert scraper.gauges()['journal_results_backlog{group="typo"}'] == 99


def test_a_backlog_that_may_not_be_counted_is_left_out(redis_url: str, client: redis.Redis) -> None:
    ids = [client.xadd("journal.results", {"sealed": "x"}) for _ in range(3)]
    client.xgroup_create("journal.results", "typo", id="0")
    client.xdel("journal.results", ids[1])
    client.acl_setuser(
        "half",
        enabled=True,
        reset=True,
        passwords=["+x"],
        keys=["*"],
        commands=["+ping", "+xlen", "+xinfo", "+client|setname"],
    )
    one = Scraper(redis_url.replace("redis://", "redis://half:x@"))
    try:
        assert one.known() == {
            "journal_redis_up": 1,
            "journal_results_entries": 2,
            "journal_dead_letters": 0,
        }
    finally:
        one.close()
        client.acl_deluser("half")


def test_the_oldest_entry_is_the_next_to_be_taken(scraper: Scraper, client: redis.Redis) -> None:
    for name, seconds in (("old", 100), ("new", 10)):
        message = json.loads(encode_message(name, "x"))
        message["headers"]["enqueued_at"] = time.time() - seconds
        client.lpush("journal.entries", json.dumps(message))
    assert scraper.gauges()["journal_queue_oldest_seconds"] == pytest.approx(100, abs=5)


def headers(value: Any) -> bytes:
    return json.dumps({"headers": {"enqueued_at": value}}).encode()


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        (headers(NOW - 5), 5.0),
        (headers(NOW + 5), 0.0),
        (headers(str(NOW - 5)), 5.0),
        (headers(None), None),
        (headers([]), None),
        (headers("yesterday"), None),
        (headers(float("nan")), None),
        (headers(float("-inf")), None),
        (headers(float("inf")), None),
        (headers(-1), None),
        (headers(10**400), None),
        (b"[" * 100_000, None),
        (b"{}", None),
        (b'"headers"', None),
        (b"\xff", None),
        (b"", None),
    ],
    ids=range(16),
)
def test_the_age_of_a_message_of_any_kind(message: bytes, seconds: float | None) -> None:
    assert age(message, NOW) == pytest.approx(seconds)


def test_an_age_that_nobody_told_is_left_out_and_not_zero(
    scraper: Scraper, client: redis.Redis
) -> None:
    """As that of a message of Celery's own `send_task` without our header."""
    message = json.loads(encode_message("e", "x"))
    del message["headers"]["enqueued_at"]
    client.lpush("journal.entries", json.dumps(message))
    gauges = scraper.gauges()
    assert gauges["journal_queue_ready"] == 1
    assert "journal_queue_oldest_seconds" not in gauges
    message["headers"]["enqueued_at"] = time.time() - 50
    client.lpush("journal.entries\x06\x163", json.dumps(message))
    assert scraper.gauges()["journal_queue_oldest_seconds"] == pytest.approx(50, abs=5)


def test_entries_of_every_priority_wait(scraper: Scraper, redis_url: str) -> None:
    app = celery.Celery(broker=redis_url)
    for priority in range(10):
        app.send_task("journal.classify", ["x"], queue="journal.entries", priority=priority)
    gauges = scraper.gauges()
    assert gauges["journal_queue_ready"] == 10
    app.close()


def test_garbage_on_the_queue_stops_no_scrape(scraper: Scraper, client: redis.Redis) -> None:
    client.lpush("journal.entries", b"[" * 100_000)
    assert scraper.gauges()["journal_queue_ready"] == 1


def test_what_redis_refuses_to_tell_is_left_out_and_not_zero(
    scraper: Scraper, client: redis.Redis
) -> None:
    for key in ("journal.entries", "journal.results", "journal.dead"):
        client.set(key, "text")
    for key in ("journal.entries.claims", "journal.entries.parked"):
        client.set(key, "text")
    gauges = scraper.gauges()
    assert gauges.pop("journal_redis_up") == 1
    assert {name for name in gauges if "journal_store_warning" not in name} == {
        "journal_redis_used_memory_bytes",
        "journal_redis_maxmemory_bytes",
    }


def test_what_a_user_may_not_see_is_left_out(
    redis_url: str, client: redis.Redis, redis_server: Server
) -> None:
    client.acl_setuser(
        "half",
        enabled=True,
        reset=True,
        passwords=["+x"],
        keys=["journal.entries*"],
        commands=["+ping", "+llen", "+client|setname"],
    )
    one = Scraper(redis_url.replace("redis://", "redis://half:x@"))
    try:
        assert one.known() == {
            "journal_redis_up": 1,
            "journal_queue_ready": 0,
            "journal_queue_parked": 0,
        }
    finally:
        one.close()
        client.acl_deluser("half")


def test_a_hung_redis_is_told_within_the_time_of_a_scrape(tmp_path: Path) -> None:
    with Server(directory=tmp_path) as server:
        scraper = Scraper(server.url)
        assert scraper.gauges()["journal_redis_up"] == 1
        os.kill(server.pid, signal.SIGSTOP)
        try:
            for _ in range(2):  # on the connection it has, and on a new one
                started = time.monotonic()
                assert scraper.gauges() == {"journal_redis_up": 0}
                assert time.monotonic() - started < 8
        finally:
            os.kill(server.pid, signal.SIGCONT)
        assert scraper.gauges()["journal_redis_up"] == 1
        scraper.close()


def test_redis_going_and_coming_back_is_told(tmp_path: Path) -> None:
    with Server(directory=tmp_path) as server:
        scraper = Scraper(server.url)
        assert scraper.page("readyz") == (200, "ok\n")
        server.stop()
        assert scraper.gauges() == {"journal_redis_up": 0}
        status, why = scraper.page("readyz")
        assert (status, why) == (503, "Redis does not answer (ConnectionError)\n")
        assert scraper.page("healthz") == (200, "ok\n")
        server.start()
        assert scraper.gauges()["journal_redis_up"] == 1
        scraper.close()


def test_a_port_in_use_stops_the_start(redis_url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = WorkerSettings.load(redis_url=redis_url, exporter_port=taken.getsockname()[1])
        with pytest.raises(StartupError, match="cannot listen"):
            Exporter(settings)
