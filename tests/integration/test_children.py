"""A worker whose children do not come up holds nothing back; those that do share what they hold."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import psutil

from producer.load.texts import random_texts
from tests.bench.machine import proportional_bytes, tree
from tests.integration.conftest import Backend, wait_until
from worker.models.folder import SHIPPED_MODEL

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    import redis

    from deploy.local.processes import Process

EX_TEMPFAIL = 75
#: The sum of the proportional set sizes of a parent and two children, with the shipped models.
MOST_BYTES = 750e6


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


def test_a_worker_that_loses_its_children_for_good_requeues_what_it_holds(
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


def test_two_children_and_their_parent_stay_small(
    start_worker: Callable[..., Process], backend: Backend
) -> None:
    worker = start_worker(JOURNAL_MODEL=str(SHIPPED_MODEL))
    backend.ask(list(islice(random_texts(seed=5), 100)))
    backend.answers(100)
    assert sum(map(proportional_bytes, tree([worker.pid]))) < MOST_BYTES
