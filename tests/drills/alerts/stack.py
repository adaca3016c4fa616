"""The system that a drill of alerts happens to, and what its operator can do with it."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import redis

from deploy.local.processes import ROOT, ServingProcess
from deploy.local.server import Server, free_port
from producer import JournalClient, JournalEntry, Settings
from producer.errors import BackpressureError
from producer.sealing import new_key, write_key_file
from tests.autoscale.deployment import WorkerProcess
from tests.autoscale.ledger import Queue
from tests.autoscale.prometheus import Prometheus
from tests.chaos.ledger import Ledger
from tests.drills.alerts.rules import QUEUE_ROOM, hasty
from tests.drills.alerts.waiting import DrillError, wait_until
from tests.drills.alerts.watch import Watch
from tests.soak.load import GroupReader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Prometheus asks twice a second.
_SPEED = 30.0
#: So many workers there may be at once.
WORKERS = 3
_MODULE = "tests.drills.alerts.worker"
_CHUNK = 50
_COMMAND_SECONDS = 60


class Stack:
    """A server, an exporter, Prometheus and a reader of results; workers are started by scenes.

    Args:
        program: Prometheus.
        folder: for keys, logs and data.
        environment: settings of its processes beside the usual ones.

    Attributes:
        environment: the settings of processes that are started from now on.
        backend_keys: the key file of the backend that submits.
        ledger: what was acknowledged, answered and given up.
        cast: further processes and servers of scenes, by name.
    """

    def __init__(self, program: str, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.keys_file, self.backend_keys = folder / "keys.json", folder / "backend-keys.json"
        self.server = Server(directory=folder / "redis", appendonly=True, maxmemory="1gb")
        self.environment = {
            "JOURNAL_REDIS_URL": self.server.url,
            "JOURNAL_KEYS_FILE": str(self.keys_file),
            "JOURNAL_CONCURRENCY": "1",
            "JOURNAL_MAX_BATCH_ENTRIES": "8",
            "JOURNAL_MAX_QUEUE_ENTRIES": str(QUEUE_ROOM),
            "JOURNAL_LEASE_SECONDS": "5",
            "CHAOS_SECONDS_PER_ENTRY": "0.01",
            **environment,
        }
        self.ledger = Ledger()
        self.ports = [free_port() for _ in range(WORKERS)]
        self.workers: dict[int, WorkerProcess] = {}
        self.exporter_port, self.gateway_port = free_port(), free_port()
        self.exporter = self._new_exporter()
        self.cast: dict[str, Any] = {}
        self._numbers = itertools.count(1)
        jobs = {
            "journal-worker": self.ports,
            "journal-exporter": [self.exporter_port],
            "journal-gateway": [self.gateway_port],
        }
        self._prometheus = Prometheus(program, folder / "prometheus", jobs, _SPEED, hasty())
        self.watch = Watch(self._prometheus)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        write_key_file(self.keys_file, [new_key()])
        self.backend_keys.write_bytes(self.keys_file.read_bytes())
        with ExitStack() as stack:
            stack.enter_context(self.server)
            stack.callback(self._stop_processes)
            self.exporter.start()
            stack.enter_context(self._prometheus)
            stack.enter_context(self.watch)
            self.exporter.wait_ready()
            # An alert that is silent before a scene is silent for what Prometheus has seen.
            wait_until(self._is_seen, "Prometheus to find the exporter")
            reader = GroupReader(Queue(self.server.url), self.settings(), self.ledger.answered)
            stack.callback(reader.stop)
            reader.start()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def keep(self, context: Any) -> Any:
        """Enter what ends with the stack; returns what it gives."""
        return self._stack.enter_context(context)

    def settings(self, **changes: Any) -> Settings:
        """Of a client; by default as those of the processes."""
        given = {
            "redis_url": self.server.url,
            "keys_file": self.backend_keys,
            "lanes": self.environment.get("JOURNAL_LANES"),
            "max_queue_entries": QUEUE_ROOM,
        }
        return Settings.load(**{**given, **changes})

    def submit(self, texts: Sequence[str], lane: str | None = None, **changes: Any) -> list[str]:
        """Submit as a backend does, until all are acknowledged or the queue is full.

        Args:
            texts: of the entries.
            lane: theirs.
            changes: of the backend's settings.

        Returns:
            The ids of those that were acknowledged.
        """
        entries = [JournalEntry(entry_id=f"e{next(self._numbers)}", text=text) for text in texts]
        done: list[str] = []
        with JournalClient(self.settings(**changes)) as client:
            for start in range(0, len(entries), _CHUNK):
                try:
                    receipts = client.submit_many(entries[start : start + _CHUNK], lane=lane)
                except BackpressureError as exc:
                    receipts = list(exc.receipts)
                done += [receipt.entry_id for receipt in receipts]
                self.ledger.submitted(done)
                if len(done) < min(start + _CHUNK, len(entries)):
                    break
        return done

    def start_worker(
        self, number: int = 0, changes: Mapping[str, str] | None = None, *, wait: bool = True
    ) -> None:
        """Start a worker, in place of one that ran before.

        Args:
            number: of the worker, which has a port of its own.
            changes: of its settings.
            wait: until it is ready.
        """
        self.stop_worker(number)
        worker = WorkerProcess(
            {**self.environment, **(changes or {})},
            port=self.ports[number],
            log=self.folder / f"worker-{number}.log",
            module=_MODULE,
        )
        self.workers[number] = worker
        worker.start()
        if wait:
            worker.wait_ready()

    def stop_worker(self, number: int, seconds: float = 30.0) -> None:
        """Stop a worker, if it is there; it is killed if that takes longer."""
        if number in self.workers:
            self.workers.pop(number).stop(seconds)

    def only_worker(self, changes: Mapping[str, str] | None = None) -> None:
        """Stop all workers but the first, and start that one anew."""
        for number in range(1, WORKERS):
            self.stop_worker(number)
        self.start_worker(0, changes)

    def log(self, number: int = 0) -> str:
        """What a worker has logged, in all its lives."""
        return (self.folder / f"worker-{number}.log").read_text(errors="replace")

    def restart_exporter(self) -> None:
        """Start the exporter, with the settings as they are now."""
        self.exporter.stop()
        self.exporter = self._new_exporter()
        self.exporter.start()
        self.exporter.wait_ready()

    def journal(self, *arguments: str, module: str = "producer.cli") -> str:
        """Run the command `journal`, and return what it prints.

        Raises:
            DrillError: its exit code tells that it could not do it; 1 is that of a doctor who has
                found something.
        """
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env={**os.environ, **self.environment, "COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=_COMMAND_SECONDS,
            check=False,
        )
        if done.returncode not in {0, 1}:
            raise DrillError(f"journal {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def dead_letters(self) -> list[dict[str, Any]]:
        """What `journal dead list --json` tells."""
        return [json.loads(line) for line in self.journal("dead", "list", "--json").splitlines()]

    def drop(self, reason: str) -> None:
        """Drop the dead letters of a reason, and note which entries those were."""
        letters = [letter for letter in self.dead_letters() if letter["reason"] == reason]
        self.journal("dead", "drop", "--all", "--reason", reason, "--yes")
        self.ledger.died([letter["entry_id"] for letter in letters])

    def admin(self) -> redis.Redis:
        """A client of the server, to be closed by whoever asked."""
        return redis.Redis.from_url(self.server.url, socket_timeout=10.0, decode_responses=True)

    def waiting(self) -> int:
        """How many entries wait or are claimed."""
        keys = self.settings().queue_keys
        with self.admin() as admin:
            lists = (*keys.waiting, *keys.all_parked)
            return sum(int(admin.llen(name)) for name in lists) + int(admin.hlen(keys.claims))

    def wait_for_answers(self) -> None:
        """Wait until every entry that was acknowledged is answered or given up.

        Raises:
            DrillError: one is not.
        """
        if self.lost() and not self.workers:
            self.start_worker()
        wait_until(lambda: not self.lost(), "every acknowledged entry to have its end")

    def lost(self) -> int:
        """How many acknowledged entries have neither an answer nor a dead letter."""
        if not self.ledger.open:
            return 0
        with self.admin() as admin:
            letters: Any = admin.xrange(self.settings().dead)
        ended = {fields["entry_id"] for _, fields in letters} | {*self.ledger.dead}
        return len(self.ledger.acknowledged.keys() - ended - {*self.ledger.answers})

    def twice(self) -> int:
        """How many of them have more than one of these."""
        return self.ledger.duplicated

    def _is_seen(self) -> bool:
        return bool(self._prometheus.series("journal_redis_up == 1", time.time()))

    def _new_exporter(self) -> ServingProcess:
        port = self.exporter_port
        environment = {**self.environment, "JOURNAL_EXPORTER_PORT": str(port)}
        log = self.folder / "exporter.log"
        return ServingProcess("worker.cli", "exporter", port=port, environment=environment, log=log)

    def _stop_processes(self) -> None:
        for number in range(WORKERS):
            self.stop_worker(number)
        self.exporter.stop()
