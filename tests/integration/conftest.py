"""Real workers as processes, and a backend to talk to them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import kombu.pools
import pytest

from deploy.local.processes import Process
from producer import JournalClient, JournalEntry, JournalResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from producer import KeySet, Settings

#: Longer than anything takes on a machine that does much else besides, and than one call does.
PATIENCE_SECONDS, CALL_SECONDS = 180.0, 30.0
ROOT = Path(__file__).parents[2]


def wait_until(
    condition: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS
) -> None:
    """Wait on a condition, not for a time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds:.0f} s for: {what}")
        time.sleep(0.02)


class Backend:
    """Submits entries and collects every answer on the stream, duplicates included."""

    def __init__(self, settings: Settings, keys: KeySet) -> None:
        self.keys = keys
        self.client = JournalClient(settings, keys)

    def ask(self, texts: Sequence[str], prefix: str = "e") -> list[JournalEntry]:
        entries = [
            JournalEntry(entry_id=f"{prefix}{i}", text=text, context=f"c{i}")
            for i, text in enumerate(texts)
        ]
        self.client.submit_many(entries)
        return entries

    def answers(self, count: int, seconds: float = PATIENCE_SECONDS) -> dict[str, JournalResult]:
        """Wait for `count` results; fails on a duplicate."""
        found: dict[str, JournalResult] = {}
        deadline = time.monotonic() + seconds
        while len(found) < count:
            for received in self.client.receive(group="test", block=0.5, count=500):
                assert received.result.entry_id not in found, "answered twice"
                found[received.result.entry_id] = received.result
            if time.monotonic() > deadline:
                pytest.fail(f"{len(found)} of {count} answered in {seconds:.0f} s")
        return found


@pytest.fixture(autouse=True)
def own_celery_connections() -> Iterator[None]:
    """Celery apps with one broker share connections, and some tests have the server cut them."""
    yield
    kombu.pools.reset()


@pytest.fixture
def backend(settings: Settings, keys: KeySet) -> Iterator[Backend]:
    one = Backend(settings.model_copy(update={"timeout_seconds": CALL_SECONDS}), keys)
    yield one
    one.client.close()


@pytest.fixture
def environment(redis_url: str, keys_file: Path, tiny_model: Path) -> dict[str, str]:
    """The JOURNAL_* settings of a worker with the tiny model."""
    return {
        "JOURNAL_REDIS_URL": redis_url,
        "JOURNAL_KEYS_FILE": str(keys_file),
        "JOURNAL_MODEL": str(tiny_model),
        "JOURNAL_CONCURRENCY": "2",
    }


@pytest.fixture
def start_worker(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Starts workers; they are stopped, and killed if need be, when the test ends."""
    started: list[Process] = []

    def start(*arguments: str, wait: bool = True, **extra: str) -> Process:
        log = tmp_path / f"worker-{len(started)}.log"
        process = Process("run", {**environment, **extra}, log=log, arguments=arguments)
        process.start()
        started.append(process)
        if wait:
            process.wait_ready()
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()


@pytest.fixture
def start_light_worker(
    environment: dict[str, str], tmp_path: Path
) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts workers with stand-in stages, which log to `light.log`; they end with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(**extra: str) -> subprocess.Popen[bytes]:
        settings = {
            **os.environ,
            **environment,
            "JOURNAL_METRICS_PORT": "0",
            "JOURNAL_LOG_LEVEL": "DEBUG",
            "PYTHONPATH": str(ROOT),
            **extra,
        }
        with (tmp_path / "light.log").open("ab") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.light_worker"],
                env=settings,
                stdout=stream,
                stderr=stream,
                cwd=ROOT,
            )
        started.append(process)
        return process

    yield start
    running = [process for process in started if process.poll() is None]
    for process in running:
        process.terminate()
    for process in running:
        process.wait(timeout=30)


@pytest.fixture
def worker(start_worker: Callable[..., Process]) -> Process:
    """One worker, ready."""
    return start_worker()
