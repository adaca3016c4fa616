"""Dead letters are listed without their text, and replayed or dropped exactly once."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from producer import (
    DeadLetter,
    DeadReason,
    JournalClient,
    JournalEntry,
    JournalResult,
    KeySet,
    SealError,
    Settings,
)
from producer.cli import main
from producer.dead_letters import PAGE, DeadLetters, open_dead_letter
from producer.sealing import ENTRY, RESULT, new_key

if TYPE_CHECKING:
    from pathlib import Path

    import redis

SECRET = "Nobody must read this sentence about the lighthouse."


def put(raw: redis.Redis, keys: KeySet, entry_id: str, reason: str = "worker_lost") -> None:
    entry = JournalEntry(entry_id=entry_id, text=SECRET)
    letter = DeadLetter(
        entry_id=entry_id,
        reason=DeadReason(reason),
        deliveries=3,
        sealed=keys.seal(entry.encode(), kind=ENTRY, entry_id=entry_id),
    )
    raw.xadd("journal.dead", {"entry_id": entry_id, "letter": letter.encode()})


@pytest.fixture
def environment(settings: Settings, keys_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNAL_REDIS_URL", settings.redis_url.get_secret_value())
    monkeypatch.setenv("JOURNAL_KEYS_FILE", str(keys_file))


def test_dead_letters_are_listed_over_pages_oldest_first(
    settings: Settings, raw: redis.Redis, keys: KeySet
) -> None:
    for i in range(PAGE + 5):
        put(raw, keys, f"e{i}")
    found = [stored.entry_id for stored in DeadLetters(settings)]
    assert found == [f"e{i}" for i in range(PAGE + 5)]


def test_dead_letters_added_meanwhile_are_not_listed(
    settings: Settings, raw: redis.Redis, keys: KeySet
) -> None:
    for i in range(PAGE + 5):
        put(raw, keys, f"e{i}")
    found = []
    for stored in DeadLetters(settings):
        found.append(stored.entry_id)
        put(raw, keys, "again")  # as a worker does if the replayed entry fails once more
    assert found == [f"e{i}" for i in range(PAGE + 5)]
    assert list(DeadLetters(Settings.load(redis_url=settings.redis_url, dead="none"))) == []


def test_a_dead_letter_opens_with_its_key_only(
    keys: KeySet, settings: Settings, raw: redis.Redis
) -> None:
    put(raw, keys, "e")
    (stored,) = DeadLetters(settings)
    assert stored.letter is not None
    assert open_dead_letter(stored.letter, keys).text == SECRET
    with pytest.raises(SealError):
        open_dead_letter(stored.letter, KeySet.from_jwks({"keys": [new_key()]}))


def test_a_replayed_dead_letter_is_on_the_queue_once_and_off_the_dead_stream(
    settings: Settings, raw: redis.Redis, keys: KeySet
) -> None:
    put(raw, keys, "e")
    letters = DeadLetters(settings)
    (stored,) = letters
    assert letters.replay([stored]) == 1
    assert letters.replay([stored]) == 0
    assert raw.xlen("journal.dead") == 0
    (message,) = raw.lrange("journal.entries", 0, -1)
    assert json.loads(message)["headers"]["id"] == "e"


ODD: tuple[dict[str, Any], ...] = (
    {"entry_id": "odd"},
    {"other": "field"},
    {"entry_id": b"\xff", "letter": b"\xff{"},
    {"entry_id": "odd", "letter": '{"entry_id": "odd", "reason": "unheard of", "sealed": "x"}'},
)


@pytest.mark.usefixtures("environment")
def test_an_unreadable_dead_letter_is_listed_and_dropped_and_hides_no_other(
    raw: redis.Redis, keys: KeySet
) -> None:
    put(raw, keys, "one")
    for fields in ODD:
        raw.xadd("journal.dead", fields)
    put(raw, keys, "two")
    run = CliRunner().invoke
    assert "unreadable" in run(main, ["dead", "list"]).output
    listed = [
        json.loads(line) for line in run(main, ["dead", "list", "--json"]).output.split("\n")[:-1]
    ]
    assert [one["reason"] for one in listed] == ["worker_lost", *["unreadable"] * 4, "worker_lost"]
    assert run(main, ["dead", "show", "odd", "--open"]).exit_code == 0
    replayed = run(main, ["dead", "replay", "--all"])
    assert json.loads(replayed.output) == {"replayed": 2}
    assert raw.xlen("journal.dead") == len(ODD)
    dropped = run(main, ["dead", "drop", listed[2]["stream_id"], "--yes"])
    assert json.loads(dropped.output) == {"dropped": 1}
    dropped = run(main, ["dead", "drop", "--all", "--reason", "unreadable", "--yes"])
    assert json.loads(dropped.output) == {"dropped": 3}


@pytest.mark.usefixtures("environment")
def test_replay_stops_at_the_queue_s_limit_and_keeps_the_rest(
    raw: redis.Redis, keys: KeySet, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(PAGE + 5):
        put(raw, keys, f"e{i}")
    monkeypatch.setenv("JOURNAL_MAX_QUEUE_ENTRIES", str(PAGE + 2))
    replayed = CliRunner().invoke(main, ["dead", "replay", "--all"])
    assert replayed.exit_code == 3
    assert f"no room for 3 of 5 letters; they stay dead; {PAGE} were put back" in replayed.output
    assert (raw.llen("journal.entries"), raw.xlen("journal.dead")) == (PAGE + 2, 3)


def test_a_result_that_did_not_open_goes_back_to_the_results(
    settings: Settings, raw: redis.Redis, client: JournalClient, keys: KeySet
) -> None:
    now = datetime.now(UTC)
    result = JournalResult(entry_id="e", submitted_at=now, completed_at=now)
    sealed = keys.seal(result.encode(), kind=RESULT, entry_id="e")
    letter = DeadLetter(entry_id="e", reason=DeadReason.UNREADABLE_RESULT, sealed=sealed)
    raw.xadd("journal.dead", {"entry_id": "e", "letter": letter.encode()})
    letters = DeadLetters(settings)
    with pytest.raises(SealError, match="holds a result"):
        open_dead_letter(letter, keys)
    assert letters.replay(letters) == 1
    assert (raw.xlen("journal.dead"), raw.llen("journal.entries")) == (0, 0)
    assert [found.entry_id for found in client.results(timeout=0)] == ["e"]


async def test_a_backend_learns_which_entries_became_dead_letters(
    either: Any, raw: redis.Redis, keys: KeySet
) -> None:
    for name in ("a", "b", "c"):
        put(raw, keys, name)
    first = await either.failed(count=2)
    assert [(one.entry_id, one.reason) for one in first] == [
        ("a", "worker_lost"),
        ("b", "worker_lost"),
    ]
    rest = await either.failed(after=first[-1].stream_id)
    assert [one.entry_id for one in rest] == ["c"]
    assert await either.failed(after=rest[-1].stream_id) == []
    assert raw.xlen("journal.dead") == 3


@pytest.mark.usefixtures("environment")
def test_the_command_line_prints_no_text_without_open(raw: redis.Redis, keys: KeySet) -> None:
    put(raw, keys, "one")
    put(raw, keys, "two", "timed_out")
    run = CliRunner().invoke
    listed = run(main, ["dead", "list"])
    assert "one" in listed.output
    assert "timed_out" in listed.output
    shown = run(main, ["dead", "show", "one"])
    assert json.loads(shown.output)["reason"] == "worker_lost"
    assert "lighthouse" not in listed.output + shown.output
    assert SECRET in run(main, ["dead", "show", "one", "--open"]).output


@pytest.mark.usefixtures("environment")
def test_replay_and_drop_want_to_be_told_which(raw: redis.Redis, keys: KeySet) -> None:
    put(raw, keys, "one")
    put(raw, keys, "two", "timed_out")
    run = CliRunner().invoke
    assert run(main, ["dead", "drop"]).exit_code == 2
    assert run(main, ["dead", "drop", "one"], input="n\n").exit_code == 1
    assert raw.xlen("journal.dead") == 2
    replayed = run(main, ["dead", "replay", "--all", "--reason", "timed_out"])
    assert json.loads(replayed.output) == {"replayed": 1}
    dropped = run(main, ["dead", "drop", "one", "--yes"])
    assert json.loads(dropped.output) == {"dropped": 1}
    assert raw.xlen("journal.dead") == 0
