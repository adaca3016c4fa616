"""`make chaos`: break things under load and account for every entry.

Submits entries and keeps a ledger outside Redis of what `submit` acknowledged, while blows of many
kinds fall (`tests.chaos.blows`): processes are killed and paused, Redis is killed, hangs, is full or
read-only, connections break or go silent, the clock jumps, bursts come. Then it waits until every
acknowledged entry is answered or a dead letter, and counts. Ends with one JSON line; exit code 1 if
anything was lost, answered twice, or stuck, a worker is not ready again, or a log holds a text.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from producer import Settings
from producer.sealing import new_key, write_key_file
from tests.chaos.blows import COUNTERS, FAILOVER, KINDS, OF_OLD, Dealer
from tests.chaos.blows.stage import Stage
from tests.chaos.fleet import Member, exporter, worker
from tests.chaos.ledger import Ledger
from tests.chaos.load import WORDS, Submitter
from tests.chaos.readers import StreamReader
from tests.chaos.store import Group, OneServer, Store

console = Console(stderr=True, highlight=False)
SETTLE_SECONDS = 120.0
SHOW_SECONDS = 10.0
#: For how long workers have time to become ready when the blows are over.
READY_SECONDS = 30.0
#: Figures that have to be 0.
FAULTS = ("lost", "duplicated", "stuck", "not_ready", "texts_in_logs")


class Chaos:
    """One run.

    Args:
        work: a folder for keys, logs and the server's data.
        options: the command line.
    """

    def __init__(self, work: Path, options: dict[str, Any]) -> None:
        self._options = options
        self._not_ready = 0
        self._random = random.Random(options["seed"])
        keys = work / "keys.json"
        write_key_file(keys, [new_key()])
        fails_over = FAILOVER in options["kinds"]
        self.store: Store = (Group if fails_over else OneServer)(work / "redis")
        self.environment = {
            "JOURNAL_REDIS_URL": self.store.url,
            "JOURNAL_KEYS_FILE": str(keys),
            "JOURNAL_CONCURRENCY": "2",
            "JOURNAL_LEASE_SECONDS": str(options["lease"]),
            "JOURNAL_BATCH_TIMEOUT_SECONDS": "15",
            "JOURNAL_LOG_LEVEL": "WARNING",
            "JOURNAL_MAX_RESULTS": "1000000",
            "JOURNAL_MIN_REPLICAS": str(self.store.replicas),
        }
        settings = Settings.load(
            redis_url=self.store.url,
            keys_file=keys,
            max_queue_entries=1_000_000,
            min_replicas=self.store.replicas,
        )
        self.ledger = Ledger()
        self.workers = [
            worker(self.environment, work / f"worker-{i}.log", transport=options["transport"])
            for i in range(options["workers"])
        ]
        self.exporter = exporter(self.environment, work / "exporter.log")
        self.submitter = Submitter(settings, self.ledger, options["rate"])
        self.readers = [
            StreamReader(self.store, settings.results, self.ledger.answered),
            StreamReader(self.store, settings.dead, self.ledger.died),
        ]
        self.counts = Counter(dict.fromkeys(COUNTERS, 0))
        stage = Stage(
            self.store,
            self.workers,
            self.exporter,
            self.submitter,
            self._random,
            options["lease"],
            self.counts,
        )
        limits = {"pauses": options["pauses"], "redis_kills": options["redis_kills"]}
        self._least = {"kills": options["kills"], "failovers": options["failovers"]}
        if "pause" in options["kinds"]:
            self._least["pauses"] = options["pauses"]
        self.dealer = Dealer(stage, options["kinds"], limits)

    @property
    def members(self) -> list[Member]:
        """Everything that is kept alive."""
        return [*self.workers, self.exporter]

    def run(self) -> dict[str, Any]:
        """Break things for as long as the options ask, then count."""
        started = time.monotonic()
        with self.store:
            try:
                self._loop(started)
                ended = time.monotonic()
                self._settle()
                return self._account(ended - started)
            finally:
                self.dealer.finish()
                self.submitter.stop()
                for reader in self.readers:
                    reader.stop()
                for member in self.members:
                    member.stop()

    def _loop(self, started: float) -> None:
        for thread in (*self.readers, self.submitter):
            thread.start()
        interval = self._options["interval"]
        next_blow = time.monotonic() + 5.0
        shown = 0.0
        while not self._enough(time.monotonic() - started):
            for member in self.members:
                member.keep_alive()
            self.dealer.go_on()
            if time.monotonic() >= next_blow:
                self.dealer.strike()
                next_blow = time.monotonic() + self._random.uniform(0.3, 1.7) * interval
            if time.monotonic() - shown > SHOW_SECONDS:
                shown = time.monotonic()
                self._show(shown - started)
            time.sleep(0.02)

    def _enough(self, seconds: float) -> bool:
        if seconds < self._options["duration"]:
            return False
        dealt = all(self.counts[counter] >= least for counter, least in self._least.items())
        submitted = len(self.ledger.acknowledged) >= int(self._options["entries"])
        return (dealt and submitted) or seconds > float(self._options["max_duration"])

    def _show(self, seconds: float) -> None:
        """A line of progress."""
        done = "  ".join(f"{name} {count}" for name, count in self.counts.items() if count)
        console.print(
            f"{seconds:5.0f} s  submitted {len(self.ledger.acknowledged):,}  "
            f"answered {len(self.ledger.answers):,}  {done}"
        )

    def _settle(self) -> None:
        """Wait, without blows, until every acknowledged entry is accounted for or nothing moves."""
        self.dealer.finish()
        self.submitter.stop()
        for member in self.members:
            member.resume()
        last, moved = self._left(), time.monotonic()
        while any(last) and time.monotonic() - moved < self._options["settle"]:
            for member in self.members:
                member.keep_alive()
            time.sleep(0.2)
            if (now := self._left()) != last:
                last, moved = now, time.monotonic()

        self._not_ready = self._wait_ready()

    def _wait_ready(self) -> int:
        """How many of our workers are not ready again, though nothing befalls them any more."""
        ends = time.monotonic() + READY_SECONDS
        lacking = self.workers if self._options["transport"] == "claim" else []
        while lacking := [one for one in lacking if not one.ready]:
            if time.monotonic() > ends:
                break
            for member in self.members:
                member.keep_alive()
            time.sleep(0.2)
        return len(lacking)

    def _left(self) -> tuple[int, int]:
        """How many acknowledged entries are not accounted for, and how many Redis still has."""
        return self.ledger.open, self._stuck()

    def _stuck(self) -> int:
        keys = self.store.keys
        with self.store.admin() as admin:
            waiting = sum(int(admin.llen(name)) for name in keys.waiting)
            return waiting + int(admin.hlen(keys.claims))

    def _count_in_logs(self, words: str) -> int:
        logs = [member.log.read_text(errors="replace") for member in self.members]
        return sum(log.count(words) for log in logs)

    def _account(self, seconds: float) -> dict[str, Any]:
        ledger = self.ledger
        unaccounted, stuck = self._left()
        return {
            "transport": self._options["transport"],
            "kinds": list(self._options["kinds"]),
            "seed": self._options["seed"],
            "seconds": round(seconds, 1),
            "submitted": len(ledger.acknowledged),
            "answered": sum(1 for i in ledger.acknowledged if i in ledger.answers),
            "lost": max(0, unaccounted - stuck),
            "duplicated": ledger.duplicated,
            "stuck": stuck,
            "dead": len(ledger.dead),
            **self.counts,
            "restarts": sum(m.restarts for m in self.members),
            "exits": sum(m.exits for m in self.members),
            "last_lines": [line for m in self.members for line in m.last_lines],
            "not_ready": self._not_ready,
            "tracebacks": self._count_in_logs("Traceback"),
            "texts_in_logs": self._count_in_logs(WORDS),
            "longest_recovery_seconds": round(ledger.longest_silence, 1),
            "longest_answer_seconds": round(ledger.longest_wait, 1),
        }


def _parse_kinds(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...]:
    kinds = tuple(filter(None, (value or "").replace(" ", "").split(",")))
    if unknown := sorted(set(kinds) - set(KINDS)):
        raise click.BadParameter(f"no kinds of blows: {', '.join(unknown)}")
    return kinds


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--duration", default=60.0, help="Seconds of load and blows, at least.")
@click.option("--max-duration", default=3600.0, help="Seconds after which it is enough anyhow.")
@click.option("--entries", default=0, help="Entries to submit at least.")
@click.option("--kills", default=0, help="SIGKILLs at least.")
@click.option(
    "--pauses",
    type=int,
    help="Pauses past the lease, exactly this many; by default one in 30 seconds.",
    show_default=False,
)
@click.option(
    "--redis-kills",
    type=int,
    help="SIGKILLs of Redis at most, beside failovers; by default one in 20 seconds.",
    show_default=False,
)
@click.option("--failovers", default=0, help="Failovers at least.")
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
@click.option(
    "--kinds",
    callback=_parse_kinds,
    help=f"Which kinds of blows fall, with commas between: {', '.join(KINDS)}. By default all; with "
    f"stock Celery {', '.join(OF_OLD)}.",
)
@click.option("--keep", type=click.Path(path_type=Path), help="Keep logs and data in this folder.")
def main(keep: Path | None, **options: Any) -> None:
    """Break things under load and account for every entry."""
    options["kinds"] = options["kinds"] or (KINDS if options["transport"] == "claim" else OF_OLD)
    for name, seconds in (("pauses", 30), ("redis_kills", 20)):
        if options[name] is None:
            options[name] = int(options["duration"] // seconds)
    with tempfile.TemporaryDirectory(prefix="journal-chaos-") as temporary:
        work = keep or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        outcome = Chaos(work, options).run()
    for figure, value in outcome.items():
        console.print(f"{figure.replace('_', ' '):>26}  {value}")
    click.echo(json.dumps(outcome))
    sys.exit(any(outcome[figure] for figure in FAULTS))


if __name__ == "__main__":
    main()
