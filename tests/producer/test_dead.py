"""Dead letters: looked at without their text, replayed or dropped each exactly once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from producer import DeadLetter, DeadReason, JournalEntry, KeySet, SealError, Settings
from producer.cli import main
from producer.dead import PAGE, DeadLetters, open_letter
from producer.sealing import ENTRY, new_key

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


def test_letters_are_listed_over_pages_oldest_first(
    settings: Settings, raw: redis.Redis, keys: KeySet
) -> None:
    for i in range(PAGE + 5):
        put(raw, keys, f"e{i}")
    found = [stored.letter.entry_id for stored in DeadLetters(settings)]
    assert found == [f"e{i}" for i in range(PAGE + 5)]


def test_a_letter_opens_with_its_key_only(
    keys: KeySet, settings: Settings, raw: redis.Redis
) -> None:
    put(raw, keys, "e")
    (stored,) = DeadLetters(settings)
    assert open_letter(stored.letter, keys).text == SECRET
    with pytest.raises(SealError):
        open_letter(stored.letter, KeySet.from_jwks({"keys": [new_key()]}))


def test_a_replayed_letter_is_on_the_queue_once_and_off_the_dead_stream(
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
