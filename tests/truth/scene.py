"""The system whose dashboard is judged: a server, workers, the exporter, the gateway, a Prometheus."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

import yaml

from deploy.local.processes import ROOT, Process, ServingProcess
from deploy.local.server import free_port
from producer import JournalClient, KeySet
from producer.gateway import api_keys
from producer.sealing import new_key, write_key_file
from producer.settings import Settings
from tests.autoscale.deployment import WorkerProcess
from tests.autoscale.ledger import Queue
from tests.autoscale.prometheus import SCRAPE_SECONDS, Prometheus
from tests.bench.setting import Setting
from tests.truth.diary import read_diary
from tests.truth.webhook import Endpoint

if TYPE_CHECKING:
    import redis

    from tests.truth.diary import Batch

#: Prometheus asks this much more often than in a deployment.
SPEED = 30.0
SCRAPE = SCRAPE_SECONDS / SPEED
#: Alerts fire so much sooner, that all of them do within a drill.
_ALERTS_SPEED = 120.0
LANES = "interactive=8,bulk=1"
#: So many entries may wait in both lanes together.
ROOM = 600
#: Children of each worker.
CHILDREN = (2, 1)
MAX_BATCH_ENTRIES = 8
ENTRY_SECONDS = 0.015
MAXMEMORY = 1_000_000_000
CALLER = "app"
_UNITS = {"s": 1, "m": 60, "h": 3600}


class Scene:
    """All processes, from their start to their end.

    Args:
        program: Prometheus.
    """

    def __init__(self, program: str) -> None:
        self._program = program
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self.hold.unlink(missing_ok=True)
        self._stack.close()

    def batches(self) -> list[Batch]:
        """What the workers' stages noted."""
        return read_diary(self._diary)

    def client(self, keys: KeySet | None = None) -> JournalClient:
        """A producer, with the keys of the workers or with others."""
        return JournalClient(self.settings, keys or self.keys)

    def _start(self, stack: ExitStack) -> None:
        setting = stack.enter_context(Setting())
        self.hold, self._diary = setting.directory / "hold", setting.directory / "diary.jsonl"
        self.redis: redis.Redis = stack.enter_context(Queue(setting.url(0)).admin())
        self.redis.config_set("maxmemory", MAXMEMORY)
        self.keys = KeySet.load(setting.keys_file)
        others = setting.directory / "other-keys.json"
        write_key_file(others, [new_key()])
        #: That no worker has.
        self.other_keys = KeySet.load(others)
        self.settings = Settings.load(
            redis_url=setting.url(0),
            keys_file=setting.keys_file,
            lanes=LANES,
            max_queue_entries=ROOM,
        )
        self.environment = {
            **setting.environment(0),
            "JOURNAL_LANES": LANES,
            "JOURNAL_MAX_QUEUE_ENTRIES": str(ROOM),
            "JOURNAL_MAX_BATCH_ENTRIES": str(MAX_BATCH_ENTRIES),
            "CHAOS_SECONDS_PER_ENTRY": str(ENTRY_SECONDS),
            "TRUTH_HOLD": str(self.hold),
            "TRUTH_DIARY": str(self._diary),
        }
        self.exporter = Process("exporter", self.environment, log=setting.log("exporter"))
        self.workers = [self._worker(setting, number) for number in range(len(CHILDREN))]
        self.endpoint = stack.enter_context(Endpoint())
        self.gateway = self._gateway(setting)
        jobs = {
            "journal-worker": [worker.port for worker in self.workers],
            "journal-exporter": [self.exporter.port],
            "journal-gateway": [self.gateway.port],
        }
        folder = setting.directory / "prometheus"
        self.prometheus = Prometheus(self._program, folder, jobs, SPEED, sooner(load_rules()))
        processes: list[ServingProcess] = [self.exporter, *self.workers, self.gateway]
        for process in processes:
            stack.enter_context(process)
        stack.enter_context(self.prometheus)
        for process in processes:
            process.wait_ready()
        self._wait_until_seen(sum(map(len, jobs.values())))

    def _worker(self, setting: Setting, number: int) -> WorkerProcess:
        environment = {**self.environment, "JOURNAL_CONCURRENCY": str(CHILDREN[number])}
        log = setting.log(f"worker-{number}")
        return WorkerProcess(environment, port=free_port(), log=log, module="tests.truth.worker")

    def _gateway(self, setting: Setting) -> ServingProcess:
        self.token, key = api_keys.new_key(CALLER, rate="none", webhook_url=self.endpoint.url)
        path = setting.directory / "api-keys.json"
        api_keys.write(path, (key,))
        environment = {
            **self.environment,
            "JOURNAL_GATEWAY_API_KEYS_FILE": str(path),
            "JOURNAL_GATEWAY_WEBHOOKS_PRIVATE": "true",
            "JOURNAL_GATEWAY_DRAIN_SECONDS": "0",
        }
        port = free_port()
        command = ("producer.gateway.cli", "run", "--port", str(port))
        return ServingProcess(
            *command, port=port, environment=environment, log=setting.log("gateway")
        )

    def _wait_until_seen(self, targets: int) -> None:
        """Wait until Prometheus has twice found everything, so that each counter has a zero."""
        children = f"sum(min_over_time(journal_worker_children[{2 * SCRAPE:g}s]))"
        seen = f"sum(min_over_time(up[{2 * SCRAPE:g}s]))"
        until = time.monotonic() + 30
        while True:
            found = self.prometheus.series(seen, time.time())
            ready = self.prometheus.series(children, time.time())
            if [value for _, value in (*found, *ready)] == [targets, sum(CHILDREN)]:
                return
            if time.monotonic() > until:
                raise SystemExit("Prometheus does not find all processes")
            time.sleep(0.2)


def load_rules() -> dict[str, Any]:
    """The alert rules of `deploy/prometheus`."""
    path = ROOT / "deploy/prometheus/alerts.yml"
    rules: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return rules


def sooner(rules: dict[str, Any]) -> dict[str, Any]:
    """The same rules, whose alerts fire after so much less time."""
    for group in rules["groups"]:
        for rule in group["rules"]:
            if "for" in rule:
                seconds = int(rule["for"][:-1]) * _UNITS[rule["for"][-1]]
                rule["for"] = f"{round(1000 * seconds / _ALERTS_SPEED)}ms"
    return rules
