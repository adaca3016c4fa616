from __future__ import annotations

import itertools
import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer import ConfigurationError, KeySet, Settings, Unavailable, load, load_reader
from producer.load import LoadRun, Schedule
from producer.load_ledger import Ledger, percentile
from producer.load_texts import random_texts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import redis

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


def test_the_schedule_is_fixed_ahead() -> None:
    started = time.monotonic() - 10  # we come ten seconds late
    schedule = Schedule(entries=150, duration=None, rate=100.0)
    chunks = list(schedule.due(started, threading.Event()))
    due = [moment for chunk in chunks for moment in chunk]
    assert due == pytest.approx([started + i / 100 for i in range(150)])
    assert [len(chunk) for chunk in chunks] == [128, 22]


def test_the_schedule_waits_for_each_moment() -> None:
    started = time.monotonic()
    schedule = Schedule(entries=None, duration=0.1, rate=100.0)
    assert schedule.total == 10
    for chunk in schedule.due(started, threading.Event()):
        assert all(moment <= time.monotonic() for moment in chunk)
    assert time.monotonic() - started >= 0.09


def test_as_fast_as_possible_ends_with_its_duration_or_number() -> None:
    started = time.monotonic()
    none = Schedule(entries=None, duration=0.05, rate=0)
    sent = sum(len(chunk) for chunk in none.due(started, threading.Event()))
    assert sent > 128
    both = Schedule(entries=200, duration=60, rate=0)
    assert [len(chunk) for chunk in both.due(started, threading.Event())] == [128, 72]
    assert Schedule(entries=5, duration=60, rate=1).total == 5


def test_a_schedule_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="a number of entries or a duration"):
        Schedule(entries=None, duration=None, rate=1)


def test_a_reader_that_lost_an_answer_finds_it_again_and_counts_it_once(
    settings: Settings, raw: redis.Redis, publish: Callable[..., None], wait_until: Any
) -> None:
    ledger = Ledger("r")
    ids = [ledger.plan(1.0, 1.0) for _ in range(3)]
    for entry_id in ids:
        ledger.acknowledge(entry_id)
    reader = load_reader.LoadReader(settings, ledger, group="g", give_up_after=5)
    publish(*ids)
    # Delivered to this reader, and the connection broke before it saw them.
    raw.xreadgroup("g", load_reader.CONSUMER, {STREAM: ">"}, count=2)
    reader.start()
    wait_until(lambda: ledger.answers == 3)
    wait_until(lambda: raw.xpending(STREAM, "g")["pending"] == 0)
    reader.stop()
    assert ledger.report(0.0).duplicated == 0
    assert reader.failure is None


def test_an_acknowledgement_that_failed_makes_no_duplicate(
    settings: Settings, raw: redis.Redis, publish: Callable[..., None], wait_until: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    ledger = Ledger("r")
    ids = [ledger.plan(1.0, 1.0) for _ in range(3)]
    reader = load_reader.LoadReader(settings, ledger, group="g", give_up_after=5)
    monkeypatch.setattr(load_reader, "_RETRY_SECONDS", 0.0)
    ask, failed = reader._ask, threading.Event()

    def fail_once(*command: Any) -> Any:
        if command[0] == "XACK" and not failed.is_set():
            failed.set()
            raise Unavailable
        return ask(*command)

    monkeypatch.setattr(reader, "_ask", fail_once)
    publish(*ids)
    reader.start()
    wait_until(lambda: failed.is_set() and raw.xpending(STREAM, "g")["pending"] == 0)
    reader.stop()
    assert (ledger.answers, ledger.report(0.0).duplicated, reader.failure) == (3, 0, None)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300), st.integers(1, 100))
def test_a_percentile_is_the_smallest_value_with_so_many_at_or_below(
    values: list[float], percent: int
) -> None:
    values.sort()
    found = percentile(values, percent)
    assert found is not None
    needed = percent * len(values)
    assert 100 * sum(value <= found for value in values) >= needed
    assert 100 * sum(value < found for value in values) < needed


def test_percentiles_of_known_lists() -> None:
    assert [percentile([15, 20, 35, 40, 50], p) for p in (5, 30, 40, 50, 100)] == [
        15,
        20,
        20,
        35,
        50,
    ]
    assert percentile(list(range(1, 21)), 95) == 19
    assert percentile([], 50) is None


def test_made_up_texts_are_repeatable_and_of_realistic_length() -> None:
    def some(seed: int) -> list[str]:
        return list(itertools.islice(random_texts(seed), 2000))

    texts = some(1)
    assert texts == some(1) != some(2)
    lengths = sorted(len(text.split()) for text in texts)
    assert lengths[0] >= 10
    assert lengths[-1] <= 150
    assert 40 <= lengths[1000] <= 55
    assert len(set(texts)) > 1950


def test_the_command_ends_with_one_json_line(journal: Any, worker: Any) -> None:
    with worker():
        result = journal("load", "--entries", "40", "--rate", "2000", "--timeout", "20")
    assert (result.exit_code, result.stderr) == (0, "")
    (line,) = result.stdout.splitlines()
    report = json.loads(line)
    assert {
        "entries",
        "seconds",
        "throughput",
        "p50",
        "p95",
        "p99",
        "lost",
        "duplicated",
        "dead",
        "mean",
        "max",
    } < set(report)
    assert (report["entries"], report["lost"], report["duplicated"], report["dead"]) == (
        40,
        0,
        0,
        0,
    )
    assert set(report["from_submit"]) == {"p50", "p95", "p99", "mean", "max"}


@pytest.mark.parametrize(("answers", "key"), [(0, "lost"), (2, "duplicated")])
def test_the_command_exits_1_if_an_entry_is_lost_or_answered_twice(
    journal: Any, worker: Any, answers: int, key: str
) -> None:
    with worker(answers=lambda number: answers if number == 3 else 1):
        result = journal("load", "--entries", "10", "--timeout", "0.5")
    assert result.exit_code == 1
    assert json.loads(result.stdout)[key] == 1


def test_the_command_sends_the_texts_of_a_file_in_a_circle(
    journal: Any, worker: Any, tmp_path: Path
) -> None:
    path = tmp_path / "texts.csv"
    path.write_text("id,body\n1,One.\n2,Two.\n")
    with worker() as seen:
        result = journal("load", "--entries", "3", "--file", str(path), "--text-column", "body")
    assert result.exit_code == 0
    assert [entry.text for entry in seen] == ["One.", "Two.", "One."]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "holds no text"),
        ('{"text": "CANARY"}\n{"text": 5}\n', ":2: text: "),
        ("CANARY\n", ":1: "),
    ],
)
def test_a_bad_file_is_told_before_anything_is_sent(
    journal: Any, raw: redis.Redis, tmp_path: Path, content: str, problem: str
) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text(content)
    result = journal("load", "--file", str(path))
    assert (result.exit_code, result.stdout) == (2, "")
    assert problem in result.stderr
    assert "CANARY" not in result.output
    assert raw.dbsize() == 0


def test_no_room_until_the_timeout_exits_3_and_removes_the_group(
    journal: Any, raw: redis.Redis, limited_queue: Callable[[int], None]
) -> None:
    limited_queue(1)
    result = journal("load", "--entries", "5", "--timeout", "0.3")
    assert result.exit_code == 3
    report = json.loads(result.stdout)
    assert (report["entries"], report["lost"], report["p50"]) == (1, 1, None)
    assert groups(raw) == []


def test_an_interrupt_removes_the_group(
    journal: Any, raw: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    from producer.cli import load as command

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command._Bar, "show", interrupt)
    result = journal("load", "--entries", "5")
    assert (result.exit_code, result.stdout) == (130, "")
    assert groups(raw) == []


def test_a_termination_removes_the_group(process: Any, raw: redis.Redis, wait_until: Any) -> None:
    with process("load", "--entries", "5") as running:
        wait_until(lambda: raw.exists(STREAM) and groups(raw))
        running.terminate()
        out, err = running.communicate(timeout=20)
    assert (running.returncode, out, err) == (143, "", "")
    assert groups(raw) == []
