"""`make autoscale`: workers scaled as KEDA scales them, through a load that rises, bursts and falls.

Real workers with stand-in stages that sleep, a real exporter, a real Prometheus that scrapes them, and
the queries, thresholds and behavior of the ScaledObject in `deploy/kubernetes`, evaluated as KEDA and
the HorizontalPodAutoscaler do (`scaler/`). Pods take a while to start, and drain at their end.

All goes `--speed` times as fast, so that a load of 38 minutes takes eight: periods of autoscaler,
Prometheus and load are shorter, and stand-in stages quicker. Every figure is told in seconds of the run
at speed 1. Ends with one JSON line, and a picture where one is asked for; exit code 1 if an entry was
lost or answered twice, waited too long, a worker crashed, or the workers cost too much.
"""

from __future__ import annotations

import itertools
import json
import random
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from deploy.local.processes import Process
from tests.autoscale import comparison
from tests.autoscale.clock import Clock
from tests.autoscale.deployment import Deployment, WorkerProcess, free_ports
from tests.autoscale.ledger import Queue, TimedLedger
from tests.autoscale.load import Submitter, day, step
from tests.autoscale.prometheus import SCRAPE_SECONDS, Prometheus, find_program
from tests.autoscale.record import Recorder
from tests.autoscale.scaler.foresight import Conditions, Plan, fewest_workers
from tests.autoscale.scaler.hpa import SYNC_SECONDS
from tests.autoscale.scaler.keda import Keda
from tests.autoscale.scaler.manifest import load_grace_seconds
from tests.bench.setting import Setting
from tests.chaos.readers import StreamReader

if TYPE_CHECKING:
    from tests.autoscale.load import Profile

console = Console(stderr=True, highlight=False)
#: Seconds that a stand-in stage takes for an entry, and that a pod takes until its process starts.
ENTRY_SECONDS, START_SECONDS = 0.16, 20.0
#: The base load, in workers: one worker is enough for it, and has something to do.
BASE_WORKERS = 0.8
#: A full batch takes as long as one of 64 entries on a core does.
MAX_BATCH_ENTRIES = 16
#: Seconds of a worker's time that an entry took, over the whole run.
_COST = (
    'sum(rate(journal_stage_seconds_sum{{stage=~"anonymize|classify|settle"}}[{0}s]))'
    " / sum(rate(journal_entries_total[{0}s]))"
)
#: What is to hold.
LONGEST_WAIT, MOST_TIMES_FORESIGHT = 60.0, 1.3
_TICK_SECONDS = 0.02
_SHOW_SECONDS = 60.0
_SETTLE_SECONDS = 60.0
#: More places for pods than pods: one that drains keeps its own.
_PLACES = 2


class Run:
    """One run.

    Args:
        stack: ends all that the run starts.
        program: Prometheus.
        options: the command line.
    """

    def __init__(self, stack: ExitStack, program: str, options: dict[str, Any]) -> None:
        self._options = options
        self.clock = Clock(options["speed"])
        self.scaling = comparison.scaling_by(options["scale_on"], 1 / ENTRY_SECONDS)
        profile = step if options["quick"] else day
        self.profile: Profile = profile(BASE_WORKERS / ENTRY_SECONDS)
        setting = stack.enter_context(Setting())
        environment = {
            **setting.environment(0),
            "JOURNAL_CONCURRENCY": "1",
            "JOURNAL_MAX_BATCH_ENTRIES": str(MAX_BATCH_ENTRIES),
            "CHAOS_SECONDS_PER_ENTRY": str(self.clock.real(ENTRY_SECONDS)),
        }
        ports = free_ports(_PLACES * self.scaling.most)
        places = [
            WorkerProcess(environment, port=port, log=setting.log(f"worker-{port}"))
            for port in ports
        ]
        self.exporter = Process("exporter", environment, log=setting.log("exporter"))
        jobs = {"journal-worker": ports, "journal-exporter": [self.exporter.port]}
        self.prometheus = Prometheus(
            program, setting.directory / "prometheus", jobs, self.clock.speed
        )
        self.deployment = Deployment(
            places,
            self.clock,
            start_seconds=options["start_seconds"],
            grace_seconds=load_grace_seconds(),
        )
        self.ledger = TimedLedger()
        settings = setting.settings(0)
        self.submitter = Submitter(settings, self.profile, self.clock, self.ledger)
        self.recorder = Recorder(self.exporter, self.deployment, self.clock)
        queue = Queue(setting.url(0))
        self.readers = [
            StreamReader(queue, settings.results, self.ledger.answered),
            StreamReader(queue, settings.dead, self.ledger.died),
        ]
        self.keda = Keda(self.scaling, self.prometheus.ask)
        self._stack = stack
        self.pod_seconds = 0.0
        self.entry_seconds = ENTRY_SECONDS

    def run(self) -> dict[str, Any]:
        """Run the load through, and account for it."""
        self._start()
        self._scale_until_answered()
        for reader in self.readers:
            reader.stop()
        self.recorder.stop()
        # The same machine for foresight: with what else it does, stages take longer than they sleep.
        self.entry_seconds = self.prometheus.ask(_COST.format(round(self.clock.now)))[0]
        return self._account()

    def _start(self) -> None:
        for process in (self.exporter, self.prometheus):
            self._stack.enter_context(process)
        self._stack.callback(self.deployment.stop)
        self.exporter.wait_ready()
        self.deployment.scale(max(1, self.scaling.least))
        self.deployment.start_now()
        # A fleet that has been there for a while: Prometheus has seen it.
        time.sleep(self.clock.real(2 * SCRAPE_SECONDS))
        self.clock.restart()
        self.deployment.begin()
        threads: list[StreamReader | Recorder | Submitter] = [
            *self.readers,
            self.recorder,
            self.submitter,
        ]
        for thread in threads:
            self._stack.callback(thread.stop)
            thread.start()

    def _scale_until_answered(self) -> None:
        # Controllers begin whenever they were started, and not with the load.
        sync = SYNC_SECONDS * random.Random(self._options["seed"]).random()
        poll, shown = sync, 0.0
        ends = self.profile.seconds
        while (now := self.clock.now) < ends + _SETTLE_SECONDS * self.clock.speed:
            self.deployment.tick()
            if now < ends:
                self.pod_seconds = self.deployment.pod_seconds
            elif not self.submitter.is_alive() and not self.ledger.open:
                return
            current = self.deployment.replicas
            if now >= sync:
                self.deployment.scale(self.keda.sync(sync, current, self.deployment.ready))
                sync += SYNC_SECONDS
            if now >= poll:
                self.deployment.scale(self.keda.poll(poll, self.deployment.replicas))
                poll += self.scaling.polling
            if now >= shown:
                self._show(now)
                shown += _SHOW_SECONDS
            time.sleep(_TICK_SECONDS)

    def _show(self, now: float) -> None:
        sample = self.recorder.samples[-1] if self.recorder.samples else None
        values = ", ".join("-" if value is None else f"{value:.2f}" for value in self.keda.values)
        console.print(
            f"{now / 60:5.1f} min  load {self.profile.rate(now) / self.profile.base:3.1f}  "
            f"workers {self.deployment.ready}/{self.deployment.replicas}  "
            f"oldest {sample.oldest if sample else 0:5.1f} s  triggers {values}"
        )

    def plan(self) -> Plan:
        """What a scaler that knows the load to come would do."""
        conditions = Conditions(
            rate=1 / self.entry_seconds,
            start_seconds=self._options["start_seconds"],
            longest_wait=LONGEST_WAIT,
            least=max(1, self.scaling.least),
            most=self.scaling.most,
            period=SYNC_SECONDS,
        )
        return fewest_workers(self.profile.arrived, self.profile.seconds, conditions)

    def latencies(self) -> list[tuple[float, float]]:
        """When each entry was sent and how long its answer took, in seconds of the run."""
        speed = self.clock.speed
        return [(self.clock.at(at), taken * speed) for at, taken in self.ledger.latencies()]

    def _account(self) -> dict[str, Any]:
        ledger, samples = self.ledger, self.recorder.samples
        taken = sorted(seconds for _, seconds in self.latencies()) or [0.0]
        foresight = self.plan().worker_seconds
        needed = -(-self.profile.highest * self.entry_seconds // 1)
        return {
            "scale_on": self._options["scale_on"],
            "load": "step" if self._options["quick"] else "day",
            "speed": self.clock.speed,
            "start_seconds": self._options["start_seconds"],
            "seed": self._options["seed"],
            "entry_seconds": round(self.entry_seconds, 4),
            "entries": len(ledger.acknowledged),
            "lost": ledger.open,
            "twice": ledger.duplicated,
            "dead": len(ledger.dead),
            "longest_wait_seconds": round(max(sample.oldest for sample in samples), 1),
            "p50_seconds": round(taken[len(taken) // 2], 1),
            "p99_seconds": round(taken[int(0.99 * (len(taken) - 1))], 1),
            "worker_minutes": round(self.pod_seconds / 60, 1),
            "foresight_worker_minutes": round(foresight / 60, 1),
            "times_foresight": round(self.pod_seconds / foresight, 3),
            "most_workers": max(sample.wanted for sample in samples),
            "overshoot_workers": int(max(sample.wanted for sample in samples) - needed),
            "scaled": sum(
                before.wanted != after.wanted for before, after in itertools.pairwise(samples)
            ),
            "crashed": self.deployment.crashed,
            "killed": self.deployment.killed,
        }


def faults(outcome: dict[str, Any]) -> list[str]:
    """What does not hold that is to hold."""
    found = [f"{name} {outcome[name]}" for name in ("lost", "twice", "crashed", "killed")]
    found = [fault for fault in found if not fault.endswith(" 0")]
    if outcome["longest_wait_seconds"] > LONGEST_WAIT:
        found.append(f"the oldest entry waited more than {LONGEST_WAIT:.0f} s")
    # A step alone is mostly start and end, which foresight does not have.
    if outcome["load"] == "day" and outcome["times_foresight"] > MOST_TIMES_FORESIGHT:
        found.append(f"more than {MOST_TIMES_FORESIGHT} times the workers of foresight")
    return found


def write_picture(run: Run, path: Path) -> None:
    """Write the picture of a run as SVG."""
    from tests.autoscale.picture import Story, draw

    story = Story(
        run.profile, run.recorder.samples, run.plan(), SYNC_SECONDS, run.latencies(), LONGEST_WAIT
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    draw(story, path)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--quick", is_flag=True, help="A step to 8 times the load alone: about 2 minutes.")
@click.option("--speed", default=5.0, help="How many times as fast all goes; 1 is real time.")
@click.option(
    "--start-seconds", default=START_SECONDS, help="From a pod's creation to its process."
)
@click.option(
    "--scale-on",
    type=click.Choice(comparison.choices()),
    default=comparison.SHIPPED,
    help="The ScaledObject as it is shipped, or another figure in its place.",
)
@click.option("--seed", default=1, help="When the autoscaler looks first.")
@click.option("--picture", type=click.Path(path_type=Path), help="Write a picture (SVG) here.")
def main(picture: Path | None, **options: Any) -> None:
    """Scale workers as KEDA does, through a load that rises, bursts and falls."""
    program = find_program()
    if program is None:
        console.print("skipped: there is no prometheus here (Debian: apt-get install prometheus)")
        sys.exit(2)
    console.print(f"All goes {options['speed']:g} times as fast; every figure is told at speed 1.")
    with ExitStack() as stack:
        run = Run(stack, program, options)
        outcome = run.run()
        if picture:
            write_picture(run, picture)
    for figure, value in outcome.items():
        console.print(f"{figure.replace('_', ' '):>26}  {value}")
    for fault in faults(outcome):
        console.print(f"FAULT: {fault}")
    click.echo(json.dumps(outcome))
    sys.exit(bool(faults(outcome)))


if __name__ == "__main__":
    main()
