"""The commands of `journal` over three shards."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from producer import JournalClient, JournalEntry
from producer.cli import main
from producer.jwe_form import encode_key_id
from producer.message import encode_message
from producer.sealing import ENTRY
from tests.producer.answering import DEAD
from tests.producer.support import publish_result

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import redis

    from deploy.local.server import Server
    from producer import KeySet, Settings

    Raws = dict[str, redis.Redis]

IDS = [f"entry-{number}" for number in range(30)]


@pytest.fixture
def run(
    shard_settings: Callable[..., Settings], keys_file: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """Run `journal` with these arguments over all shards."""
    monkeypatch.setenv("JOURNAL_SHARDS", shard_settings().shards.get_secret_value())
    monkeypatch.setenv("JOURNAL_KEYS_FILE", str(keys_file))
    monkeypatch.setenv("JOURNAL_TIMEOUT_SECONDS", "20")
    return lambda *arguments: CliRunner().invoke(main, arguments, prog_name="journal")


def rows(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_entries_are_submitted_counted_and_cancelled_on_their_shards(
    run: Callable[..., Any], raws: Raws
) -> None:
    told = rows(run("submit", *(f"Soup {number}." for number in range(30))).stdout)
    assert sum(raw.llen("journal.entries") for raw in raws.values()) == 30
    status = json.loads(run("status", "--json").stdout)
    assert status["ready"] == 30
    assert {name: one["ready"] for name, one in status["shards"].items()} == {
        name: raw.llen("journal.entries") for name, raw in raws.items()
    }
    assert "shard" in run("status").stdout
    cancelled = rows(run("cancel", *(row["entry_id"] for row in told)).stdout)
    assert all(row["cancelled"] for row in cancelled)
    assert sum(raw.llen("journal.entries") for raw in raws.values()) == 0


def test_a_shard_that_is_down_is_named_and_the_others_are_read(
    *,
    run: Callable[..., Any],
    servers: dict[str, Server],
    raws: Raws,
    keys: KeySet,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish_result(raws["a"], keys, "of-a")
    monkeypatch.setenv("JOURNAL_TIMEOUT_SECONDS", "2")
    servers["b"].stop()
    try:
        for command in (("status",), ("groups", "list"), ("dead", "list")):
            told = run(*command)
            assert (told.exit_code, "shard b: Redis cannot be reached" in told.stderr) == (4, True)
        shown = run("status").stdout
        rows_of = {line.split()[0]: line.split()[1:] for line in shown.splitlines() if line.split()}
        assert rows_of["b"] == ["-"] * 5
        assert rows_of["a"] == ["0", "0", "0", "1", "0"]
        assert run("status", "--json").stdout == "", "its counts would be too low"
        read = run("results", "--count", "1", "--json")
        assert rows(read.stdout)[0]["entry_id"] == "of-a"
        assert "shard b: " in read.stderr
    finally:
        servers["b"].start()


def test_groups_and_dead_letters_of_the_shards_behind_one_that_is_down_are_shown(
    *,
    run: Callable[..., Any],
    servers: dict[str, Server],
    raws: Raws,
    keys: KeySet,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish_result(raws["c"], keys, "of-c")
    raws["c"].xgroup_create("journal.results", "old", id="0")
    raws["c"].xadd("journal.dead", {"entry_id": "dead-c", "letter": "{}"})
    monkeypatch.setenv("JOURNAL_TIMEOUT_SECONDS", "2")
    servers["b"].stop()
    try:
        (group,) = rows(run("groups", "list", "--json").stdout)
        assert (group["shard"], group["name"]) == ("c", "old")
        (letter,) = rows(run("dead", "list", "--json").stdout)
        assert (letter["stream_id"][:2], letter["entry_id"]) == ("c:", "dead-c")
    finally:
        servers["b"].start()


def test_old_groups_expire_on_all_shards(
    run: Callable[..., Any], raws: Raws, keys: KeySet, wait_until: Callable[..., Any]
) -> None:
    for raw in raws.values():
        publish_result(raw, keys, "one")
        publish_result(raw, keys, "two")
        raw.xgroup_create("journal.results", "old", id="0")
        raw.xreadgroup("old", "c", {"journal.results": ">"}, count=1)
    wait_until(lambda: raws["c"].xinfo_consumers("journal.results", "old")[0]["idle"] > 200)
    told = run("groups", "expire", "--idle-days", str(0.1 / 86_400), "--yes")
    assert (told.exit_code, told.stdout) == (0, "old\n" * 3)
    assert not any(raw.xinfo_groups("journal.results") for raw in raws.values())


def test_what_waits_for_a_lost_key_is_given_up_on_all_shards(
    run: Callable[..., Any], raws: Raws, keys: KeySet
) -> None:
    for name, raw in raws.items():
        sealed = keys.seal(b"{}", kind=ENTRY, entry_id=f"of-{name}")
        message = encode_message(f"of-{name}", sealed).decode()
        raw.rpush("journal.entries.parked", f"{encode_key_id('lost')} {message}")
    told = run("dead", "abandon", "lost", "--yes")
    assert json.loads(told.stdout) == {"abandoned": 3}
    found = rows(run("dead", "list", "--reason", "unknown_key", "--json").stdout)
    assert [row["entry_id"] for row in found] == ["of-a", "of-b", "of-c"]
    shown = run("dead", "show", "of-b")
    assert json.loads(shown.stdout)["stream_id"].startswith("b:")


def test_groups_are_listed_and_removed_on_all_shards(
    run: Callable[..., Any], raws: Raws, keys: KeySet
) -> None:
    for name in "ab":
        publish_result(raws[name], keys, f"of-{name}")
        raws[name].xgroup_create("journal.results", "old", id="0")
    found = rows(run("groups", "list", "--json").stdout)
    assert [(row["shard"], row["name"], row["unread"]) for row in found] == [
        ("a", "old", 1),
        ("b", "old", 1),
    ]
    assert "2 results" in run("groups", "remove", "old", "--yes").stderr
    assert not any(raws[name].xinfo_groups("journal.results") for name in "ab")
    assert run("groups", "remove", "old", "--yes").exit_code == 2


def test_dead_letters_are_listed_replayed_and_dropped_on_their_shards(
    run: Callable[..., Any],
    shard_settings: Callable[..., Settings],
    keys: KeySet,
    workers: Any,
    wait_until: Callable[[Callable[[], Any]], Any],
) -> None:
    settings = shard_settings()
    assert settings.shard_set is not None
    doomed = [JournalEntry(entry_id=entry_id, text=DEAD) for entry_id in IDS]
    with JournalClient(settings, keys) as client, workers(settings):
        client.submit_many(doomed)
        wait_until(lambda: client.status().dead == 30)
    listed = rows(run("dead", "list", "--json").stdout)
    assert {row["entry_id"]: row["stream_id"][0] for row in listed} == {
        entry_id: settings.shard_set.owners(entry_id)[0] for entry_id in IDS
    }
    chosen = [next(row for row in listed if row["stream_id"][0] == name) for name in "abc"]
    dropped = run("dead", "drop", "--yes", *(row["stream_id"] for row in chosen))
    assert json.loads(dropped.stdout) == {"dropped": 3}
    assert json.loads(run("dead", "replay", "--all").stdout) == {"replayed": 27}
    with JournalClient(settings, keys) as client:
        assert client.status().ready == 27


def test_the_doctor_looks_at_every_shard(run: Callable[..., Any], servers: Any) -> None:
    report = json.loads(run("doctor", "--json").stdout)
    texts = [check["text"] for check in report["checks"]]
    assert {text[:8] for text in texts} == {"Shard a:", "Shard b:", "Shard c:"}


def test_one_shard_is_looked_at_alone(
    run: Callable[..., Any], raws: Raws, monkeypatch: pytest.MonkeyPatch
) -> None:
    raws["b"].rpush("journal.entries", "x")
    monkeypatch.setenv("JOURNAL_SHARD", "b")
    status = json.loads(run("status", "--json").stdout)
    assert (status["ready"], "shards" in status) == (1, False)
