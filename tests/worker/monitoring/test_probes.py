"""The pages /metrics, /healthz and /readyz over HTTP."""

from __future__ import annotations

import http.client
import socket
from typing import TYPE_CHECKING

import pytest
from prometheus_client import CollectorRegistry, Gauge

from deploy.local.server import free_port
from worker.errors import StartupError
from worker.monitoring.probes import Probes

if TYPE_CHECKING:
    from collections.abc import Iterator


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
def test_a_process_without_a_problem_answers_ok(pages: Pages, page: str) -> None:
    assert pages.get(page) == (200, "text/plain", "ok\n")


def test_a_problem_is_503_with_its_reason(pages: Pages) -> None:
    pages.sick, pages.busy = "stuck", "draining"
    assert pages.get("/healthz") == (503, "text/plain", "stuck\n")
    assert pages.get("/readyz") == (503, "text/plain", "draining\n")
    assert pages.get("/metrics")[0] == 200


def test_there_is_no_other_page(pages: Pages) -> None:
    for path in ("/", "/metrics/x", "/../etc/passwd", "/healthzz"):
        assert pages.get(path)[0] == 404


def test_scrapes_are_not_logged(pages: Pages, capfd: pytest.CaptureFixture[str]) -> None:
    pages.get("/metrics")
    pages.get("/nowhere")
    assert capfd.readouterr() == ("", "")


def test_a_silent_client_does_not_delay_others(pages: Pages) -> None:
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
