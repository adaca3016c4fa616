"""What machines ask a worker: its pages over HTTP, and the reasoning behind them."""

from __future__ import annotations

import http.client
import os
import socket
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client import CollectorRegistry, Gauge

from deploy.local.server import free_port
from worker.child.readiness import ChildGate
from worker.errors import StartupError
from worker.monitoring.health import LOOP_SECONDS, Health
from worker.monitoring.probes import Probes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

READY = {"name": "m", "version": "1", "precision": "fp32", "device": "cpu"}


class Pages:
    def __init__(self) -> None:
        registry = CollectorRegistry()
        Gauge("some_gauge", "A gauge", registry=registry).set(7)
        self.sick: str | None = None
        self.busy: str | None = None
        self.probes = Probes(
            registry, alive=lambda: self.sick, ready=lambda: self.busy, host="127.0.0.1", port=0
        )
        self.probes.start()

    def get(self, path: str, method: str = "GET") -> tuple[int, str, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.probes.port, timeout=10)
        connection.request(method, path)
        answer = connection.getresponse()
        found = answer.status, answer.headers["Content-Type"], answer.read().decode()
        connection.close()
        return found


@pytest.fixture
def pages() -> Iterator[Pages]:
    one = Pages()
    yield one
    one.probes.stop()


@pytest.mark.parametrize("query", ["", "?", "?name[]=some_gauge"])
def test_metrics_page(pages: Pages, query: str) -> None:
    status, kind, body = pages.get(f"/metrics{query}")
    assert status == 200
    assert kind.startswith("text/plain; version=")
    assert "some_gauge 7.0" in body


@pytest.mark.parametrize("page", ["/healthz", "/readyz"])
def test_a_well_worker_says_ok(pages: Pages, page: str) -> None:
    assert pages.get(page) == (200, "text/plain", "ok\n")


def test_a_problem_is_503_with_its_reason(pages: Pages) -> None:
    pages.sick, pages.busy = "stuck", "draining"
    assert pages.get("/healthz") == (503, "text/plain", "stuck\n")
    assert pages.get("/readyz") == (503, "text/plain", "draining\n")
    assert pages.get("/metrics")[0] == 200


def test_there_is_no_other_page(pages: Pages) -> None:
    for path in ("/", "/metrics/x", "/../etc/passwd", "/healthzz"):
        assert pages.get(path)[0] == 404


def test_scrapes_are_no_news(pages: Pages, capfd: pytest.CaptureFixture[str]) -> None:
    pages.get("/metrics")
    pages.get("/nowhere")
    assert capfd.readouterr() == ("", "")


def test_a_silent_client_holds_up_nobody(pages: Pages) -> None:
    with socket.create_connection(("127.0.0.1", pages.probes.port)):
        assert pages.get("/healthz")[0] == 200


def test_a_port_in_use_is_one_clear_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            StartupError, match=f"cannot listen on 127.0.0.1:{port}: Address already"
        ):
            Probes(
                CollectorRegistry(),
                alive=lambda: None,
                ready=lambda: None,
                host="127.0.0.1",
                port=port,
            )


@pytest.mark.parametrize("host", ["no.such.host.invalid", "256.1.1.1", "203.0.113.7", "x" * 70])
def test_an_address_that_is_not_ours_is_one_clear_line(host: str) -> None:
    with pytest.raises(StartupError) as caught:
        Probes(CollectorRegistry(), alive=lambda: None, ready=lambda: None, host=host, port=0)
    assert len(str(caught.value).splitlines()) == 1


def test_a_stopped_server_frees_its_port() -> None:
    port = free_port()
    for _ in range(2):
        probes = Probes(
            CollectorRegistry(), alive=lambda: None, ready=lambda: None, host="127.0.0.1", port=port
        )
        probes.start()
        probes.stop()


# Whether a worker moves


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def progress(clock: Clock) -> Health:
    """Batches may take 100 s, so that one of 180 s is stuck."""
    return Health(100.0, clock)


def test_a_worker_is_ready_with_a_child_and_a_connection(progress: Health) -> None:
    assert progress.ready() == "no child has loaded its models yet"
    progress.child_ready(17)
    assert progress.ready() == "not connected to Redis"
    progress.tick(running=0, finished=False)
    assert progress.ready() is None
    progress.children_alive({18})
    assert progress.ready() == "no child has loaded its models yet"


def test_a_draining_worker_is_alive_and_not_ready(progress: Health) -> None:
    progress.child_ready(17)
    progress.tick(running=3, finished=False)
    progress.stopping()
    assert (progress.alive(), progress.ready()) == (None, "draining")


def test_loading_models_is_no_illness(progress: Health, clock: Clock) -> None:
    clock.now += 10_000
    assert progress.alive() is None


def test_an_event_loop_that_hangs_is_noticed(progress: Health, clock: Clock) -> None:
    progress.child_ready(17)
    progress.tick(running=0, finished=False)
    clock.now += LOOP_SECONDS - 1
    assert progress.alive() is None
    clock.now += 2
    assert "31 s" in str(progress.alive())
    assert progress.ready() == progress.alive()
    progress.tick(running=0, finished=False)
    assert progress.alive() is None


def ticks(progress: Health, clock: Clock, seconds: int, **state: Any) -> None:
    for _ in range(seconds):
        clock.now += 1
        progress.tick(**state)


def test_batches_that_never_come_back_are_noticed(progress: Health, clock: Clock) -> None:
    progress.tick(running=5, finished=False)
    ticks(progress, clock, 180, running=5, finished=False)
    assert progress.alive() is None
    ticks(progress, clock, 1, running=5, finished=False)
    assert progress.alive() == "no batch has come back for 181 s"


def test_slow_work_that_goes_on_is_no_illness(progress: Health, clock: Clock) -> None:
    for _ in range(10):
        ticks(progress, clock, 150, running=5, finished=False)
        ticks(progress, clock, 1, running=5, finished=True)
    assert progress.alive() is None


def test_an_idle_worker_is_well(progress: Health, clock: Clock) -> None:
    ticks(progress, clock, 150, running=5, finished=False)
    ticks(progress, clock, 1000, running=0, finished=False)
    assert progress.alive() is None


def test_while_redis_is_away_standing_still_is_no_illness(progress: Health, clock: Clock) -> None:
    progress.child_ready(17)
    progress.tick(running=5, finished=False)
    progress.disconnected()
    clock.now += 10_000
    assert (progress.alive(), progress.ready()) == (None, "not connected to Redis")
    progress.tick(running=5, finished=False)
    assert (progress.alive(), progress.ready()) == (None, None)


# How children tell


def test_children_tell_the_parent(wait_until: Callable[..., Any]) -> None:
    gate, ready, failed = ChildGate(), [], []
    gate.listen(on_ready=lambda *what: ready.append(what), on_failed=failed.append)
    gate.tell_ready(READY)
    gate.tell_failed("model folder not found: nowhere")
    wait_until(lambda: ready and failed, "both lines")
    assert ready == [(os.getpid(), READY)]
    assert failed == ["model folder not found: nowhere"]
    os.close(gate._write)


@pytest.mark.parametrize("words", ["ü" * 5000, '"\n' * 5000, "\x00" * 5000, "😀" * 5000, "\ud800"])
def test_words_of_any_kind_and_length_arrive(words: str, wait_until: Callable[..., Any]) -> None:
    gate, ready, failed = ChildGate(), [], []
    gate.listen(on_ready=lambda *what: ready.append(what), on_failed=failed.append)
    gate.tell_failed(words)
    gate.tell_ready(dict.fromkeys(READY, words))
    wait_until(lambda: ready and failed, "both lines")
    assert words.startswith(failed[0])
    assert failed[0]
    os.close(gate._write)
