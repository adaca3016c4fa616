"""A real Prometheus that scrapes workers and exporter, as that of a cluster does."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any, Self

import yaml

from deploy.local.server import free_port
from tests.autoscale.scaler.queries import faster

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

#: As in `deploy/prometheus/prometheus.yml` and the PodMonitor of `deploy/kubernetes`.
SCRAPE_SECONDS = 15.0
#: Prometheus's default: older samples count no more.
_LOOKBACK_SECONDS = 300.0
_START_SECONDS = 30.0
_ANSWER_SECONDS = 5.0


def find_program() -> str | None:
    """The path of Prometheus, or None."""
    return shutil.which("prometheus")


class Prometheus:
    """Prometheus as a process, where all goes `speed` times as fast.

    Args:
        program: its path.
        folder: for its configuration, data and log.
        jobs: the ports of each job; a port where nobody listens is asked all the same.
        speed: by how much its periods are shorter.
        rules: alert rules that it evaluates as often as it scrapes.
    """

    def __init__(
        self,
        program: str,
        folder: Path,
        jobs: Mapping[str, Sequence[int]],
        speed: float,
        rules: Mapping[str, Any] | None = None,
    ) -> None:
        self._program, self._folder, self._speed = program, folder, speed
        self._port = free_port()
        self._url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True)
        interval = f"{round(1000 * SCRAPE_SECONDS / speed)}ms"
        (folder / "rules.yml").write_text(yaml.safe_dump(rules or {}), encoding="utf-8")
        settings = {
            "global": {
                "scrape_interval": interval,
                "scrape_timeout": interval,
                "evaluation_interval": interval,
            },
            "rule_files": ["rules.yml"],
            "scrape_configs": [
                {
                    "job_name": job,
                    "static_configs": [{"targets": [f"127.0.0.1:{port}" for port in ports]}],
                }
                for job, ports in jobs.items()
            ],
        }
        (folder / "prometheus.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")

    def __enter__(self) -> Self:
        command = [
            self._program,
            f"--config.file={self._folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self._folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self._port}",
            f"--query.lookback-delta={round(1000 * _LOOKBACK_SECONDS / self._speed)}ms",
            "--log.level=warn",
        ]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + _START_SECONDS
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise SystemExit("Prometheus did not start")
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=_START_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()

    def ask(self, query: str) -> list[float]:
        """The value of each series that a query gives, told in seconds of the run.

        Raises:
            OSError: it does not answer, or does not understand the query.
        """
        found = self._answer({"query": faster(query, self._speed)})
        if found["resultType"] == "scalar":
            return [float(found["result"][1])]
        return [float(series["value"][1]) for series in found["result"]]

    def series(self, query: str, at: float) -> list[tuple[dict[str, str], float]]:
        """Labels and value of each series that a query gives, as it is written.

        Args:
            query: PromQL whose answer is a vector.
            at: seconds since 1970.

        Raises:
            OSError: it does not answer, or does not understand the query.
        """
        found = self._answer({"query": query, "time": f"{at:.3f}"})
        return [(series["metric"], float(series["value"][1])) for series in found["result"]]

    def alerts(self) -> dict[str, str]:
        """The alerts that are `pending` or `firing`, by name, as `/api/v1/alerts` tells them.

        Raises:
            OSError: it does not answer.
        """
        told = self._get("alerts")["alerts"]
        states = [(alert["state"], alert["labels"]["alertname"]) for alert in told]
        # One of several series that fires is enough.
        return {name: state for state, name in sorted(states, reverse=True)}

    def _answer(self, asked: Mapping[str, str]) -> Any:
        return self._get(f"query?{urllib.parse.urlencode(asked)}")

    def _get(self, what: str) -> Any:
        url = f"{self._url}/api/v1/{what}"
        with urllib.request.urlopen(url, timeout=_ANSWER_SECONDS) as answer:
            return json.load(answer)["data"]

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self._url}/-/ready", timeout=1):
                return True
        except OSError:
            return False
