"""A backup of Redis under load, and its restore on a new server: what is there again, and what is not.

    python -m tests.drills.backup --by aof
    python -m tests.drills.backup --by rdb

Does what `deploy/README.md` says under "Back up". The server is then killed and its data are gone. Ends
with one JSON line; exit code 1 if an entry is missing that was acknowledged before the backup began, one
came twice that had been answered by then, or submitting again what has no result does not bring one.
"""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deploy.local.server import Server
from producer import JournalClient
from tests.autoscale.ledger import Queue
from tests.chaos.load import entry_of
from tests.drills.load import Load
from tests.soak.load import GroupReader

if TYPE_CHECKING:
    import redis

_APPENDED, _DUMP = "appendonlydir", "dump.rdb"
_LOOK_SECONDS = 0.02
#: Figures that have to be 0.
FAULTS = ("lost_of_backup", "twice_of_backup", "lost_in_the_end")


def back_up_aof(admin: redis.Redis, data: Path, backup: Path) -> None:
    """Copy the append-only file while nothing rewrites it."""
    name = "auto-aof-rewrite-percentage"
    before = admin.config_get(name)[name] or "100"
    admin.config_set(name, "0")
    _wait_for(admin, "aof_rewrite_in_progress")
    shutil.copytree(data / _APPENDED, backup / _APPENDED)
    admin.config_set(name, before)


def back_up_rdb(admin: redis.Redis, data: Path, backup: Path) -> None:
    """Let the server write a snapshot, and copy that."""
    admin.bgsave()
    _wait_for(admin, "rdb_bgsave_in_progress")
    backup.mkdir()
    shutil.copy2(data / _DUMP, backup / _DUMP)


def restore(backup: Path, data: Path, port: int) -> Server:
    """Start a new server on a copy of the backup.

    A server with an append-only file reads no snapshot: it starts without one, and gets it then.
    """
    shutil.copytree(backup, data)
    by_snapshot = (data / _DUMP).exists()
    server = Server(directory=data, appendonly=not by_snapshot, port=port)
    server.start()
    return server


def _wait_for(admin: redis.Redis, what: str) -> None:
    while True:
        known: Any = admin.info("persistence")
        if not known[what]:
            return
        time.sleep(_LOOK_SECONDS)


class Drill:
    """One backup and restore.

    Args:
        load: what goes on meanwhile.
        by: `aof` or `rdb`.
        seconds: of load before the backup, until the server dies, and after the restore.
    """

    def __init__(self, load: Load, by: str, seconds: float) -> None:
        self._load, self._by, self._seconds = load, by, seconds
        self._data, self._backup = load.folder / "data", load.folder / "backup"

    def run(self) -> dict[str, Any]:
        """Back up, lose everything, restore; returns the figures."""
        load, ledger = self._load, self._load.ledger
        reader = GroupReader(Queue(load.server.url), load.settings, ledger.answered)
        reader.start()
        load.submitter.start()
        load.wait(self._seconds)
        before, answered_before, began = load.acknowledged(), set(ledger.answers), time.monotonic()
        with load.admin() as admin:
            (back_up_aof if self._by == "aof" else back_up_rdb)(admin, self._data, self._backup)
        backed_up = time.monotonic()
        load.wait(self._seconds)
        load.server.kill()
        killed = time.monotonic()
        acknowledged, answered = load.acknowledged(), set(ledger.answers)
        self._replace_server()
        restored = time.monotonic()
        load.wait(self._seconds)
        load.submitter.stop()
        load.drain()
        reader.wait_for_all()
        lost = load.acknowledged() - set(ledger.answers) - set(ledger.dead)
        twice = {one for one, count in ledger.answers.items() if count > 1}
        self._submit_again(lost)
        load.drain()
        reader.wait_for_all()
        reader.stop()
        return {
            "by": self._by,
            "backup_bytes": sum(f.stat().st_size for f in self._backup.rglob("*") if f.is_file()),
            "backup_seconds": round(backed_up - began, 2),
            "restore_seconds": round(restored - killed, 2),
            "acknowledged_before_backup": len(before),
            "waiting_at_backup": len(before - answered_before),
            "lost_of_backup": len(lost & before),
            "twice_of_backup": len(twice & answered_before),
            "acknowledged_since": len(acknowledged - before),
            "lost_since": len(lost & acknowledged - before),
            "lost_later": len(lost - acknowledged),
            "answered_since": len(answered - answered_before),
            "twice_since": len(twice - answered_before),
            "lost_in_the_end": len(load.acknowledged() - set(ledger.answers) - set(ledger.dead)),
        }

    def _replace_server(self) -> None:
        """Another server at the same address, with the backup in place of what was lost."""
        load, data = self._load, self._load.folder / "restored"
        shutil.rmtree(self._data)
        port = int(load.server.url.rpartition(":")[2].partition("/")[0])
        load.server = restore(self._backup, data, port)
        if self._by == "rdb":
            with load.admin() as admin:
                admin.config_set("appendonly", "yes")
                _wait_for(admin, "aof_rewrite_in_progress")

    def _submit_again(self, ids: set[str]) -> None:
        """What a backend does that has no result for an entry: the same id, the same text."""
        entries = [entry_of(one) for one in sorted(ids)]
        with JournalClient(self._load.settings) as client:
            client.submit_many(entries)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--by", type=click.Choice(["aof", "rdb"]), default="aof", help="What is copied.")
@click.option("--seconds", default=15.0, help="Of load before, between and after.")
@click.option("--rate", default=300.0, help="Entries a second, more than the workers do.")
def main(by: str, seconds: float, rate: float) -> None:
    """Back up Redis under load, lose it, restore it, and account for every entry."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with (
        tempfile.TemporaryDirectory(prefix="journal-backup-") as folder,
        Load(Path(folder), rate) as load,
    ):
        outcome = Drill(load, by, seconds).run()
    click.echo(json.dumps(outcome))
    sys.exit(any(outcome[figure] for figure in FAULTS))


if __name__ == "__main__":
    main()
