"""The exporter's gauges of lanes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from producer.message import encode_message
from tests.worker.monitoring.test_exporter import Scraper

if TYPE_CHECKING:
    import redis


def test_lanes_have_gauges_of_their_own(redis_url: str, client: redis.Redis) -> None:
    lanes = "interactive=8,bulk=1"
    scraper = Scraper(redis_url, lanes=lanes, max_queue_entries="20")
    try:
        client.lpush("journal.entries", encode_message("lent", "x", lane="bulk"))
        old = aged(encode_message("old", "x", lane="bulk"), 50)
        client.lpush("journal.entries.lane:bulk", old, encode_message("new", "x", lane="bulk"))
        client.lpush("journal.entries.parked", "a2V5 parked")
        client.lpush("journal.entries.lane:bulk.parked", "a2V5 parked")
        gauges = scraper.gauges()
    finally:
        scraper.close()
    assert (gauges["journal_queue_ready"], gauges["journal_queue_parked"]) == (3, 2)
    assert gauges['journal_lane_ready{lane="interactive"}'] == 0
    assert gauges['journal_lane_oldest_seconds{lane="interactive"}'] == 0
    assert gauges['journal_lane_ready{lane="bulk"}'] == 3
    assert 50 <= gauges['journal_lane_oldest_seconds{lane="bulk"}'] < 80
    # Each lane may hold ten, and what is parked counts.
    assert gauges['journal_lane_fill_ratio{lane="interactive"}'] == 0.1
    assert gauges['journal_lane_fill_ratio{lane="bulk"}'] == 0.4
    assert gauges["journal_queue_oldest_seconds"] == pytest.approx(50, abs=30)


def test_what_waits_in_lists_for_tenants_counts_for_their_lane(
    redis_url: str, client: redis.Redis
) -> None:
    scraper = Scraper(redis_url, lanes="interactive=8,bulk=1", tenant_buckets="4")
    try:
        client.lpush("journal.entries.lane:.tenants:2/4", encode_message("a", "x"))
        old = aged(encode_message("b", "x", lane="bulk"), 50)
        client.lpush("journal.entries.lane:bulk.tenants:0/4", old)
        gauges = scraper.gauges()
    finally:
        scraper.close()
    assert gauges["journal_queue_ready"] == 2
    assert gauges['journal_lane_ready{lane="interactive"}'] == 1
    assert gauges['journal_lane_ready{lane="bulk"}'] == 1
    assert 50 <= gauges['journal_lane_oldest_seconds{lane="bulk"}'] < 80


def aged(message: bytes, seconds: float) -> bytes:
    """A message that was enqueued so long ago."""
    payload = json.loads(message)
    payload["headers"]["enqueued_at"] -= seconds
    return json.dumps(payload).encode()
