"""A load run over three shards."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from producer import ConfigurationError, Settings, Unavailable
from producer.load import reader as load_reader
from producer.load import run as load
from producer.load.run import LoadRun
from producer.load.schedule import Schedule
from producer.load.texts import random_texts

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

    from deploy.local.server import Server
    from producer import KeySet

    Raws = dict[str, redis.Redis]


@pytest.fixture
def run(
    shard_settings: Callable[..., Settings], keys: KeySet, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., LoadRun]:
    """A load run of so many entries over all shards."""
    monkeypatch.setattr(load, "TICK_SECONDS", 0.01)
    monkeypatch.setattr(load_reader, "BLOCK_MS", 20)

    def make(entries: int = 60, **options: Any) -> LoadRun:
        schedule = Schedule(entries=entries, duration=None, rate=0.0)
        how = {"timeout": 20.0, "quiet": 0.1, **options}
        return LoadRun(shard_settings(), keys, random_texts(0), schedule, **how)

    return make


def groups(raw: redis.Redis) -> list[str]:
    found = raw.xinfo_groups("journal.results") if raw.exists("journal.results") else []
    return [info["name"] for info in found]


def test_entries_of_all_shards_are_counted_once_and_no_trace_is_left(
    run: Callable[..., LoadRun],
    shard_settings: Callable[..., Settings],
    raws: Raws,
    workers: Any,
) -> None:
    with workers(shard_settings()):
        report = run(600).run()
    assert (report.entries, report.lost, report.duplicated, report.dead) == (600, 0, 0, 0)
    assert report.failure is None
    for raw in raws.values():
        assert raw.xinfo_stream("journal.results")["entries-added"] > 100
        assert (groups(raw), raw.xlen("journal.results")) == ([], 0)


def test_a_shard_that_is_down_at_the_start_is_named_and_no_group_stays_on_the_others(
    run: Callable[..., LoadRun], servers: dict[str, Server], raws: Raws
) -> None:
    servers["b"].stop()
    try:
        with pytest.raises(Unavailable, match="shard b: Redis cannot be reached"):
            run().run()
        assert [groups(raws[name]) for name in "ac"] == [[], []]
    finally:
        servers["b"].start()


def test_a_group_that_one_shard_has_is_refused_and_kept(
    run: Callable[..., LoadRun], raws: Raws
) -> None:
    raws["c"].xgroup_create("journal.results", "mine", mkstream=True)
    with pytest.raises(ConfigurationError, match="shard c: consumer group mine exists"):
        run(group="mine").run()
    assert [groups(raws[name]) for name in "abc"] == [[], [], ["mine"]]


def test_what_a_shard_does_not_answer_is_lost_and_ends_the_run_in_time(
    run: Callable[..., LoadRun], shard_settings: Callable[..., Settings], workers: Any
) -> None:
    settings = shard_settings()
    assert settings.shard_set is not None
    some = settings.shard_set._replace(all=settings.shard_set.all[:2])
    told = " ".join(f"{one.name}={one.url.get_secret_value()}" for one in some.all)
    began = time.monotonic()
    with workers(Settings.load(shards=told, keys_file=settings.keys_file)):
        report = run(timeout=0.5).run()
    assert 0 < report.lost < 60
    assert report.failure is None
    assert time.monotonic() - began < 10
