"""The exporter's gauges where there are several shards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import redis
from prometheus_client import CollectorRegistry, generate_latest

from deploy.local.server import Server
from tests.worker.monitoring.test_exporter import Scraper
from worker.monitoring.metrics import Metrics
from worker.monitoring.shards import labelled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Server]:
    with Server(directory=tmp_path) as server:
        yield server


def test_every_gauge_tells_its_shard_and_one_that_is_down_hides_no_other(
    redis_url: str, second: Server
) -> None:
    with redis.Redis.from_url(redis_url) as one, redis.Redis.from_url(second.url) as two:
        one.rpush("journal.entries", "x")
        two.rpush("journal.entries", "x", "y")
        shards = f"a={redis_url} b={second.url}"
        scraper = Scraper(None, shards=shards)
        gauges = scraper.known()
        assert gauges['journal_queue_ready{shard="a"}'] == 1
        assert gauges['journal_queue_ready{shard="b"}'] == 2
        assert gauges['journal_lane_ready{lane="default",shard="b"}'] == 2
        assert all("shard=" in name for name in gauges)
        second.stop()
        gauges = scraper.known()
        assert gauges['journal_redis_up{shard="b"}'] == 0
        assert gauges['journal_queue_ready{shard="a"}'] == 1
        assert 'journal_queue_ready{shard="b"}' not in gauges
        assert scraper.page("readyz")[0] == 200
    scraper.close()


def test_one_redis_has_no_such_label(redis_url: str) -> None:
    scraper = Scraper(redis_url)
    assert not any("shard" in name for name in scraper.gauges())
    scraper.close()


def test_a_worker_of_one_shard_tells_which_in_all_its_metrics() -> None:
    metrics = Metrics(CollectorRegistry())
    metrics.children(2)
    metrics.redelivered(3)
    page = generate_latest(labelled(metrics.registry, "a")).decode()
    assert 'journal_worker_children{shard="a"} 2.0' in page
    assert 'journal_redeliveries_total{shard="a"} 3.0' in page
    assert 'journal_stage_seconds_bucket{le="0.001",shard="a",stage="queue"} 0.0' in page
    kinds = [line for line in page.splitlines() if line.startswith("# TYPE")]
    plain = generate_latest(labelled(metrics.registry, "")).decode()
    assert kinds == [line for line in plain.splitlines() if line.startswith("# TYPE")]
    assert "shard" not in plain
