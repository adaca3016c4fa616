"""`journal-worker run`: what is wrong is one line on stderr and exit code 2, before anything runs."""

from __future__ import annotations

import shutil
import socket
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from deploy.local.server import free_port
from worker.cli import main
from worker.monitoring import logs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def run(
    redis_url: str, keys_file: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Run `journal-worker run` in this process; it must not get as far as to start."""
    monkeypatch.setattr(logs, "configure", lambda *_: None)
    given = {
        "REDIS_URL": redis_url,
        "KEYS_FILE": str(keys_file),
        "MODEL": str(tiny_model),
        "METRICS_PORT": "0",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"JOURNAL_{name}", value)

    def started(*_: object) -> None:
        pytest.fail("the worker was started")

    monkeypatch.setattr("celery.apps.worker.Worker.start", started)
    return lambda *arguments: CliRunner().invoke(main, ["run", *arguments])


def one_line(done: Result, code: int = 2) -> str:
    assert done.exit_code == code, done.output
    (line,) = done.stderr.splitlines()
    assert line.startswith("journal-worker: ")
    assert done.stdout == ""
    return line


def test_a_redis_nobody_answers_at(run: Callable[..., Result]) -> None:
    url = f"redis://:secretpassword@127.0.0.1:{free_port()}/0"
    line = one_line(run("--redis-url", url), code=4)
    assert "Redis cannot be reached" in line
    assert "secretpassword" not in line


@pytest.mark.parametrize("url", ["http://host", "redis://host:notaport/0", "", "redis://h/0?x=y"])
def test_an_address_that_is_none(run: Callable[..., Result], url: str) -> None:
    assert "JOURNAL_REDIS_URL" in one_line(run("--redis-url", url))


def test_a_wrong_password(run: Callable[..., Result], redis_url: str) -> None:
    url = redis_url.replace("redis://", "redis://nobody:secretpassword@")
    line = one_line(run("--redis-url", url))
    assert "refused the user name or password" in line
    assert "secretpassword" not in line


SHORT_KEY = '{"keys": [{"kid": "a", "k": "AAAAAAAAAAAAAAAAAAAAAA"}]}'


@pytest.mark.parametrize("content", ["", "{}", '{"keys": []}', SHORT_KEY])
def test_a_key_file_that_is_none(
    run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    (tmp_path / "bad.json").write_text(content)
    monkeypatch.setenv("JOURNAL_KEYS_FILE", str(tmp_path / "bad.json"))
    assert "bad.json" in one_line(run())


def test_no_key_file(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JOURNAL_KEYS_FILE")
    assert "JOURNAL_KEYS_FILE" in one_line(run())


def test_a_missing_model(run: Callable[..., Result], tmp_path: Path) -> None:
    assert "nowhere" in one_line(run("--model", str(tmp_path / "nowhere")))


def test_an_altered_model(run: Callable[..., Result], tiny_model: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    (folder / "model.safetensors").write_bytes(b"other weights")
    line = one_line(run("--model", str(folder)))
    assert "model.safetensors" in line
    assert "altered" in line


def test_a_port_in_use(run: Callable[..., Result]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"cannot listen on 127.0.0.1:{port}" in one_line(run("--metrics-port", str(port)))


def test_what_of_the_server_needs_mending_is_logged_at_the_start(
    run: Callable[..., Result], caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:  # as far as it gets here
        run("--metrics-port", str(taken.getsockname()[1]))
    (line,) = [record.getMessage() for record in caplog.records if "(aof)" in record.getMessage()]
    assert "loses entries" in line
    assert "`appendonly yes`" in line


def test_a_setting_of_the_wrong_kind(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOURNAL_MAX_BATCH_ENTRIES", "many")
    assert "max_batch_entries" in one_line(run())


@pytest.mark.parametrize("command", ["run", "exporter", "anonymize", "classify"])
def test_every_command_has_help(command: str) -> None:
    done = CliRunner().invoke(main, [command, "--help"])
    assert done.exit_code == 0
    assert done.stdout.startswith("Usage:")
