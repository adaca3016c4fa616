"""`journal doctor` on real servers: healthy, gone, hung, of others, behind Sentinels."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from deploy.local.server import Server, free_port
from producer import JournalClient, KeySet, Settings
from producer.sealing import new_key
from tests.sentinels import SentinelGroup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import redis
    from click.testing import Result

SECRET = "secret-word"


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("healthy")
    with Server(directory=folder, appendonly=True, maxmemory="100mb") as server:
        yield server


@pytest.fixture
def examine(
    journal: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict[str, dict[str, str]]]:
    """The findings of `journal doctor`, by check; its exit code is as they say."""

    def run(url: str, *arguments: str) -> dict[str, dict[str, str]]:
        monkeypatch.setenv("JOURNAL_REDIS_URL", url)
        done = journal("doctor", "--json", *arguments)
        told = json.loads(done.stdout)
        failed = any(check["level"] == "failed" for check in told["checks"])
        assert (done.exit_code, told["ok"], done.stderr) == (int(failed), not failed, "")
        assert SECRET not in done.output
        return {check["check"]: check for check in told["checks"]}

    return run


def levels(findings: dict[str, dict[str, str]], level: str) -> list[str]:
    return [name for name, finding in findings.items() if finding["level"] == level]


def test_a_healthy_server_has_no_warning(
    examine: Any, healthy: Server, keys_file: Path, keys: KeySet
) -> None:
    with JournalClient(Settings.load(redis_url=healthy.url), keys) as client:
        client.submit("The text of the entry.", entry_id="first")
    findings = examine(healthy.url)
    assert levels(findings, "failed") == []
    assert levels(findings, "warning") == ["workers"]  # an entry waits, and none was ever there
    assert levels(findings, "skipped") == ["result_key"]
    assert keys.current in findings["entry_key"]["text"]


def test_people_get_a_line_for_each_check_and_what_to_do(
    journal: Callable[..., Result], client: redis.Redis
) -> None:
    done = journal("doctor")
    lines = done.stdout.splitlines()
    assert done.exit_code == 0
    assert lines[0].startswith("ok       name_look_up")
    start = next(number for number, line in enumerate(lines) if line.startswith("warning  aof"))
    assert lines[start + 1].strip().startswith("-> Set `appendonly yes`")
    assert lines[-1] == "2 warning, 16 ok, 3 skipped."
    assert "\x1b" not in done.stdout  # colours are for terminals
    assert max(map(len, lines)) <= 100


def test_a_server_that_is_not_there_and_a_hung_one_are_told_within_the_deadline(
    examine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOURNAL_TIMEOUT_SECONDS", "1")
    findings = examine(f"redis://me:{SECRET}@127.0.0.1:{free_port()}/0")
    assert levels(findings, "failed") == ["connection"]
    assert "connection refused" in findings["connection"]["text"]
    with Server(directory=tmp_path / "hung") as server:
        os.kill(server.pid, signal.SIGSTOP)
        began = time.monotonic()
        try:
            findings = examine(server.url)
        finally:
            os.kill(server.pid, signal.SIGCONT)
    assert time.monotonic() - began < 3.0
    assert levels(findings, "failed") == ["connection"]
    assert "timed out" in findings["connection"]["text"]


def test_a_wrong_password_is_told_and_not_shown(examine: Any, redis_url: str) -> None:
    findings = examine(redis_url.replace("://", f"://nobody:{SECRET}@"))
    assert levels(findings, "failed") == ["login"]


def test_an_address_that_is_none_is_one_finding(examine: Any) -> None:
    assert list(examine(f"http://:{SECRET}@host")) == ["settings"]


@pytest.mark.parametrize("content", [None, "no key set"])
def test_a_key_file_that_cannot_be_used(
    examine: Any, redis_url: str, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "bad.json"
    if content is not None:
        path.write_text(content)
    findings = examine(redis_url, "--keys-file", str(path))
    assert levels(findings, "failed") == ["keys_file"]
    assert "bad.json" in findings["keys_file"]["text"]


def test_a_key_file_that_everyone_may_read(examine: Any, redis_url: str, tmp_path: Path) -> None:
    path = tmp_path / "open.json"
    path.write_text(json.dumps({"keys": [new_key()]}))
    path.chmod(0o644)
    assert "keys_file" in levels(examine(redis_url, "--keys-file", str(path)), "warning")
    path.chmod(0o640)
    assert "keys_file" in levels(examine(redis_url, "--keys-file", str(path)), "ok")


def test_keys_of_others_are_found_without_opening_anything(
    examine: Any, client: Any, publish: Callable[..., None], tmp_path: Path
) -> None:
    client.submit("The text of the entry.", entry_id="first")
    publish("first")
    other = tmp_path / "other.json"
    other.write_text(json.dumps({"keys": [new_key()]}))
    findings = examine(client._settings.redis_url.get_secret_value(), "--keys-file", str(other))
    assert levels(findings, "failed") == ["entry_key", "result_key"]
    assert "text of the entry" not in str(findings)


def test_what_is_no_entry_is_a_warning(examine: Any, redis_url: str, raw: redis.Redis) -> None:
    raw.lpush("journal.entries", '{"body": "eA==", "clear": "secret-word"}')
    assert examine(redis_url)["entry_key"]["level"] == "warning"


def test_keys_of_another_application_are_found(
    examine: Any, redis_url: str, raw: redis.Redis
) -> None:
    raw.set("journal.results", "x")
    findings = examine(redis_url)
    assert levels(findings, "failed") == ["key_types"]
    assert "journal.results" in findings["key_types"]["text"]


def test_a_lane_that_is_not_named_here_is_told(
    examine: Any, redis_url: str, keys: KeySet, monkeypatch: pytest.MonkeyPatch
) -> None:
    lanes = "interactive=8,bulk=1"
    with JournalClient(Settings.load(redis_url=redis_url, lanes=lanes), keys) as client:
        for _ in range(3):
            client.submit("The text of the entry.", lane="bulk")
    finding = examine(redis_url)["lanes"]
    assert (finding["level"], "bulk (2)" in finding["text"]) == ("warning", True)
    monkeypatch.setenv("JOURNAL_LANES", lanes)
    assert examine(redis_url)["lanes"]["text"] == "interactive, bulk."


def test_sentinels_are_asked_one_by_one(
    examine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOURNAL_TIMEOUT_SECONDS", "2")
    with SentinelGroup(tmp_path, sentinels=1, replicas=1) as group:
        findings = examine(group.url)
        assert levels(findings, "failed") == []
        assert findings["sentinels"]["text"].startswith("All 1 name 127.0.0.1:")
        assert "failover loses entries" in findings["replicas"]["text"]
        gone = group.url.replace("/mymaster", f",127.0.0.1:{free_port()}/mymaster")
        assert "does not answer" in examine(gone)["sentinels"]["text"]
        findings = examine(group.url.replace("mymaster", "another"))
        assert levels(findings, "failed") == ["sentinels", "connection"]
        no_sentinel = group.servers[0].url.removeprefix("redis://").removesuffix("/0")
        findings = examine(f"redis+sentinel://{no_sentinel}/mymaster/0")
        assert levels(findings, "failed") == ["sentinels", "connection"]
        assert "is no Sentinel" in findings["sentinels"]["text"]
