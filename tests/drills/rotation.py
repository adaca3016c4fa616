"""Keys rotated under load, by the three steps that are documented: is every entry read?

    python -m tests.drills.rotation --rotations 3

Does what `deploy/README.md` says under "Rotate keys", with `journal keys` and with restarts of readers and
workers one by one. A reader is `journal results`, so that an entry counts only if its result was opened.
Ends with one JSON line; exit code 1 if an entry was lost, given up, or read twice.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deploy.local.processes import ROOT, ModuleProcess
from producer import JournalClient, KeySet
from tests.drills.load import Load

if TYPE_CHECKING:
    from collections.abc import Collection

#: Figures that have to be 0.
FAULTS = ("lost", "dead", "twice")
_LOOK_SECONDS = 0.1
_PATIENCE_SECONDS = 120.0


class Drill:
    """Rotations one after another.

    Args:
        load: what goes on meanwhile.
        calm: seconds of load between the steps.
    """

    def __init__(self, load: Load, calm: float) -> None:
        self._load, self._calm = load, calm
        self._reader = ModuleProcess(
            *("producer.cli", "results", "--json"),
            environment=load.environment,
            log=load.folder / "reader.jsonl",
        )
        self._most_parked = 0

    def run(self, rotations: int) -> dict[str, Any]:
        """Rotate so often; returns the figures."""
        load = self._load
        with self._reader, JournalClient(load.settings) as client:
            load.submitter.start()
            load.wait(self._calm)
            began = time.monotonic()
            for _ in range(rotations):
                self._rotate()
            seconds = (time.monotonic() - began) / rotations
            load.submitter.stop()
            load.drain()
            self._wait_until_read(load.acknowledged())
            status = client.status()
        read = self._read()
        return {
            "rotations": rotations,
            "seconds_each": round(seconds, 1),
            "acknowledged": len(load.acknowledged()),
            "lost": len(load.acknowledged() - set(read)),
            "dead": status.dead,
            "twice": read.total() - len(read),
            "most_parked": self._most_parked,
            "keys": len(KeySet.load(load.keys_file).key_ids),
        }

    def _rotate(self) -> None:
        """Add a key, let it seal, and remove the one before once nothing is sealed with it."""
        old = KeySet.load(self._load.keys_file).current
        new = json.loads(self._keys("add"))["kid"]
        self._restart()
        self._keys("promote", new)
        self._restart()
        self._load.submitter.renew()
        self._load.wait(self._calm)  # until it has
        self._wait_until_read(self._load.acknowledged())
        self._keys("remove", old)

    def _restart(self) -> None:
        """Restart the reader, and the workers one by one."""
        self._reader.stop()
        self._reader.start()
        for worker in self._load.workers:
            worker.stop()
            worker.start()
            worker.wait_ready()
            with JournalClient(self._load.settings) as client:
                self._most_parked = max(self._most_parked, client.status().parked)
        self._load.wait(self._calm)

    def _keys(self, *arguments: str) -> str:
        command, *kid = arguments
        done = subprocess.run(
            [
                *(sys.executable, "-m", "producer.cli", "keys", command),
                *("--file", str(self._load.keys_file), *kid),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def _wait_until_read(self, ids: Collection[str]) -> None:
        ends = time.monotonic() + _PATIENCE_SECONDS
        while set(ids) - set(self._read()) and time.monotonic() < ends:
            time.sleep(_LOOK_SECONDS)

    def _read(self) -> Counter[str]:
        """The ids of all results that the reader opened, and how often."""
        lines = self._reader.log.read_text(encoding="utf-8").split("\n")
        found = (json.loads(line) for line in lines[:-1] if line.startswith("{"))
        return Counter(one["entry_id"] for one in found)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--rotations", default=3, help="How many.")
@click.option("--calm", default=3.0, help="Seconds of load between the steps.")
@click.option("--rate", default=100.0, help="Entries a second.")
def main(rotations: int, calm: float, rate: float) -> None:
    """Rotate keys under load and account for every entry."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with (
        tempfile.TemporaryDirectory(prefix="journal-rotation-") as folder,
        Load(Path(folder), rate) as load,
    ):
        outcome = Drill(load, calm).run(rotations)
    click.echo(json.dumps(outcome))
    sys.exit(any(outcome[figure] for figure in FAULTS))


if __name__ == "__main__":
    main()
