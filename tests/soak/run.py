"""`make soak-all`: an hour of load with faults: is memory flat, and is every entry answered once?

Entries go through real submits, workers, gateways and readers, on a primary and a replica under
Sentinels, while workers, gateways and readers are restarted and killed, keys are rotated and the replica
becomes the primary. One worker runs real stages (the shipped tagger and a tiny classifier) on a queue of
its own; the others' stages are stand-ins. What each process holds that nothing befalls is sampled, a
ledger outside Redis accounts for every entry, and words that stand in every text are looked for in logs,
metrics, files and all that the servers write. Ends with one JSON line; exit code 1 if memory grew, an
entry was lost, answered twice or given up, or a word was found.
"""

from __future__ import annotations

import json
import random
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from tests.chaos.ledger import Ledger
from tests.chaos.load import Submitter
from tests.chaos.readers import StreamReader
from tests.soak.canaries import hits_below, hits_in
from tests.soak.faults import Faults
from tests.soak.load import Caller, Follower, GroupReader, plain_entry, written_entries
from tests.soak.scene import CALLER, Scene

console = Console(stderr=True, highlight=False)
SAMPLE_SECONDS = 5.0
SHOW_SECONDS = 30.0
#: Without any movement for so long, what is left will not be answered any more.
SETTLE_SECONDS = 120.0
READY_SECONDS = 60.0
#: Figures that have to be 0.
FAULTS = ("lost", "twice", "stuck", "dead", "exits", "not_ready", "canaries", "grew")
_LOOK_SECONDS = 0.2
#: So often many entries at once go to the worker with models. Of a batch of a size that it never met
#: it keeps some memory (at most 106 MiB in all): it is to meet them in the warm-up, and not when an
#: outage ends.
_BURST_SECONDS, _LARGEST_BURST = 10.0, 64


class Soak:
    """One run.

    Args:
        work: a folder for all files.
        options: the command line.
    """

    def __init__(self, work: Path, options: dict[str, Any]) -> None:
        self._options = options
        self.scene = Scene(work)
        self.ledger = Ledger()
        rates = (options["entries"] / options["seconds"], options["written_rate"])
        self.submitters = [
            Submitter(self.scene.settings, self.ledger, rates[0], plain_entry),
            Submitter(self.scene.written, self.ledger, rates[1], written_entries(), chunk=1),
        ]
        self.faults = Faults(self.scene, self.submitters)
        self._threads: list[Any] = []
        self.follower: Follower | None = None

    def run(self) -> dict[str, Any]:
        """Soak for as long as the options ask, then count."""
        with ExitStack() as stack:
            stack.enter_context(self.scene)
            started = time.monotonic()
            stack.callback(self._stop)
            self._start()
            self._loop(started)
            seconds = time.monotonic() - started
            self._settle()
            stuck, not_ready = self.scene.stuck(), self._wait_ready()
            found = {"pages": hits_in(self.scene.pages().encode())}
            self.scene.write_all()
        found |= hits_below(self.scene.work)
        return self._account(seconds, stuck, not_ready, sum(found.values()))

    def _start(self) -> None:
        scene, ledger = self.scene, self.ledger
        self.follower = Follower(scene.gateways[0], scene.token)
        self._threads = [
            GroupReader(scene, scene.settings, ledger.answered),
            GroupReader(scene, scene.written, ledger.answered),
            StreamReader(scene, scene.settings.dead, ledger.died),
            StreamReader(scene, scene.written.dead, ledger.died),
            self.follower,
            Caller(scene.gateways, scene.token, CALLER, ledger, self._options["gateway_rate"]),
            *self.submitters,
        ]
        for thread in self._threads:
            thread.start()

    def _stop(self) -> None:
        for thread in reversed(self._threads):
            thread.stop()

    def _loop(self, started: float) -> None:
        fault = self._options["every"]
        sizes = random.Random(1)
        sample = show = burst = 0.0
        while (now := time.monotonic() - started) < self._options["seconds"] or not self._enough:
            for kept in self.scene.kept:
                kept.keep_alive()
            if now >= sample:
                self.scene.sample(now)
                sample = now + SAMPLE_SECONDS
            if now >= fault:
                self.faults.strike()
                fault = now + self._options["every"]
            if now >= burst:
                self.submitters[1].burst(0.0, sizes.randint(2, _LARGEST_BURST))
                burst = now + _BURST_SECONDS
            if now >= show:
                self._show(now)
                show = now + SHOW_SECONDS
            if now > 2 * self._options["seconds"]:
                break
            time.sleep(_LOOK_SECONDS)

    @property
    def _enough(self) -> bool:
        return len(self.ledger.acknowledged) >= int(self._options["entries"])

    def _show(self, now: float) -> None:
        struck = "  ".join(f"{name} {count}" for name, count in self.faults.counts.items() if count)
        console.print(
            f"{now:5.0f} s  submitted {len(self.ledger.acknowledged):,}  "
            f"answered {len(self.ledger.answers):,}  {struck}"
        )

    def _settle(self) -> None:
        """Wait until every acknowledged entry is accounted for, or nothing moves any more."""
        for thread in self._threads:
            if isinstance(thread, (Submitter, Caller)):
                thread.stop()
        last, moved = self.ledger.open, time.monotonic()
        while last and time.monotonic() - moved < SETTLE_SECONDS:
            for kept in self.scene.kept:
                kept.keep_alive()
            time.sleep(1.0)
            if (now := self.ledger.open) != last:
                last, moved = now, time.monotonic()

    def _wait_ready(self) -> list[str]:
        ends = time.monotonic() + READY_SECONDS
        while (lacking := self.scene.not_ready()) and time.monotonic() < ends:
            time.sleep(_LOOK_SECONDS)
        return lacking

    def _account(
        self, seconds: float, stuck: int, not_ready: list[str], canaries: int
    ) -> dict[str, Any]:
        ledger, growth = self.ledger, self.scene.memory.growth()
        acknowledged = ledger.acknowledged
        return {
            "seconds": round(seconds, 1),
            "submitted": len(acknowledged),
            "through_gateways": sum(one.startswith(f"{CALLER}:") for one in acknowledged),
            "through_models": sum(one.startswith("written-") for one in acknowledged),
            "answered": sum(one in ledger.answers for one in acknowledged),
            "lost": max(0, ledger.open - stuck),
            "twice": ledger.duplicated,
            "stuck": stuck,
            "dead": len(ledger.dead),
            **self.faults.counts,
            "events": self.follower.events if self.follower else 0,
            "exits": sum(kept.exits for kept in self.scene.kept),
            "not_ready": len(not_ready),
            "canaries": canaries,
            "longest_answer_seconds": round(ledger.longest_wait, 1),
            "grew": sum(not one.flat for one in growth.values()),
            "memory": {
                name: {
                    "mib": round(one.mib, 1),
                    "mib_end": round(one.mib_end, 1),
                    "growth_percent": round(one.percent, 2),
                }
                for name, one in growth.items()
            },
        }


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--seconds", default=3600.0, help="How long, at least.")
@click.option("--entries", default=1_000_000, help="Entries to submit at least.")
@click.option("--every", default=40.0, help="Seconds between faults, of seven kinds in turn.")
@click.option("--gateway-rate", default=5.0, help="Entries a second through the gateways.")
@click.option("--written-rate", default=5.0, help="Entries a second through real stages.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep all files in this folder.")
def main(keep: Path | None, **options: Any) -> None:
    """Soak everything together, with faults, and account for entries, memory and words."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with tempfile.TemporaryDirectory(prefix="journal-soak-") as temporary:
        outcome = Soak(keep or Path(temporary), options).run()
    click.echo(json.dumps(outcome))
    sys.exit(any(outcome[figure] for figure in FAULTS))


if __name__ == "__main__":
    main()
