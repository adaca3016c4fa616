from __future__ import annotations

import _thread
import itertools
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import redis

from producer import ConfigurationError, KeySet, Settings, Unavailable
from producer.load import reader as load_reader
from producer.load import run as load
from producer.load.ledger import Ledger
from producer.load.run import LoadRun
from producer.load.schedule import Schedule
from producer.load.texts import random_texts

if TYPE_CHECKING:
    from collections.abc import Callable

STREAM = "journal.results"


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "TICK_SECONDS", 0.01)
    monkeypatch.setattr(load_reader, "BLOCK_MS", 20)


@pytest.fixture
def run(settings: Settings, keys: KeySet) -> Callable[..., Any]:
    """A load run of so many entries."""

    def make(entries: int = 50, **kwargs: Any) -> Any:
        rate = kwargs.pop("rate", 0.0)
        schedule = Schedule(entries=entries, duration=None, rate=rate)
        options = {"timeout": 20.0, "quiet": 0.1, **kwargs}
        return LoadRun(settings, keys, random_texts(0), schedule, **options)

    return make


def groups(raw: redis.Redis) -> list[str]:
    return [info["name"] for info in raw.xinfo_groups(STREAM)]


def test_every_entry_is_counted_once_and_no_trace_is_left(
    run: Any, worker: Any, raw: redis.Redis
) -> None:
    with worker() as seen:
        report = run(300).run()
    assert (report.entries, report.lost, report.duplicated, report.dead) == (300, 0, 0, 0)
    assert report.failure is None
    assert len({entry.text for entry in seen}) > 200
    assert report.throughput == pytest.approx(300 / report.seconds)
    assert 0 < report.latency.p50 <= report.latency.p95 <= report.latency.p99 <= report.latency.max
    assert groups(raw) == []
    assert raw.xlen(STREAM) == 0


def test_a_lost_entry_is_counted(run: Any, worker: Any) -> None:
    with worker(answers=lambda number: 0 if number in {3, 7} else 1):
        report = run(timeout=0.5).run()
    assert (report.entries, report.lost, report.duplicated) == (50, 2, 0)


def test_a_second_answer_is_counted_also_when_it_comes_last(run: Any, worker: Any) -> None:
    with worker(answers=lambda number: {5: 2, 49: 3}.get(number, 1)):
        report = run().run()
    assert (report.entries, report.lost, report.duplicated) == (50, 0, 2)


def test_a_dead_letter_is_counted_as_such_and_not_as_lost(
    run: Any, worker: Any, raw: redis.Redis
) -> None:
    raw.xadd("journal.dead", {"entry_id": "load-before-1"})
    with worker(dead=lambda number: number % 10 == 0):
        report = run().run()
    assert (report.dead, report.lost, report.entries) == (5, 0, 50)


def test_only_results_of_this_run_count_and_others_stay(
    run: Any, worker: Any, raw: redis.Redis, publish: Callable[..., None]
) -> None:
    publish("before")
    this = run()
    prefix = this.ledger._prefix
    ticks = itertools.count()

    def others(_: Any) -> None:
        if next(ticks) == 0:
            publish("load-0000-1", "other", f"{prefix}x", f"{prefix}999999", f"{prefix}-1")

    with worker():
        report = this.run(others)
    assert (report.lost, report.duplicated) == (0, 0)
    assert report.latency.max is not None
    left = [fields["entry_id"] for _, fields in raw.xrange(STREAM)]
    assert left[:2] == ["before", "load-0000-1"]
    assert len(left) == 6


def test_a_backends_group_keeps_its_results(
    run: Any, worker: Any, raw: redis.Redis, publish: Callable[..., None]
) -> None:
    raw.xgroup_create(STREAM, "backend", mkstream=True)
    publish("theirs")
    with worker():
        assert run(5).run().lost == 0
    assert groups(raw) == ["backend"]
    ((_, items),) = raw.xreadgroup("backend", "c", {STREAM: ">"})
    assert [fields["entry_id"] for _, fields in items] == ["theirs"]


def test_a_group_that_exists_is_refused_and_kept(run: Any, raw: redis.Redis) -> None:
    raw.xgroup_create(STREAM, "backend", mkstream=True)
    with pytest.raises(ConfigurationError, match="group backend exists"):
        run(group="backend").run()
    assert groups(raw) == ["backend"]
    assert raw.llen("journal.entries") == 0


def test_an_interrupt_while_the_group_is_made_removes_it(
    run: Any, raw: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = load_reader.LoadReader._create_group

    def interrupted(reader: load_reader.LoadReader) -> None:
        create(reader)
        _thread.interrupt_main()

    monkeypatch.setattr(load_reader.LoadReader, "_create_group", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run().run()
    assert groups(raw) == []


def test_latency_counts_from_when_an_entry_was_due(
    redis_url: str, keys: KeySet, worker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full queue that holds up the sender must show in the figures."""
    monkeypatch.setattr(load, "LONGEST_WAIT_SECONDS", 0.01)
    schedule = Schedule(entries=20, duration=None, rate=200.0)
    settings = Settings.load(redis_url=redis_url, max_queue_entries=1)
    run = LoadRun(settings, keys, random_texts(0), schedule, timeout=20, quiet=0.1)
    room, began = threading.Event(), time.monotonic()

    def make_room(_: Any) -> None:
        if time.monotonic() - began > 0.3:
            room.set()

    with worker(begin=room):
        report = run.run(make_room)
    assert (report.entries, report.lost) == (20, 0)
    # Due within the first tenth of a second, answered only when there was room.
    assert report.latency.p50 > 0.2
    assert report.latency.p50 > report.from_submit.p50


def test_a_reader_that_lost_an_answer_finds_it_again_and_counts_it_once(
    settings: Settings, raw: redis.Redis, publish: Callable[..., None], wait_until: Any
) -> None:
    ledger = Ledger("r")
    ids = [ledger.plan(1.0, 1.0) for _ in range(3)]
    for entry_id in ids:
        ledger.acknowledge(entry_id)
    reader = load_reader.LoadReader(settings, ledger, group="g", give_up_after=5)
    reader.open()
    publish(*ids)
    # Delivered to this reader, and the connection broke before it saw them.
    raw.xreadgroup("g", load_reader.CONSUMER, {STREAM: ">"}, count=2)
    reader.start()
    wait_until(lambda: ledger.answers == 3)
    wait_until(lambda: raw.xpending(STREAM, "g")["pending"] == 0)
    reader.stop()
    assert ledger.report(0.0).duplicated == 0
    assert reader.failure is None


@pytest.mark.parametrize("interrupted", ["XDEL", "XACK"])
def test_an_interruption_after_reading_makes_no_duplicate(
    interrupted: str,
    settings: Settings,
    publish: Callable[..., None],
    wait_until: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raw = redis.Redis.from_url(settings.redis_url.get_secret_value())
    ledger = Ledger("r")
    ids = [ledger.plan(1.0, 1.0) for _ in range(3)]
    reader = load_reader.LoadReader(settings, ledger, group="g", give_up_after=5)
    reader.open()
    monkeypatch.setattr(load_reader, "_RETRY_SECONDS", 0.0)
    ask, failed = reader._ask, threading.Event()

    def fail_once(*command: Any) -> Any:
        if command[0] == interrupted and not failed.is_set():
            failed.set()
            raise Unavailable
        return ask(*command)

    monkeypatch.setattr(reader, "_ask", fail_once)
    publish(*ids)
    reader.start()
    wait_until(lambda: failed.is_set() and raw.xpending(STREAM, "g")["pending"] == 0)
    reader.stop()
    assert (ledger.answers, ledger.report(0.0).duplicated, reader.failure) == (3, 0, None)
    assert raw.xlen(STREAM) == 0
    raw.close()
