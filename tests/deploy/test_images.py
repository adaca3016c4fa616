"""The images hold no more than they need, run as nobody special, and tell how they are."""

from __future__ import annotations

import re
import runpy
import threading
import tomllib
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from deploy.local import images

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PACKAGES = ("producer", "worker", "training")


def test_base_is_pinned(root: Path, stages: dict[str, tuple[str, str]]) -> None:
    text = (root / "deploy/Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^ARG PYTHON_IMAGE=python:3\.11\.\d+-slim-\w+$", text, re.MULTILINE)
    assert {base for base, _ in stages.values()} <= {"${PYTHON_IMAGE}", *stages}


@pytest.mark.parametrize("target", images.TARGETS)
def test_what_runs_is_not_root_and_holds_no_build(
    stages: dict[str, tuple[str, str]], target: str
) -> None:
    base, body = stages[target]
    assert base == "runtime"
    assert "USER" not in body
    assert "RUN" not in body
    users = re.findall(r"^USER (\S+)", stages["runtime"][1], re.MULTILINE)
    assert users == [f"{images.USER}:{images.USER}"]
    assert "STOPSIGNAL SIGTERM" in stages["runtime"][1]
    assert body.count("COPY") == body.count(f"COPY --from=build-{target} /opt/venv /opt/venv")


@pytest.mark.parametrize("target", ["worker", "exporter", "gateway"])
def test_what_serves_tells_how_it_is(stages: dict[str, tuple[str, str]], target: str) -> None:
    assert re.search(r"HEALTHCHECK .*/opt/healthcheck.py", stages[target][1])


@pytest.mark.parametrize("target", ["worker", "exporter", "gateway", "training"])
def test_dependencies_are_the_constrained_ones(
    root: Path, stages: dict[str, tuple[str, str]], target: str
) -> None:
    extras = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"][
        "optional-dependencies"
    ]
    assert target in extras
    body = stages[f"build-{target}"][1]
    wanted = {"worker": "worker,otel", "gateway": "gateway,otel"}.get(target, target)
    assert f"pip install -c constraints.txt '.[{wanted}]'" in body
    for install in re.findall(r"pip install ([^&\n]*)", body):
        assert "-c constraints.txt" in install or install.startswith("--no-deps")
    # Or setuptools takes the newer, empty stand-ins from build/ for our packages.
    assert "rm -rf build && pip install --no-deps --force-reinstall ." in body


def test_build_context_is_a_list_of_what_is_let_in(root: Path) -> None:
    lines = [
        line
        for line in (root / ".dockerignore").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    assert lines[0] == "*"
    allowed = {line[1:] for line in lines if line.startswith("!")}
    built = {"pyproject.toml", "constraints.txt", "README.md", "LICENSE", *PACKAGES}
    assert allowed == {*built, "deploy/healthcheck.py", "deploy/alert_log.py"}


def test_images_install_the_packages_and_no_tests(root: Path) -> None:
    setuptools = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    assert setuptools["packages"]["find"]["include"] == [f"{package}*" for package in PACKAGES]


@pytest.mark.parametrize("package", PACKAGES)
def test_what_a_package_reads_is_installed_with_it(root: Path, package: str) -> None:
    patterns = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"][
        "package-data"
    ][package]
    installed = {path for pattern in patterns for path in (root / package).glob(pattern)}
    read = {
        path
        for path in (root / package).rglob("*")
        if path.is_file()
        and path.suffix not in {".py", ".pyc", ".md"}
        and "examples" not in path.parts  # they are copied, not installed
    }
    assert read, "the package holds no data any more"
    assert read <= installed


@contextmanager
def answering(status: int) -> Iterator[int]:
    """A server that answers every request with a status; yields its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def check(root: Path) -> Callable[[list[str]], int]:
    main: Callable[[list[str]], int] = runpy.run_path(str(root / "deploy/healthcheck.py"))["main"]
    return main


@pytest.mark.parametrize(("status", "expected"), [(200, 0), (503, 1)])
def test_health_check_asks_healthz_and_no_proxy(
    check: Callable[[list[str]], int], monkeypatch: pytest.MonkeyPatch, status: int, expected: int
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with answering(status) as port:
        assert check(["JOURNAL_METRICS_PORT", str(port)]) == expected
        monkeypatch.setenv("JOURNAL_METRICS_PORT", str(port))
        assert check(["JOURNAL_METRICS_PORT", "1"]) == expected


def test_health_check_fails_where_nobody_answers(check: Callable[[list[str]], int]) -> None:
    with answering(200) as port:
        pass
    assert check(["JOURNAL_METRICS_PORT", str(port)]) == 1


def test_building_without_what_it_needs_ends_with_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = CliRunner().invoke(images.main)
    assert result.exit_code == 1
    assert result.output == "Error: needs root, and Debian's packages buildah and debootstrap\n"
