from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

from producer import JournalResult
from producer.operations import results

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

STREAM = "journal.results"


def ids(result: Any) -> list[str]:
    return [json.loads(line)["entry_id"] for line in result.stdout.splitlines()]


def test_results_are_json_lines_acknowledged_once_written(
    journal: Any, publish: Callable[..., None], raw: redis.Redis
) -> None:
    label = {"label": "Mind Reading", "score": 0.75, "evidence": [{"start": 0, "end": 4}]}
    publish("a", labels=[label], redactions={"PERSON": 2}, context="shelf 3")
    publish("b")
    result = journal("results", "--no-follow")
    assert (result.exit_code, result.stderr, ids(result)) == (0, "", ["a", "b"])
    parsed = JournalResult.model_validate_json(result.stdout.splitlines()[0])
    assert (parsed.labels[0].label, parsed.context) == ("Mind Reading", "shelf 3")
    assert raw.xlen(STREAM) == 0
    assert ids(journal("results", "--no-follow")) == []


def test_count_stops_and_leaves_the_rest_unread(
    journal: Any, publish: Callable[..., None], raw: redis.Redis
) -> None:
    publish("a", "b", "c")
    assert ids(journal("results", "--count", "2")) == ["a", "b"]
    assert raw.xpending(STREAM, "backend")["pending"] == 0
    assert ids(journal("results", "--count", "1", "--consumer", "other")) == ["c"]


def test_timeout_stops_without_results(journal: Any) -> None:
    result = journal("results", "--timeout", "0.1")
    assert (result.exit_code, result.stdout) == (0, "")


def test_groups_are_independent(journal: Any, publish: Callable[..., None]) -> None:
    assert ids(journal("results", "--no-follow", "--group", "two")) == []
    publish("a")
    assert ids(journal("results", "--no-follow", "--group", "one")) == ["a"]
    assert ids(journal("results", "--no-follow", "--group", "two")) == ["a"]


def test_what_another_reader_left_is_read(
    journal: Any, publish: Callable[..., None], raw: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish("a")
    raw.xgroup_create(STREAM, "backend", id="0")
    raw.xreadgroup("backend", "dead", {STREAM: ">"})
    monkeypatch.setattr(results, "RECLAIM_AFTER_MS", 0)
    assert ids(journal("results", "--no-follow")) == ["a"]


def test_the_table_shows_labels_scores_redactions_and_latency(
    journal: Any, publish: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    labels = [
        {"label": "Mind Reading", "score": 0.75},
        {"label": "[red]Labelling[/red]", "score": 0.5},
    ]
    publish("a", labels=labels, redactions={"PERSON": 2, "LOCATION": 1})
    publish("b")
    output = journal("results", "--no-follow", "--table").stdout
    heading, first, second = [line for line in output.splitlines() if line.strip()]
    assert heading.split() == ["entry", "labels", "redacted", "answered", "after"]
    for part in (
        "a",
        "Mind Reading 0.75, [red]Labelling[/red] 0.50",
        "LOCATION 1, PERSON 2",
        "0 ms",
    ):
        assert part in first
    assert second.split() == ["b", "none", "-", "0", "ms"]


def test_results_come_as_they_are_published_and_an_interrupt_is_quiet(
    process: Any, publish: Callable[..., None], raw: redis.Redis, wait_until: Any
) -> None:
    with process("results") as reader:
        wait_until(lambda: raw.exists(STREAM) and raw.xinfo_groups(STREAM))
        for name in ("a", "b"):
            publish(name)
            assert json.loads(reader.stdout.readline())["entry_id"] == name
        wait_until(lambda: raw.xlen(STREAM) == 0)
        reader.send_signal(signal.SIGINT)
        out, err = reader.communicate(timeout=20)
    assert (reader.returncode, out, err) == (130, "", "")


def test_a_broken_pipe_is_quiet_and_the_unwritten_result_stays(
    process: Any, publish: Callable[..., None], raw: redis.Redis, wait_until: Any
) -> None:
    with process("results") as reader:
        wait_until(lambda: raw.exists(STREAM) and raw.xinfo_groups(STREAM))
        publish("a")
        assert json.loads(reader.stdout.readline())["entry_id"] == "a"
        reader.stdout.close()
        publish("b")
        reader.wait(timeout=20)
        assert reader.returncode == 141
        assert reader.stderr.read() == ""
    assert [fields["entry_id"] for _, fields in raw.xrange(STREAM)] == ["b"]
    assert raw.xpending(STREAM, "backend")["pending"] == 1


def test_a_process_keeps_results_and_problems_apart(process: Any, tmp_path: Any) -> None:
    path = tmp_path / "e.csv"
    path.write_text("text,id\nSoup again.,a\n,b\nRain again.,c\n")
    with process("submit", "--file", str(path), "--skip-invalid") as done:
        out, err = done.communicate(timeout=20)
    assert (done.returncode, json.loads(out)) == (0, {"queued": 2, "duplicates": 0, "invalid": 1})
    assert err == f"journal: {path}:3: no 'text'; skipped\n"


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (["status", "--redis-url", "redis://:secret@127.0.0.1:1"], 4, "Redis cannot be reached"),
        (["status", "--redis-url", "secret"], 2, "JOURNAL_REDIS_URL is not"),
        (["submit", "x", "--keys-file", "nowhere.json"], 2, "nowhere.json: No such file"),
        (["submit", " "], 2, "text is blank"),
    ],
)
def test_an_error_is_one_line_and_its_exit_code(
    process: Any, arguments: list[str], code: int, problem: str
) -> None:
    with process(*arguments) as done:
        out, err = done.communicate(timeout=30)
    assert (done.returncode, out) == (code, "")
    (line,) = err.splitlines()
    assert line.startswith("journal: ")
    assert problem in line
    assert "secret" not in line
