"""`journal submit`: its arguments, a full queue, a full Redis."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from producer.cli import submitter
from tests.producer.support import QUEUE, jsonl, queued_ids, summary

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

CANARY = "the heron by the mill is only mine to tell"
Journal = Any


def test_each_argument_is_an_entry(journal: Journal, raw: redis.Redis) -> None:
    result = journal("submit", "Soup again.", "Rain again.")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["status"] for line in lines] == ["queued", "queued"]
    assert queued_ids(raw) == [line["entry_id"] for line in lines]


def test_an_argument_may_have_an_id_and_come_twice(journal: Journal, raw: redis.Redis) -> None:
    for status in ("queued", "duplicate"):
        result = journal("submit", "Soup again.", "--entry-id", "e1", "--context", "shelf 3")
        assert json.loads(result.stdout) == {"entry_id": "e1", "status": status}
    assert queued_ids(raw) == ["e1"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["text", "--file", "-"],
        ["one", "two", "--entry-id", "e1"],
        ["--file", "-", "--entry-id", "e1"],
        ["--file", "no.jsonl"],
    ],
)
def test_arguments_that_do_not_go_together_are_a_usage_error(
    journal: Journal, arguments: list[str]
) -> None:
    assert journal("submit", *arguments).exit_code == 2


def test_one_bad_argument_enqueues_none(journal: Journal, raw: redis.Redis) -> None:
    result = journal("submit", CANARY, " ")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "journal: text: Value error, text is blank\n"
    assert raw.llen(QUEUE) == 0


def test_entries_go_into_the_lane_that_is_named(
    journal: Journal, raw: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOURNAL_LANES", "interactive=8,bulk=1")
    journal("submit", "Soup again.", "--entry-id", "e1")
    journal("submit", "Soup again.", "--entry-id", "e2", "--lane", "bulk")
    journal("submit", "--file", "-", "--lane", "bulk", stdin=jsonl({"id": "e3", "text": "Rain"}))
    assert (raw.llen(QUEUE), raw.llen(f"{QUEUE}.lane:bulk")) == (1, 2)
    refused = journal("submit", "Soup again.", "--lane", CANARY)
    assert (refused.exit_code, refused.stdout) == (2, "")
    told = "journal: there is no such lane; JOURNAL_LANES names interactive, bulk\n"
    assert refused.stderr == told


def test_a_full_queue_exits_3_when_not_to_wait(
    journal: Journal, raw: redis.Redis, limited_queue: Callable[[int], None]
) -> None:
    limited_queue(2)
    source = jsonl(*({"id": name, "text": "x"} for name in "abc"))
    result = journal("submit", "--file", "-", "--no-wait", stdin=source)
    assert result.exit_code == 3
    assert result.stderr.startswith("journal: the queue holds 2 entries; 2 enqueued before")
    assert summary(result) == {"queued": 2, "duplicates": 0, "invalid": 0}
    assert journal("submit", "one more", "--no-wait").exit_code == 3


def test_a_full_queue_is_waited_out(
    journal: Journal,
    limited_queue: Callable[[int], None],
    raw: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limited_queue(3)
    raw.lpush(QUEUE, *["full"] * 3)
    naps = 0

    def nap(_: float) -> None:
        nonlocal naps
        naps += 1
        raw.delete(QUEUE) if naps == 1 else raw.rpop(QUEUE)

    monkeypatch.setattr(submitter.time, "sleep", nap)
    source = jsonl(*({"id": name, "text": "x"} for name in "abcbde"))
    result = journal("submit", "--file", "-", stdin=source)
    assert result.exit_code == 0
    assert summary(result) == {"queued": 5, "duplicates": 1, "invalid": 0}
    assert result.stderr == "journal: queue full, waiting\n"
    assert naps == 3


def test_redis_out_of_memory_exits_3(journal: Journal, full_store: Callable[[], None]) -> None:
    full_store()
    result = journal("submit", "Soup again.")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "out of memory" in result.stderr
