"""A rolling upgrade under load, and back: workers, clients and readers of two versions on one Redis.

    python -m tests.integration.upgrade.rolling --old CHECKOUT [--old-worker deploy.chaos.light_worker]

Workers of the old version are replaced one by one by workers of this one, and these by old ones
again, while clients of both versions submit and readers of both versions read. The last line tells
what was acknowledged, lost and answered twice, as one JSON object.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click
from pydantic import SecretStr

from deploy.local.server import Server
from producer import JournalClient, JournalEntry, KeySet, Settings
from producer.sealing import new_key, write_key_file

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[3]
_WORKER = "tests.chaos.light_worker"
#: Entries that one client submits at once, and the pause behind them.
_CHUNK, _PAUSE_SECONDS = 100, 0.2
#: How long workers of one mixture work before the next is replaced.
_STEP_SECONDS = 4.0
_END_SECONDS = 120.0


class Version:
    """Programs of one checkout, as processes.

    Args:
        root: of the checkout.
        worker: the module of its worker with stand-in stages.
        environment: settings of all its programs.
        folder: for logs and output.
    """

    def __init__(self, root: Path, worker: str, environment: dict[str, str], folder: Path) -> None:
        self.root = root
        self._worker = worker
        self._environment = {**os.environ, **environment, "PYTHONPATH": str(root)}
        self._folder = folder

    def start_worker(self, number: int) -> subprocess.Popen[bytes]:
        """A worker, which is not ready yet."""
        return self._start([self._worker, "run"], f"worker-{number}.log")

    def start_reader(self, group: str) -> subprocess.Popen[bytes]:
        """A process that writes each result of a group as a line of JSON, until it is stopped."""
        return self._start(["producer.cli", "results", "--group", group], f"{group}.jsonl")

    def submit(self, path: Path) -> None:
        """Submit the entries of a file, and wait until they are acknowledged."""
        subprocess.run(
            [sys.executable, "-m", "producer.cli", "submit", "--file", str(path)],
            cwd=self.root,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            check=True,
        )

    def _start(self, arguments: Sequence[str], log: str) -> subprocess.Popen[bytes]:
        with (self._folder / log).open("ab") as stream:
            return subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=self.root,
                env=self._environment,
                stdout=stream,
                stderr=subprocess.DEVNULL,
            )


class Rolling:
    """The run: who works when, what was acknowledged, and what the readers saw.

    Args:
        old, new: the two versions.
        client: of this version.
        folder: where the readers write.
    """

    def __init__(self, old: Version, new: Version, client: JournalClient, folder: Path) -> None:
        self._old, self._new, self._client, self._folder = old, new, client, folder
        self._acknowledged: list[str] = []
        #: Whether nothing was lost, answered twice or given up.
        self.sound = False
        self._workers: list[subprocess.Popen[bytes]] = []

    def run(self) -> dict[str, object]:
        """Upgrade and go back; returns the figures."""
        readers = [self._old.start_reader("read-by-old"), self._new.start_reader("read-by-new")]
        try:
            for version in (self._old, self._old, self._new, self._new, self._old, self._old):
                self._replace(version)
                self._load(_STEP_SECONDS)
            counts = self._read_to_the_end()
        finally:
            for process in (*readers, *self._workers):
                process.send_signal(signal.SIGTERM)
            for process in (*readers, *self._workers):
                process.wait(timeout=60)
        lost = {group: len(set(self._acknowledged) - set(seen)) for group, seen in counts.items()}
        twice = {group: seen.total() - len(seen) for group, seen in counts.items()}
        dead = self._client.status().dead
        self.sound = not any((*lost.values(), *twice.values(), dead))
        return {
            "acknowledged": len(self._acknowledged),
            "answered": {group: len(seen) for group, seen in counts.items()},
            "lost": lost,
            "twice": twice,
            "dead": dead,
        }

    def _replace(self, version: Version) -> None:
        """Start a worker; once there are more than two, the oldest is told to end."""
        self._workers.append(version.start_worker(len(self._workers)))
        self._load(_STEP_SECONDS)
        if len(self._workers) > 2:
            self._workers.pop(0).send_signal(signal.SIGTERM)

    def _load(self, seconds: float) -> None:
        """Submit by clients of both versions for a while."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            path = self._folder / "entries.jsonl"
            names = self._names("old")
            lines = (json.dumps({"entry_id": name, "text": "It rained."}) for name in names)
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
            self._old.submit(path)
            self._acknowledged += names
            for _ in range(3):
                names = self._names("new")
                self._client.submit_many(
                    [JournalEntry(entry_id=name, text="The sun came out.") for name in names]
                )
                self._acknowledged += names
                time.sleep(_PAUSE_SECONDS)

    def _names(self, of: str) -> list[str]:
        first = len(self._acknowledged)
        return [f"{of}-{first + i}" for i in range(_CHUNK)]

    def _read_to_the_end(self) -> dict[str, Counter[str]]:
        """What each reader saw, once nothing is open or nothing happens any more."""
        ends = time.monotonic() + _END_SECONDS
        while True:
            counts = {group: self._seen(group) for group in ("read-by-old", "read-by-new")}
            everywhere = set.intersection(*map(set, counts.values()))
            if everywhere >= set(self._acknowledged) or time.monotonic() > ends:
                return counts
            time.sleep(0.5)

    def _seen(self, group: str) -> Counter[str]:
        lines = (self._folder / f"{group}.jsonl").read_text(encoding="utf-8").split("\n")
        return Counter(json.loads(line)["entry_id"] for line in lines[:-1])


@click.command(help=__doc__)
@click.option("--old", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--old-worker", default="deploy.chaos.light_worker", show_default=True)
def main(old: Path, old_worker: str) -> None:
    """Run the upgrade and tell its figures; exit 1 if an entry was lost or answered twice."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="journal-upgrade-")))
        server = stack.enter_context(Server())
        keys_file = folder / "keys.json"
        write_key_file(keys_file, [new_key()])
        environment = {
            "JOURNAL_REDIS_URL": server.url,
            "JOURNAL_KEYS_FILE": str(keys_file),
            "JOURNAL_CONCURRENCY": "1",
            "JOURNAL_METRICS_PORT": "0",
            "CHAOS_SECONDS_PER_ENTRY": "0.01",
        }
        settings = Settings(redis_url=SecretStr(server.url), keys_file=keys_file)
        client = JournalClient(settings, KeySet.load(keys_file))
        stack.callback(client.close)
        before = Version(old.resolve(), old_worker, environment, folder)
        after = Version(ROOT, _WORKER, environment, folder)
        rolling = Rolling(before, after, client, folder)
        figures = rolling.run()
    click.echo(json.dumps(figures))
    if not rolling.sound:
        sys.exit(1)


if __name__ == "__main__":
    main()
