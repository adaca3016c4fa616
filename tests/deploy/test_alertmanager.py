"""What fires is told: by a real Alertmanager, to the webhook whose log can be seen."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from deploy.local.processes import ServingProcess
from deploy.local.server import free_port
from tests import needs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEADLINE_SECONDS = 30.0
ALERT = {
    "labels": {"alertname": "JournalRedisDown", "severity": "critical"},
    "annotations": {"summary": "Redis does not answer.", "action": "Look at\nthe container."},
}


def send(url: str, body: bytes) -> int:
    request = urllib.request.Request(
        url, data=body, headers={"Content-Type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as exc:
        return exc.code
    except OSError:
        return 0


@pytest.fixture
def webhook(tmp_path: Path) -> Iterator[ServingProcess]:
    port = free_port()
    environment = {"ALERT_LOG_PORT": str(port)}
    log = tmp_path / "alerts.log"
    process = ServingProcess("deploy.alert_log", port=port, environment=environment, log=log)
    with process:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while process.page("healthz")[0] != HTTPStatus.OK:
            assert process.running, process.last_line()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield process


def test_an_alert_is_one_line_and_its_end_another(webhook: ServingProcess) -> None:
    for status in ("firing", "resolved"):
        told = {"version": "4", "alerts": [{"status": status, **ALERT}]}
        url = f"http://127.0.0.1:{webhook.port}/"
        assert send(url, json.dumps(told).encode()) == HTTPStatus.OK
    assert webhook.log.read_text().splitlines()[1:] == [
        "FIRING critical JournalRedisDown: Redis does not answer. Look at the container.",
        "RESOLVED critical JournalRedisDown: Redis does not answer.",
    ]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"alerts": [1]}', b'{"alerts": [{}]}'])
def test_what_is_no_notification_is_refused(webhook: ServingProcess, body: bytes) -> None:
    assert send(f"http://127.0.0.1:{webhook.port}/", body) == HTTPStatus.BAD_REQUEST


def test_alertmanager_tells_the_webhook(
    webhook: ServingProcess, root: Path, tmp_path: Path, stack: dict[str, Any]
) -> None:
    program = needs.program("prometheus-alertmanager")
    text = (root / "deploy/prometheus/alertmanager.yml").read_text(encoding="utf-8")
    config = yaml.safe_load(text)
    (hook,) = config["receivers"][0]["webhook_configs"]
    assert hook["url"] == "http://alerts:9095/"
    assert stack["services"]["alerts"]["healthcheck"]["test"][-1] == "9095"
    hook["url"] = f"http://127.0.0.1:{webhook.port}/"
    config["route"]["group_wait"] = "0s"
    file = tmp_path / "alertmanager.yml"
    file.write_text(yaml.safe_dump(config))
    port = free_port()
    options = stack["services"]["alertmanager"]["command"]
    named = dict(option.split("=", 1) for option in options)
    named |= {
        "--config.file": str(file),
        "--storage.path": str(tmp_path / "data"),
        "--web.listen-address": f"127.0.0.1:{port}",
    }
    command = [program, *(f"{name}={value}" for name, value in named.items())]
    with (tmp_path / "alertmanager.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + DEADLINE_SECONDS
        url = f"http://127.0.0.1:{port}/api/v2/alerts"
        while send(url, json.dumps([ALERT]).encode()) != HTTPStatus.OK:
            assert process.poll() is None, (tmp_path / "alertmanager.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        while "JournalRedisDown" not in webhook.log.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        process.terminate()
        process.wait(timeout=DEADLINE_SECONDS)
    assert webhook.last_line().startswith("FIRING critical JournalRedisDown: Redis does not answer")
