"""Workers with an old key file lose no entry, and are ready again once the file is renewed."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from deploy.local.server import free_port
from producer import KeySet, Settings
from producer.sealing import new_key, write_key_file
from tests.integration.conftest import Backend, wait_until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import redis

    Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def old_file(tmp_path: Path) -> Path:
    """A key file that knows nothing of the key that the backend seals with."""
    path = tmp_path / "old.json"
    write_key_file(path, [new_key()])
    return path


@pytest.fixture
def files(old_file: Path, keys_file: Path) -> tuple[Path, Path]:
    """The old and the new key file."""
    return old_file, keys_file


@pytest.fixture
def older(settings: Settings, old_file: Path) -> Iterator[Backend]:
    """A backend with the keys of `old_file`."""
    one = Backend(settings, KeySet.load(old_file))
    yield one
    one.client.close()


class Worker:
    """A light worker with a key file of its own, and its health page."""

    def __init__(self, start: Start, keys_file: Path) -> None:
        self._port = free_port()
        self.process = start(
            JOURNAL_KEYS_FILE=str(keys_file),
            JOURNAL_METRICS_PORT=str(self._port),
            JOURNAL_CONCURRENCY="1",
            CHAOS_SECONDS_PER_ENTRY="0.005",
        )

    def readyz(self) -> str:
        """What `/readyz` says; "" where nobody listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/readyz", timeout=5) as page:
                return str(page.read().decode())
        except urllib.error.HTTPError as exc:
            return exc.read().decode()
        except OSError:
            return ""

    def wait_ready(self) -> None:
        wait_until(lambda: self.readyz() == "ok\n", "the worker to be ready")


def renew(old_file: Path, keys_file: Path) -> None:
    """Put the keys of one file before those of another, as whoever rolls out keys does."""
    older, newer = (json.loads(path.read_bytes())["keys"] for path in (old_file, keys_file))
    write_key_file(old_file, [*newer, *older])


def test_a_worker_with_an_old_key_file_among_good_ones_loses_no_entry(
    start_light_worker: Start,
    backend: Backend,
    client: redis.Redis,
    keys_file: Path,
    old_file: Path,
) -> None:
    old = Worker(start_light_worker, old_file)
    good = Worker(start_light_worker, keys_file)
    for worker in (old, good):
        worker.wait_ready()
    backend.ask([f"Entry {i}." for i in range(400)])
    wait_until(
        lambda: f"missing: {backend.keys.current} " in old.readyz(), "the old worker to be unready"
    )
    assert len(backend.answers(400)) == 400
    assert client.xlen("journal.dead") == 0
    assert good.readyz() == "ok\n"
    renew(old_file, keys_file)
    old.wait_ready()
    good.process.terminate()
    good.process.wait(timeout=30)
    backend.ask(["After the key file was renewed."], prefix="later")
    assert set(backend.answers(1)) == {"later0"}
    assert client.xlen("journal.dead") == 0


def test_entries_whose_key_no_worker_has_wait_and_hold_up_no_other(
    start_light_worker: Start,
    backend: Backend,
    older: Backend,
    client: redis.Redis,
    files: tuple[Path, Path],
) -> None:
    old_file, keys_file = files
    worker = Worker(start_light_worker, old_file)
    worker.wait_ready()
    backend.ask([f"Entry {i}, too new." for i in range(300)])
    older.ask([f"Entry {i}, as before." for i in range(100)], prefix="old")
    wait_until(lambda: client.xlen("journal.results") == 100, "the others to be answered")
    wait_until(lambda: client.llen("journal.entries.parked") == 300, "the rest to wait aside")
    assert "keys that entries need are missing" in worker.readyz()
    status = older.client.status()
    assert (status.ready, status.claimed, status.parked, status.dead) == (0, 0, 300, 0)
    renew(old_file, keys_file)
    wait_until(lambda: client.xlen("journal.results") == 400, "all to be answered")
    answered = {fields[b"entry_id"].decode() for _, fields in client.xrange("journal.results")}
    assert answered == {f"e{i}" for i in range(300)} | {f"old{i}" for i in range(100)}
    worker.wait_ready()
    assert client.xlen("journal.dead") == 0
