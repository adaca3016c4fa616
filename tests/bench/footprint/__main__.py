"""What each process holds when it works: connections to Redis, memory; and the bytes of a result.

    python -m tests.bench.footprint

Starts a server of its own, an exporter, a gateway, and the shipped models with one child and with
two; `deploy/capacity.py` computes with what it prints. About a minute on two cores.
"""

from __future__ import annotations

import json
import tempfile
import time
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import redis

from deploy.local.processes import Process, ServingProcess
from deploy.local.server import Server, free_port
from producer import JournalClient, KeySet, Settings
from producer.gateway import api_keys
from producer.load.texts import random_texts
from producer.schemas import JournalEntry
from producer.sealing import new_key, write_key_file
from tests.bench.machine import anonymous_bytes, mapped_bytes, tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ENTRIES = 200
PATIENCE_SECONDS = 120.0


class Footprint:
    """Measures on one server that nobody else uses.

    Args:
        url: of the server.
        environment: the settings of every process.
        folder: where their logs go.
    """

    def __init__(self, url: str, environment: Mapping[str, str], folder: Path) -> None:
        self._server = redis.Redis.from_url(url)
        self._environment = environment
        self._folder = folder

    @contextmanager
    def connected(self, process: ServingProcess, told: dict[str, float]) -> Iterator[None]:
        """Run a process; when the block ends, tell its connections and its MiB."""
        before = self._clients()
        with process:
            process.wait_ready()
            yield
            told["connections"] = self._clients() - before
            pids = tree([process.pid])
            used = sum(map(anonymous_bytes, pids)) + mapped_bytes(pids)
            told["mib"] = round(used / 2**20)

    def worker(self, children: int) -> dict[str, float]:
        """A worker with so many children, after it has answered some entries."""
        told: dict[str, float] = {}
        environment = {**self._environment, "JOURNAL_CONCURRENCY": str(children)}
        log = self._folder / f"worker-{children}.log"
        with self.connected(Process("run", environment, log=log), told):
            self._answer(children)
        used = self._server.memory_usage("journal.results", samples=0) or 0
        told["result_bytes"] = round(used / int(self._server.xlen("journal.results")))
        return told

    def exporter(self) -> dict[str, float]:
        """The exporter."""
        told: dict[str, float] = {}
        process = Process("exporter", self._environment, log=self._folder / "exporter.log")
        with self.connected(process, told):
            pass
        return told

    def gateway(self) -> dict[str, float]:
        """A gateway that nobody calls; each call that waits holds a connection more."""
        told: dict[str, float] = {}
        port = free_port()
        command = ("producer.gateway.cli", "run", "--port", str(port))
        log = self._folder / "gateway.log"
        process = ServingProcess(*command, port=port, environment=self._environment, log=log)
        with self.connected(process, told):
            pass
        return told

    def _clients(self) -> int:
        return len(self._server.client_list()) - 1

    def _answer(self, run: int) -> None:
        """Submit entries and wait until all have a result."""
        settings = Settings.load(redis_url=self._environment["JOURNAL_REDIS_URL"])
        expected = int(self._server.xlen("journal.results")) + ENTRIES
        with JournalClient(
            settings, KeySet.load(Path(self._environment["JOURNAL_KEYS_FILE"]))
        ) as client:
            texts = islice(random_texts(seed=run), ENTRIES)
            entries = (
                JournalEntry(entry_id=f"{run}-{i}", text=text) for i, text in enumerate(texts)
            )
            client.submit_many(entries)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while int(self._server.xlen("journal.results")) < expected:
            if time.monotonic() > deadline:
                raise SystemExit("the worker did not answer in time")
            time.sleep(0.1)


def main() -> None:
    """Measure and print a line of JSON for each part."""
    with tempfile.TemporaryDirectory(prefix="journal-footprint-") as name, Server() as server:
        folder = Path(name)
        keys, access = folder / "keys.json", folder / "api-keys.json"
        write_key_file(keys, [new_key()])
        api_keys.write(access, (api_keys.new_key("bench", rate="none")[1],))
        environment = {
            "JOURNAL_REDIS_URL": server.url,
            "JOURNAL_KEYS_FILE": str(keys),
            "JOURNAL_GATEWAY_API_KEYS_FILE": str(access),
        }
        footprint = Footprint(server.url, environment, folder)
        print(json.dumps({"part": "exporter", **footprint.exporter()}))
        print(json.dumps({"part": "gateway", **footprint.gateway()}))
        for children in (1, 2):
            told = footprint.worker(children)
            print(json.dumps({"part": "worker", "children": children, **told}))


if __name__ == "__main__":
    main()
