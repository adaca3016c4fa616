"""What Celery's own tools and Flower do with our workers."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import celery
import pytest
import redis

from deploy.local.server import free_port
from producer.keys import keys_of
from producer.message import QUEUE
from tests.integration.conftest import ROOT, Backend, wait_until
from worker.app import create_app
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from collections.abc import Callable


def test_two_workers_of_one_host_have_names_of_their_own_and_stop_consuming_when_told(
    start_light_worker: Callable[..., subprocess.Popen[bytes]],
    backend: Backend,
    client: redis.Redis,
    redis_url: str,
) -> None:
    port = free_port()
    for metrics_port in (port, 0):
        start_light_worker(JOURNAL_CONCURRENCY="1", JOURNAL_METRICS_PORT=str(metrics_port))
    app = celery.Celery(broker=redis_url, set_as_current=False)
    inspect = app.control.inspect(timeout=0.5)
    wait_until(lambda: len(inspect.ping() or {}) == 2, "two workers to answer")
    # Flower's broker page asks for these, and counts the lists of each.

    def queues() -> set[str]:
        told = inspect.active_queues() or {}
        return {queue["name"] for found in told.values() for queue in found}

    wait_until(lambda: queues() == {QUEUE}, "the workers to tell their queues")
    app.control.cancel_consumer(QUEUE)
    weights = keys_of(QUEUE).weights
    wait_until(lambda: client.hget(weights, "") == b"0", "them to leave all to others")
    assert "cancel_consumer" in readyz(port)
    backend.ask(["Not read yet."])
    status = backend.client.status()
    assert (status.ready, status.claimed) == (1, 0)
    app.control.add_consumer(QUEUE)
    assert len(backend.answers(1)) == 1
    wait_until(lambda: readyz(port) == "ok\n", "the worker to be ready again")


def readyz(port: int) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as exc:
        return exc.read().decode()


@pytest.mark.parametrize("scheme", ["redis", "rediss"])
def test_flower_knows_the_broker_by_its_url(scheme: str) -> None:
    """It takes what `as_uri` says, and supports `redis://` and `rediss://` only."""
    settings = WorkerSettings.load(redis_url=f"{scheme}://:secret@redis.example:6390/3")
    connection = create_app(settings).connection()
    url = urlsplit(connection.as_uri(include_password=True))
    assert (url.scheme, url.password, url.hostname) == (scheme, "secret", "redis.example")
    assert (url.port, url.path) == (6390, "/3")
    assert "secret" not in connection.clone().as_uri()


def test_celery_worker_says_in_one_line_what_to_use(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "celery", "-A", "worker.app", "worker"]
    done = subprocess.run(
        command,
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert "journal-worker run" in line
