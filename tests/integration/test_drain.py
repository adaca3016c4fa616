"""The end of a worker: what it has not begun is back at once, and its last figures are read."""

from __future__ import annotations

import re
import signal
import subprocess
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from deploy.local.server import free_port
from tests.integration.conftest import Backend, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    Start = Callable[..., subprocess.Popen[bytes]]

BATCH, SUBMITTED = 8, 24
#: A batch takes two seconds.
SLOW = {
    "JOURNAL_CONCURRENCY": "1",
    "JOURNAL_MAX_BATCH_ENTRIES": str(BATCH),
    "CHAOS_SECONDS_PER_ENTRY": "0.25",
}


def figures(port: int) -> dict[str, float]:
    """The worker's metrics; none once it has ended."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            page = answer.read().decode()
    except (urllib.error.URLError, ConnectionError):
        return {}
    found = re.finditer(r"^(journal_\S+) (\S+)$", page, re.MULTILINE)
    return {match[1]: float(match[2]) for match in found}


def outcomes(found: dict[str, float]) -> dict[str, float]:
    told = {name: found[f'journal_entries_total{{outcome="{name}"}}'] for name in OUTCOMES}
    return {name: count for name, count in told.items() if count}


OUTCOMES = ("answered", "dead", "requeued", "lease_lost")


def test_what_no_child_has_begun_is_back_at_once_and_counted(
    start_light_worker: Start, backend: Backend
) -> None:
    port = free_port()
    backend.ask([f"Entry {i}." for i in range(SUBMITTED)])
    extra = {"JOURNAL_METRICS_PORT": str(port), "JOURNAL_LINGER_SECONDS": "60"}
    worker = start_light_worker(**SLOW, **extra)
    # Of two batches that it may hold one is with its child, and the other waits there.
    wait_until(lambda: backend.client.status().claimed > BATCH, "a batch to wait in the worker")
    held = backend.client.status().claimed
    assert figures(port), "somebody reads its metrics"
    worker.send_signal(signal.SIGTERM)
    wait_until(lambda: backend.client.status().ready == SUBMITTED - BATCH, "what waits to be back")
    status = backend.client.status()
    assert (status.claimed, status.results) == (BATCH, 0), "the batch under way had ended"
    wait_until(lambda: backend.client.status().results == BATCH, "the batch under way to end")
    wait_until(lambda: backend.client.status().claimed == 0, "its claims to be gone")
    # It lives until its last figures are read, and no longer.
    assert last_figures(worker, port) == {"answered": BATCH, "requeued": held - BATCH}
    assert worker.wait(timeout=30) == 0


def last_figures(worker: subprocess.Popen[bytes], port: int) -> dict[str, float]:
    """What became of its entries, by the last figures that a worker tells before it ends."""
    last: dict[str, float] = {}

    def ended() -> bool:
        if found := figures(port):
            last.update(outcomes(found))
        return worker.poll() is not None

    wait_until(ended, "the worker to end")
    return last


@pytest.mark.parametrize("linger", ["0", "60"])
def test_a_worker_whose_figures_nobody_reads_ends_at_once(
    start_light_worker: Start, backend: Backend, linger: str
) -> None:
    port = free_port()
    extra = {"JOURNAL_METRICS_PORT": str(port), "JOURNAL_LINGER_SECONDS": linger}
    worker = start_light_worker(JOURNAL_CONCURRENCY="1", **extra)
    backend.ask(["Soup."])
    backend.answers(1)
    if linger == "0":  # though they are read
        assert figures(port)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=30) == 0
