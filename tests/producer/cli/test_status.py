"""`journal status`: counts for scripts and for people, once or again and again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from producer.cli import status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import redis


@pytest.fixture
def restored(raw: redis.Redis) -> Iterator[Callable[..., None]]:
    """Sets these settings of the server back when the test ends."""
    before: dict[str, str] = {}
    yield lambda *names: before.update({name: raw.config_get(name)[name] for name in names})
    for name, value in before.items():
        raw.config_set(name, value)


def test_status_needs_no_keys(
    journal: Any, monkeypatch: pytest.MonkeyPatch, publish: Callable[..., None], raw: redis.Redis
) -> None:
    monkeypatch.delenv("JOURNAL_KEYS_FILE")
    publish("a", "b")
    raw.xgroup_create("journal.results", "backend", id="0")
    raw.lpush("journal.entries", "x")
    result = journal("status", "--json")
    told = json.loads(result.stdout)
    assert [warning["check"] for warning in told.pop("warnings")] == ["aof", "memory_limit"]
    assert told == {
        "ready": 1,
        "claimed": 0,
        "results": 2,
        "dead": 0,
        "groups": {"backend": 2},
        "parked": 0,
        "lanes": {"default": 1},
    }


def test_status_is_a_table_for_people(journal: Any, raw: redis.Redis) -> None:
    raw.lpush("journal.entries", *["x"] * 1200)
    raw.xgroup_create("journal.results", "backend", mkstream=True)
    output = journal("status").stdout
    rows = {line.split()[0]: line.split()[1] for line in output.splitlines() if line.strip()}
    assert rows["ready"] == "1,200"
    assert rows["backlog"] == "0"
    assert "by group backend" in output


def test_status_tells_people_what_waits_in_each_lane(
    journal: Any, raw: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOURNAL_LANES", "interactive=8,bulk=1")
    raw.lpush("journal.entries", *["x"] * 3)
    raw.lpush("journal.entries.lane:bulk", *["x"] * 1200)
    told = " ".join(journal("status").stdout.split())
    assert "ready 1,203" in told
    assert "lane 3 of those that are ready, in the lane interactive" in told
    assert "lane 1,200 of those that are ready, in the lane bulk" in told


def test_status_tells_what_of_the_server_needs_mending(
    journal: Any, raw: redis.Redis, restored: Callable[..., None]
) -> None:
    restored("maxmemory", "maxmemory-policy", "appendonly")
    raw.config_set("maxmemory", "100mb")
    raw.config_set("maxmemory-policy", "allkeys-lru")
    output = " ".join(journal("status").stdout.split())
    assert "the server deletes entries, results or claims." in output
    assert "Set `maxmemory-policy noeviction`." in output
    raw.config_set("maxmemory-policy", "noeviction")
    raw.config_set("appendonly", "yes")
    assert "needs mending" not in journal("status").stdout


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
