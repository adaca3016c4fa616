from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import pytest

from producer import ConfigurationError, JournalClient, KeySet, Settings
from producer.connection import connect_async

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "opensesame"


def test_defaults_are_as_documented() -> None:
    settings = Settings.load()
    assert settings.redis_url.get_secret_value() == "redis://localhost:6379/0"
    assert (settings.queue, settings.results, settings.dead) == (
        "journal.entries",
        "journal.results",
        "journal.dead",
    )
    assert (settings.max_queue_entries, settings.max_results) == (100_000, 100_000)
    assert settings.max_queue_bytes == 512 * 1024**2
    assert settings.idempotency_seconds == 86_400


def test_environment_and_env_file_are_read_and_arguments_win(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("JOURNAL_QUEUE=from-file\nJOURNAL_DEAD=from-file\nOTHER=1\n")
    monkeypatch.setenv("JOURNAL_QUEUE", "from-environment")
    monkeypatch.setenv("JOURNAL_MAX_QUEUE_ENTRIES", "7")
    settings = Settings.load(results="given", dead=None)
    assert (settings.queue, settings.dead, settings.results) == (
        "from-environment",
        "from-file",
        "given",
    )
    assert settings.max_queue_entries == 7


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_queue_entries", "0"),
        ("max_queue_entries", "many"),
        ("max_queue_bytes", "-1"),
        ("max_results", "-1"),
        ("idempotency_seconds", "0"),
        ("queue", ""),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"JOURNAL_{name.upper()}", value)
    with pytest.raises(ConfigurationError, match=rf"JOURNAL_\*.*{name}") as caught:
        Settings.load()
    assert "\n" not in str(caught.value)


def test_the_password_shows_nowhere(keys: KeySet) -> None:
    settings = Settings.load(redis_url=f"redis://user:{SECRET}@127.0.0.1:1/0")
    client = JournalClient(settings, keys)
    assert SECRET not in repr(settings) + str(settings) + repr(client) + settings.model_dump_json()
    client.close()


@pytest.mark.parametrize(
    "url",
    [
        f"http://:{SECRET}@localhost",
        f"unix://:{SECRET}@/run/redis.sock",
        f"redis://:{SECRET}@localhost:port",
        f"redis://:{SECRET}@[::1/0",
        SECRET,
        "",
        f"redis://:{SECRET}@localhost/0?unheard_of=1",
        f"redis://:{SECRET}@localhost/0?socket_timeout=x",
    ],
)
def test_a_wrong_url_is_told_without_itself(keys: KeySet, url: str) -> None:
    settings = Settings.load(redis_url=url)
    for attempt in (
        lambda: JournalClient(settings, keys),
        lambda: connect_async(settings.redis_url),
    ):
        with pytest.raises(ConfigurationError, match="JOURNAL_REDIS_URL") as caught:
            attempt()
        assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_a_missing_key_file_is_told_with_what_to_do() -> None:
    with pytest.raises(ConfigurationError, match="journal keys new"):
        Settings.load().key_set()


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings.load().queue = "other"  # type: ignore[misc]
