from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from producer.load import reader as load_reader
from producer.load import run as load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import redis

STREAM = "journal.results"


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "TICK_SECONDS", 0.01)
    monkeypatch.setattr(load_reader, "BLOCK_MS", 20)


def groups(raw: redis.Redis) -> list[str]:
    return [info["name"] for info in raw.xinfo_groups(STREAM)]


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
    from producer.cli import progress

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(progress.LoadProgress, "show", interrupt)
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


def test_entries_go_into_the_lane_that_is_named(
    journal: Any, raw: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOURNAL_LANES", "interactive=8,bulk=1")
    journal("load", "--lane", "bulk", "--entries", "7", "--timeout", "0.2")
    # The first of them was lent to the queue, to wake a worker.
    assert raw.llen("journal.entries.lane:bulk") + raw.llen("journal.entries") == 7
    assert raw.llen("journal.entries.lane:bulk") == 6
    refused = journal("load", "--lane", "nightly", "--entries", "7")
    assert (refused.exit_code, "JOURNAL_LANES names interactive, bulk" in refused.stderr) == (
        2,
        True,
    )
