"""`make chaos`: break things under load and account for every entry.

Submits entries and keeps a ledger outside Redis of what `submit` acknowledged, while it kills
workers, children, the exporter and Redis, pauses workers past their lease, cuts connections and
fills Redis's memory. Then it waits until every acknowledged entry is answered or a dead letter, and
counts. Ends with one JSON line; exit code 1 if anything was lost, answered twice, or stuck.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import redis
from rich.console import Console

from deploy.local.server import Server
from producer import Settings
from producer.keys import keys_of
from producer.message import QUEUE
from producer.sealing import new_key, write_key_file
from tests.chaos.blows import MAXMEMORY, Blows
from tests.chaos.fleet import Member, exporter, worker
from tests.chaos.ledger import Ledger
from tests.chaos.load import Submitter
from tests.chaos.readers import StreamReader

console = Console(stderr=True, highlight=False)
SETTLE_SECONDS = 120.0
SHOW_SECONDS = 10.0


class Chaos:
    """One run.

    Args:
        work: a folder for keys, logs and the server's data.
        options: the command line.
    """

    def __init__(self, work: Path, options: dict[str, Any]) -> None:
        self._options = options
        self._random = random.Random(options["seed"])
        keys = work / "keys.json"
        write_key_file(keys, [new_key()])
        self.server = Server(directory=work / "redis", appendonly=True, maxmemory=MAXMEMORY)
        self.environment = {
            "JOURNAL_REDIS_URL": self.server.url,
            "JOURNAL_KEYS_FILE": str(keys),
            "JOURNAL_CONCURRENCY": "2",
            "JOURNAL_LEASE_SECONDS": str(options["lease"]),
            "JOURNAL_BATCH_TIMEOUT_SECONDS": "15",
            "JOURNAL_LOG_LEVEL": "WARNING",
            "JOURNAL_MAX_RESULTS": "1000000",
        }
        settings = Settings.load(
            redis_url=self.server.url, keys_file=keys, max_queue_entries=1_000_000
        )
        self.ledger = Ledger()
        self.workers = [
            worker(self.environment, work / f"worker-{i}.log", transport=options["transport"])
            for i in range(options["workers"])
        ]
        self.exporter = exporter(self.environment, work / "exporter.log")
        self.submitter = Submitter(settings, self.ledger, options["rate"], total=options["entries"])
        self.readers = [
            StreamReader(self.server.url, settings.results, self.ledger.answered),
            StreamReader(self.server.url, settings.dead, self.ledger.died),
        ]
        self.blows = Blows(
            self.server,
            self.workers,
            self.exporter,
            self._random,
            lease=options["lease"],
            pauses=options["pauses"],
            redis_kills=options["redis_kills"],
        )

    @property
    def members(self) -> list[Member]:
        """Everything that is kept alive."""
        return [*self.workers, self.exporter]

    def run(self) -> dict[str, Any]:
        """Break things for as long as the options ask, then count."""
        started = time.monotonic()
        self.server.start()
        try:
            self._loop(started)
            ended = time.monotonic()
            self._settle()
            return self._account(ended - started)
        finally:
            self.submitter.stop()
            for reader in self.readers:
                reader.stop()
            for member in self.members:
                member.stop()
            self.server.close()

    def _loop(self, started: float) -> None:
        for thread in (*self.readers, self.submitter):
            thread.start()
        interval = self._options["interval"]
        next_blow = time.monotonic() + 5.0
        shown = 0.0
        while not self._enough(time.monotonic() - started):
            for member in self.members:
                member.keep_alive()
            if time.monotonic() >= next_blow:
                self.blows.strike()
                next_blow = time.monotonic() + self._random.uniform(0.3, 1.7) * interval
            if time.monotonic() - shown > SHOW_SECONDS:
                shown = time.monotonic()
                console.print(
                    f"{shown - started:5.0f} s  submitted {len(self.ledger.acknowledged):,}  "
                    f"answered {len(self.ledger.answers):,}  {self.blows.counts}"
                )
            time.sleep(0.02)

    def _enough(self, seconds: float) -> bool:
        options = self._options
        if seconds < options["duration"]:
            return False
        return (
            self.blows.counts["kills"] >= options["kills"]
            and self.blows.counts["pauses"] >= options["pauses"]
            and (not options["entries"] or len(self.ledger.acknowledged) >= options["entries"])
        ) or seconds > options["max_duration"]

    def _settle(self) -> None:
        """Wait, without blows, until every acknowledged entry is accounted for or nothing moves."""
        self.submitter.stop()
        for member in self.members:
            member.resume()
        last, moved = self.ledger.open, time.monotonic()
        while last and time.monotonic() - moved < self._options["settle"]:
            for member in self.members:
                member.keep_alive()
            time.sleep(0.1)
            if (now := self.ledger.open) != last:
                last, moved = now, time.monotonic()

    def _account(self, seconds: float) -> dict[str, Any]:
        with redis.Redis.from_url(self.server.url) as client:
            keys = keys_of(QUEUE)
            stuck = client.llen(QUEUE) + client.llen(keys.woken) + client.hlen(keys.claims)
        ledger = self.ledger
        return {
            "transport": self._options["transport"],
            "seed": self._options["seed"],
            "seconds": round(seconds, 1),
            "submitted": len(ledger.acknowledged),
            "answered": sum(1 for i in ledger.acknowledged if i in ledger.answers),
            "lost": max(0, ledger.open - stuck),
            "duplicated": ledger.duplicated,
            "stuck": stuck,
            "dead": len(ledger.dead),
            **self.blows.counts,
            "restarts": sum(m.restarts for m in self.members),
            "longest_recovery_seconds": round(ledger.longest_silence, 1),
            "longest_answer_seconds": round(ledger.longest_wait, 1),
        }


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--duration", default=60.0, help="Seconds of load and blows, at least.")
@click.option("--max-duration", default=3600.0, help="Seconds after which it is enough anyhow.")
@click.option("--entries", default=0, help="Entries to submit at least; 0 for no target.")
@click.option("--kills", default=0, help="SIGKILLs at least.")
@click.option("--pauses", default=2, help="Pauses past the lease (exactly this many, if time).")
@click.option("--redis-kills", default=3, help="SIGKILLs of Redis at most.")
@click.option("--rate", default=400.0, help="Entries a second to submit.")
@click.option("--workers", default=3, help="Worker processes, of two children each.")
@click.option("--lease", default=5.0, help="Seconds of a lease (30 in production).")
@click.option("--interval", default=1.2, help="Mean seconds between blows.")
@click.option(
    "--settle", default=SETTLE_SECONDS, help="Seconds without movement that end the wait."
)
@click.option("--seed", default=1, help="Seed of the blows.")
@click.option(
    "--transport",
    type=click.Choice(["claim", "stock"]),
    default="claim",
    help="Our worker, or stock Celery with one task an entry.",
)
@click.option("--keep", type=click.Path(path_type=Path), help="Keep logs and data in this folder.")
def main(keep: Path | None, **options: Any) -> None:
    """Break things under load and account for every entry."""
    with tempfile.TemporaryDirectory(prefix="journal-chaos-") as temporary:
        work = keep or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        outcome = Chaos(work, options).run()
    click.echo(json.dumps(outcome))
    sys.exit(1 if outcome["lost"] or outcome["duplicated"] or outcome["stuck"] else 0)


if __name__ == "__main__":
    main()
