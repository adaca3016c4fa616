"""What the checks of `deploy/` share: where things are, and the programs that judge them."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
import yaml
from prometheus_client import CollectorRegistry

from producer.gateway.metrics import GatewayMetrics
from tests import needs
from worker.cuda import DeviceState
from worker.monitoring.devices import DeviceCollector
from worker.monitoring.exporter import QueueCollector
from worker.monitoring.metrics import Metrics
from worker.protocol import BatchReport, Outcome, Stage
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client import Metric

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def promtool() -> Callable[..., None]:
    """Run promtool; fail with its own words where it is not content."""
    program = needs.program("promtool")

    def run(*arguments: str | Path) -> None:
        done = subprocess.run(
            [program, *map(str, arguments)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    return run


@pytest.fixture(scope="session")
def compose_config() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `docker-compose config` on our files, in an environment that holds only the arguments."""
    program = needs.program("docker-compose")

    def run(*files: str, **environment: str) -> subprocess.CompletedProcess[str]:
        named = [word for file in ("docker-compose.yml", *files) for word in ("-f", file)]
        return subprocess.run(
            [program, "--env-file", "/dev/null", *named, "config"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def stack(compose_config: Callable[..., subprocess.CompletedProcess[str]]) -> dict[str, Any]:
    """The compose file as the compose program understands it."""
    done = compose_config()
    assert done.returncode == 0, done.stderr
    loaded: dict[str, Any] = yaml.safe_load(done.stdout)
    return loaded


@pytest.fixture(scope="session")
def stages(root: Path) -> dict[str, tuple[str, str]]:
    """Stage → (what it starts from, its instructions)."""
    text = (root / "deploy/Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    found = re.findall(r"^FROM (\S+) AS (\S+)\n(.*?)(?=^FROM |\Z)", text, re.MULTILINE | re.DOTALL)
    return {name: (base, body) for base, name, body in found}


@pytest.fixture(scope="session")
def dashboard(root: Path) -> dict[str, Any]:
    path = root / "deploy/grafana/dashboards/journal-stream.json"
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="session")
def queries(dashboard: dict[str, Any]) -> list[str]:
    """Every PromQL expression of the dashboard, with Grafana's variables filled in."""
    found = [
        target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])
    ] + [annotation["expr"] for annotation in dashboard["annotations"]["list"]]
    filled = {"$__rate_interval": "1m", "$job": ".*", "$instance": ".*"}
    for variable, value in filled.items():
        found = [query.replace(variable, value) for query in found]
    return found


class StandInRedis:
    """Answers what the exporter asks, without a server."""

    REPLIES: ClassVar[dict[str, Any]] = {
        "XINFO": [[b"name", b"backend", b"pending", 1, b"lag", 2]],
        "INFO": b"used_memory:1\r\nmaxmemory:2\r\n",
        "LINDEX": None,
    }

    def __init__(self) -> None:
        self._asked: list[str] = []

    def pipeline(self, **_: Any) -> StandInRedis:
        return StandInRedis()

    def execute_command(self, command: str, *_: Any) -> None:
        self._asked.append(command)

    def execute(self, **_: Any) -> list[Any]:
        return [self.REPLIES.get(command, 3) for command in self._asked]


def _batch() -> BatchReport:
    return BatchReport(
        outcomes=[Outcome.ANSWERED],
        stages=dict.fromkeys(Stage, 0.1),
        labels=Counter({"Mind Reading": 1}),
        redactions=Counter({"PERSON": 1}),
        tokens=10,
        padded_tokens=11,
    )


@pytest.fixture(scope="session")
def families() -> dict[str, list[Metric]]:
    """The metric families that a worker, an exporter and a gateway expose, by scrape job."""
    worker, exporter = CollectorRegistry(), CollectorRegistry()
    metrics = Metrics(worker)
    metrics.observe(_batch())
    metrics.model(name="default", version="1", precision="fp32", device="cpu")
    worker.register(DeviceCollector(lambda: [DeviceState("0", 0.5, 2**30, 2**33, 4)]))
    exporter.register(QueueCollector(StandInRedis(), WorkerSettings(_env_file=None)))  # type: ignore[arg-type]
    gateway = GatewayMetrics.of_nothing()
    gateway.answered("GET", "/v1/live", 200, 0.1)
    return {
        "journal-worker": list(worker.collect()),
        "journal-exporter": list(exporter.collect()),
        "journal-gateway": list(gateway.registry.collect()),
    }


@pytest.fixture(scope="session")
def exposed(families: dict[str, list[Metric]]) -> list[str]:
    """Every series of them, as Prometheus stores it."""
    series = []
    for job, found in families.items():
        for sample in (sample for family in found for sample in family.samples):
            labels = {**sample.labels, "job": job, "instance": "10.0.0.2:9808"}
            pairs = ", ".join(f'{name}="{value}"' for name, value in labels.items())
            series.append(f"{sample.name}{{{pairs}}}")
    return series
