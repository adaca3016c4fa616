"""`journal-worker doctor`: packages, model folders and ports, beside what `journal doctor` tells."""

from __future__ import annotations

import json
import shutil
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from prometheus_client import CollectorRegistry
from safetensors.torch import save_file
from torch import ones

from deploy.local.server import free_port
from producer.findings import Level
from worker import doctor, extras
from worker.cli import main
from worker.models import builtin_base
from worker.models.folder import SHORT_TEXTS, seal_folder
from worker.monitoring.probes import Probes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def test_the_doctor_of_a_worker_looks_at_everything(
    redis_url: str, keys_file: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOURNAL_KEYS_FILE", str(keys_file))
    monkeypatch.setenv("JOURNAL_METRICS_PORT", str(free_port()))
    monkeypatch.setenv("JOURNAL_EXPORTER_PORT", str(free_port()))
    arguments = ["doctor", "--json", "--redis-url", redis_url, "--model", str(tiny_model)]
    done = CliRunner().invoke(main, arguments)
    told = json.loads(done.stdout)
    assert (done.exit_code, told["ok"]) == (0, True)
    found = {check["check"]: check for check in told["checks"]}
    assert "what a worker needs" in found["permissions"]["text"]
    ours = ["packages", "model", "tagger", "metrics_port", "exporter_port"]
    assert list(found)[-5:] == ours
    assert {found[name]["level"] for name in ours} == {"ok"}
    assert found["model"]["text"].startswith("tiny, version ")


def test_settings_that_are_none_are_one_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNAL_MAX_BATCH_ENTRIES", "many")
    done = CliRunner().invoke(main, ["doctor"])
    assert done.exit_code == 1
    assert "max_batch_entries" in done.stdout


def test_an_altered_or_missing_model_fails(tiny_model: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    assert doctor.model(folder).level is Level.OK
    (folder / "config.json").write_text("{}")
    assert (doctor.model(folder).level, "altered" in doctor.model(folder).text) == ("failed", True)
    assert doctor.model(tmp_path / "nowhere").level is Level.FAILED
    assert doctor.tagger(tmp_path / "nowhere").level is Level.FAILED


def test_a_missing_base_fails_where_short_texts_need_it(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    monkeypatch.setattr(builtin_base, "folder", lambda: None)
    assert doctor.model(folder).level is Level.OK
    save_file({"a": ones(1)}, folder / SHORT_TEXTS, {"base_sha256": builtin_base.SHA256})
    content = json.loads((folder / "thresholds.json").read_text())
    content["short_texts"] = {"tokens": 20, "sentences": 2}
    (folder / "thresholds.json").write_text(json.dumps(content))
    seal_folder(folder, name="short")
    found = doctor.model(folder)
    assert (found.level, "not installed" in found.text) == (Level.FAILED, True)


def test_missing_packages_fail_and_nothing_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor.packages(extras.missing("json")).level is Level.OK
    finding = doctor.packages(extras.missing("json", "no_such_package"))
    assert (finding.level, "no_such_package" in finding.text) == ("failed", True)
    monkeypatch.setattr(extras, "_is_installed", lambda package: False)
    assert doctor.tagger(None).level is Level.SKIPPED


@pytest.fixture
def serve() -> Iterator[Callable[[str | None], int]]:
    """Serves a worker's pages, which say that it is ready or why not; returns the port."""
    running: list[Probes] = []

    def start(problem: str | None) -> int:
        pages = Probes(
            CollectorRegistry(),
            alive=lambda: None,
            ready=lambda: problem,
            host="127.0.0.1",
            port=0,
        )
        pages.start()
        running.append(pages)
        return pages.port

    yield start
    for pages in running:
        pages.stop()


def test_a_port_is_free_or_served_by_us_or_by_others(
    serve: Callable[[str | None], int],
) -> None:
    def look(number: int, host: str = "127.0.0.1") -> tuple[str, str]:
        finding = doctor.port("metrics_port", host, number)
        return finding.level.value, finding.text

    assert look(free_port())[0] == "ok"
    assert look(0)[0] == "ok"
    assert "is ready" in look(serve(None))[1]
    assert "draining" in look(serve("draining"))[1]
    assert look(serve("draining"))[0] == "warning"
    others = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    thread = threading.Thread(target=others.serve_forever)
    thread.start()
    try:
        level, text = look(others.server_port)
    finally:
        others.shutdown()
        thread.join()
        others.server_close()
    assert (level, "Another program" in text) == ("failed", True)
    assert look(free_port(), "203.0.113.7")[0] == "failed"
