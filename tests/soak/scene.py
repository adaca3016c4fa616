"""What is soaked: servers under Sentinels, workers, gateways, exporter and readers, as processes."""

from __future__ import annotations

import contextlib
from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

import psutil
import redis

from deploy.local.processes import ModuleProcess, Process, ServingProcess
from deploy.local.server import free_port
from producer import Settings
from producer.gateway import api_keys
from producer.sealing import new_key, write_key_file
from tests.chaos.fleet import LIGHT_WORKER
from tests.sentinels import SentinelGroup
from tests.soak.memory import Memory, held_by
from tests.tiny_model import write_tiny_model

if TYPE_CHECKING:
    from pathlib import Path

    from producer.keys import QueueKeys

CALLER = "app"
#: For so long a second submit counts as one, and replies and the gateway's results are kept: by these
#: Redis grows for that long, which in production is a day, and in a soak has to be a part of it.
KEPT_SECONDS = 60
#: Keys that every process knows from its start, as after the first step of that many rotations.
KEYS = 100
#: A machine that is busy is slow, and that is no failure of a server.
_DOWN_AFTER_MS = 5_000
_READY_SECONDS = 120.0


@dataclass
class Kept:
    """A process that is started again whenever it is gone.

    Attributes:
        process: it.
        restarts: how often it was restarted or killed.
        exits: how often it ended by itself.
    """

    process: ModuleProcess
    restarts: int = 0
    exits: int = 0

    def restart(self) -> None:
        """End it as an operator does, and start it again."""
        self.process.stop()
        self.process.start()
        self.restarts += 1

    def kill(self) -> None:
        """Send SIGKILL to it and its children, and start it again."""
        self.process.kill()
        self.process.start()
        self.restarts += 1

    def kill_child(self) -> bool:
        """Send SIGKILL to one of its children; returns whether it had one."""
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(self.process.pid).children()[:1]:
                child.kill()
                return True
        return False

    def keep_alive(self) -> None:
        """Start it if it has ended."""
        if not self.process.running:
            self.exits += 1
            self.process.start()


class Scene:
    """All processes.

    Args:
        work: a folder for keys, logs, temporary files and the servers' data.

    Attributes:
        steady: processes that nothing befalls, whose memory is judged, by name.
        struck: the others.
        settings: of clients, for the queue of stand-in stages and that of real ones.
    """

    replicas = 1

    def __init__(self, work: Path) -> None:
        self.work = work
        self.memory = Memory()
        self._stack = ExitStack()
        for name in ("redis", "logs", "tmp"):
            (work / name).mkdir(parents=True)
        self.keys_file = work / "keys.json"
        write_key_file(self.keys_file, [new_key() for _ in range(KEYS)])
        self.token, key = api_keys.new_key(CALLER, rate="none")
        api_keys.write(work / "api-keys.json", (key,))
        write_tiny_model(work / "model")
        self.group = SentinelGroup(
            work / "redis",
            replicas=self.replicas,
            follow=True,
            down_after_ms=_DOWN_AFTER_MS,
            on_start=_legible,
        )
        self.settings = self._settings()
        self.written = self._settings(
            queue="written.entries", results="written.results", dead="written.dead"
        )
        self.steady = {
            "worker": Kept(self._worker("worker")),
            "worker with models": Kept(self._worker_with_models()),
            "exporter": Kept(Process("exporter", self._environment(), log=self._log("exporter"))),
            "gateway": Kept(self._gateway("gateway")),
            "reader": Kept(self._reader("reader")),
        }
        self.struck = {
            "struck worker": Kept(self._worker("struck-worker")),
            "struck gateway": Kept(self._gateway("struck-gateway")),
            "struck reader": Kept(self._reader("struck-reader")),
        }

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self.group)
            for kept in self.kept:
                stack.callback(kept.process.stop)
                kept.process.start()
            self._wait_ready()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def kept(self) -> list[Kept]:
        """All processes that are started again."""
        return [*self.steady.values(), *self.struck.values()]

    @property
    def gateways(self) -> list[int]:
        """The ports of the gateways."""
        both = (self.steady["gateway"].process, self.struck["struck gateway"].process)
        return [one.port for one in both if isinstance(one, ServingProcess)]

    def admin(self) -> redis.Redis:
        """A client of the primary."""
        url = self.group.servers[self.group.primary()].url
        return redis.Redis.from_url(url, socket_timeout=10.0, decode_responses=True)

    def sample(self, now: float) -> None:
        """Note what everything holds whose memory is judged."""
        for name, kept in self.steady.items():
            if kept.process.running:
                self.memory.take(name, now, held_by(kept.process.pid))
        for number, server in enumerate(self.group.servers):
            self.memory.take(f"server {number}", now, held_by(server.pid))
        for number, pid in enumerate(self.group.sentinel_pids):
            self.memory.take(f"Sentinel {number}", now, held_by(pid))
        with contextlib.suppress(redis.RedisError, OSError), self.admin() as admin:
            known: Any = admin.info("memory")
            self.memory.take("data of Redis", now, known["used_memory"])

    def stuck(self) -> int:
        """How many entries wait or are claimed."""
        total = 0
        with self.admin() as admin:
            for settings in (self.settings, self.written):
                keys: QueueKeys = settings.queue_keys
                total += sum(int(admin.llen(name)) for name in keys.waiting)
                total += int(admin.hlen(keys.claims))
        return total

    def not_ready(self) -> list[str]:
        """The names of those that serve and do not say that they are ready."""
        both = {**self.steady, **self.struck}
        serving = {
            name: kept.process
            for name, kept in both.items()
            if isinstance(kept.process, ServingProcess)
        }
        return [name for name, one in serving.items() if one.page("readyz")[0] != HTTPStatus.OK]

    def pages(self) -> str:
        """All metrics and what the probes say."""
        serving = [one.process for one in self.kept if isinstance(one.process, ServingProcess)]
        names = ("metrics", "healthz", "readyz")
        return "".join(process.page(name)[1] for process in serving for name in names)

    def write_all(self) -> None:
        """Let every server write its data to disk, uncompressed."""
        for server in self.group.servers:
            with redis.Redis.from_url(server.url) as client:
                _legible(client)
                client.save()

    def _wait_ready(self) -> None:
        for kept in self.kept:
            if isinstance(kept.process, ServingProcess):
                kept.process.wait_ready(_READY_SECONDS)

    def _settings(self, **names: str) -> Settings:
        return Settings.load(
            redis_url=self.group.url,
            keys_file=self.keys_file,
            min_replicas=self.replicas,
            max_queue_entries=1_000_000,
            idempotency_seconds=KEPT_SECONDS,
            **names,
        )

    def _environment(self, settings: Settings | None = None) -> dict[str, str]:
        settings = settings or self.settings
        return {
            "JOURNAL_REDIS_URL": self.group.url,
            "JOURNAL_KEYS_FILE": str(self.keys_file),
            "JOURNAL_QUEUE": settings.queue,
            "JOURNAL_RESULTS": settings.results,
            "JOURNAL_DEAD": settings.dead,
            "JOURNAL_CONCURRENCY": "1",
            "JOURNAL_MIN_REPLICAS": str(self.replicas),
            "JOURNAL_IDEMPOTENCY_SECONDS": str(KEPT_SECONDS),
            "JOURNAL_REPLY_SECONDS": str(KEPT_SECONDS),
            "JOURNAL_GATEWAY_API_KEYS_FILE": str(self.work / "api-keys.json"),
            "JOURNAL_GATEWAY_RESULTS_SECONDS": str(KEPT_SECONDS),
            "TMPDIR": str(self.work / "tmp"),
            "HOME": str(self.work / "tmp"),
        }

    def _log(self, name: str) -> Path:
        return self.work / "logs" / f"{name}.log"

    def _worker(self, name: str) -> Process:
        return Process("run", self._environment(), log=self._log(name), module=LIGHT_WORKER)

    def _worker_with_models(self) -> Process:
        environment = {
            **self._environment(self.written),
            "JOURNAL_MODEL": str(self.work / "model"),
        }
        return Process("run", environment, log=self._log("worker-with-models"))

    def _gateway(self, name: str) -> ServingProcess:
        port = free_port()
        command = ("producer.gateway.cli", "run", "--port", str(port))
        environment = self._environment()
        return ServingProcess(*command, port=port, environment=environment, log=self._log(name))

    def _reader(self, name: str) -> ModuleProcess:
        """`journal results`, which writes what it reads to its log."""
        command = ("producer.cli", "results", "--json", "--consumer", name)
        return ModuleProcess(*command, environment=self._environment(), log=self._log(name))


def _legible(client: redis.Redis) -> None:
    """Let a server write what it holds as it is, so that words can be looked for in its files."""
    client.config_set("rdbcompression", "no")
