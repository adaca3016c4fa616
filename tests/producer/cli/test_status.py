"""`journal status`: counts for scripts and for people, once or again and again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from producer.cli import status

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    import redis


def test_status_needs_no_keys(
    journal: Any, monkeypatch: pytest.MonkeyPatch, publish: Callable[..., None], raw: redis.Redis
) -> None:
    monkeypatch.delenv("JOURNAL_KEYS_FILE")
    publish("a", "b")
    raw.xgroup_create("journal.results", "backend", id="0")
    raw.lpush("journal.entries", "x")
    result = journal("status", "--json")
    assert json.loads(result.stdout) == {
        "ready": 1,
        "claimed": 0,
        "results": 2,
        "dead": 0,
        "groups": {"backend": 2},
        "parked": 0,
    }


def test_status_is_a_table_for_people(journal: Any, raw: redis.Redis) -> None:
    raw.lpush("journal.entries", *["x"] * 1200)
    raw.xgroup_create("journal.results", "backend", mkstream=True)
    output = journal("status").stdout
    rows = {line.split()[0]: line.split()[1] for line in output.splitlines() if line.strip()}
    assert rows["ready"] == "1,200"
    assert rows["backlog"] == "0"
    assert "by group backend" in output


def test_watching_shows_status_again_until_interrupted(
    journal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(status.time, "sleep", nap)
    result = journal("status", "--json", "--watch", "2")
    assert (result.exit_code, naps, result.stderr) == (130, [2.0] * 3, "")
    assert len(result.stdout.splitlines()) == 3
