"""A worker whose children do not come up holds nothing back, and does not go on as if it worked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil

from tests.integration.conftest import Backend, wait_until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    import redis

EX_TEMPFAIL = 75


def test_a_worker_without_a_ready_child_claims_nothing_and_leaves(
    start_light_worker: Callable[..., subprocess.Popen[bytes]],
    backend: Backend,
    client: redis.Redis,
    tmp_path: Path,
) -> None:
    deadly = tmp_path / "deadly"
    deadly.touch()
    backend.ask([f"Entry {i}." for i in range(20)])
    worker = start_light_worker(CHAOS_DEADLY_START=str(deadly), JOURNAL_CONCURRENCY="1")
    claimed = []

    def ended() -> bool:
        claimed.append(client.hlen("journal.entries.claims"))
        return worker.poll() is not None

    wait_until(ended, "the worker to leave")
    assert worker.returncode == EX_TEMPFAIL
    assert not any(claimed)
    assert client.llen("journal.entries") == 20
    log = (tmp_path / "light.log").read_text()
    assert log.count("children in a row ended before their models were loaded") == 1
    start_light_worker()
    assert len(backend.answers(20)) == 20


def test_a_worker_that_loses_its_children_for_good_gives_back_what_it_holds(
    start_light_worker: Callable[..., subprocess.Popen[bytes]],
    backend: Backend,
    client: redis.Redis,
    tmp_path: Path,
) -> None:
    deadly = tmp_path / "deadly"
    worker = start_light_worker(
        CHAOS_DEADLY_START=str(deadly),
        JOURNAL_CONCURRENCY="1",
        CHAOS_SECONDS_PER_ENTRY="60",
        JOURNAL_BATCH_TIMEOUT_SECONDS="600",
        JOURNAL_MAX_BATCH_ENTRIES="4",
    )
    backend.ask([f"Entry {i}." for i in range(20)])
    wait_until(lambda: client.hlen("journal.entries.claims") == 8, "the worker to be busy")
    deadly.touch()
    for child in psutil.Process(worker.pid).children():
        child.kill()
    wait_until(lambda: worker.poll() is not None, "the worker to leave")
    assert worker.returncode == EX_TEMPFAIL
    assert (client.hlen("journal.entries.claims"), client.llen("journal.entries")) == (0, 20)
    start_light_worker()
    assert len(backend.answers(20)) == 20
    assert client.xlen("journal.dead") == 0
