"""The exporter keeps the results stream free of what nobody needs, whoever reads it."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

import pytest

from producer.connection import connect
from worker.monitoring import upkeep
from worker.monitoring.upkeep import Upkeep

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

    from producer import Settings

STREAM = "journal.results"


def fill(client: redis.Redis, count: int) -> list[Any]:
    """Results that a reader in another language has read by a plain XREADGROUP."""
    client.xgroup_create(STREAM, "other", "0", mkstream=True)
    ids = [client.xadd(STREAM, {"entry_id": "e", "sealed": "x"}) for _ in range(count)]
    client.xreadgroup("other", "c", {STREAM: ">"}, count=count)
    return ids


def test_a_plain_xack_frees_the_stream(
    settings: Settings, client: redis.Redis, wait_until: Callable[..., Any]
) -> None:
    ids = fill(client, 50)
    one = Upkeep(connect(settings.redis_url), settings, every=0.01)
    one.start()
    try:
        client.xack(STREAM, "other", *ids[1:])
        wait_until(lambda: client.xlen(STREAM) == 1, "the acknowledged results to be gone")
        client.xack(STREAM, "other", ids[0])
        wait_until(lambda: client.xlen(STREAM) == 0, "the last one to be gone")
    finally:
        one.stop()
    assert not one.is_alive()


def test_a_turn_is_bounded_and_the_next_goes_on(
    settings: Settings, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "TRIM_PAGES", 2)
    monkeypatch.setattr("producer.operations.trimming.TRIM_PAGE", 5)
    ids = fill(client, 25)
    client.xack(STREAM, "other", *ids[1:])
    one = Upkeep(connect(settings.redis_url), settings)
    left = []
    for _ in range(3):
        one.turn()
        left.append(client.xlen(STREAM))
    assert left == [16, 6, 1]


def test_several_exporters_do_each_other_no_harm(settings: Settings, client: redis.Redis) -> None:
    ids = fill(client, 2000)
    client.xack(STREAM, "other", *ids[1:])
    several = [Upkeep(connect(settings.redis_url), settings) for _ in range(4)]
    threads = [threading.Thread(target=one.turn) for one in several]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [stream_id for stream_id, _ in client.xrange(STREAM)] == ids[:1]


def test_what_redis_refuses_is_told_once_and_tried_again(
    settings: Settings, client: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    client.set(STREAM, "no stream")
    one = Upkeep(connect(settings.redis_url), settings)
    with caplog.at_level(logging.WARNING):
        one.turn()
        one.turn()
    assert len(caplog.records) == 1
    client.delete(STREAM)
    client.xack(STREAM, "other", *fill(client, 3))
    one.turn()
    assert client.xlen(STREAM) == 0
