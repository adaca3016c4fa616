"""`make bench ARGS=--gateway`: throughput and latency through the gateway and without it, in turn."""

from __future__ import annotations

import asyncio
import math
import statistics
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.table import Table

from deploy.local.processes import Process, ServingProcess
from deploy.local.server import free_port
from producer import AsyncJournalClient, KeySet
from producer.connection import connect
from producer.gateway import api_keys
from producer.load.run import LoadRun
from producer.load.schedule import Schedule
from tests.bench.errors import BenchError
from tests.bench.gateway.asking import WAIT_SECONDS, Caller
from tests.bench.latency import LOAD_SHARE
from tests.bench.machine import Usage
from tests.bench.texts import deal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from tests.bench.rounds import Plan
    from tests.bench.setting import Setting

#: Requests that wait at once: more than two children hold (a batch under way and two prefetched for
#: each), so that entries wait in the queue for them, as they do where `journal load` feeds it.
CONNECTIONS = 512
_WARM_UP = 256
_MS = 1e3


@dataclass(slots=True)
class Figures:
    """What was measured.

    Attributes:
        entries: entries in a round.
        load: entries a second of each round fed as `journal load` does.
        gateway: entries a second of each round fed through the gateway, one entry a request.
        worker_cpu: seconds of CPU time of the worker for an entry, of each round of the load.
        gateway_cpu: of the gateway for an entry, of each of its rounds.
        rate: entries a second at which latencies were measured.
        clients: seconds that each `submit_and_wait` took.
        requests: seconds that each request with `?wait` took, among them in turn.
    """

    entries: int
    load: list[float] = field(default_factory=list)
    gateway: list[float] = field(default_factory=list)
    worker_cpu: list[float] = field(default_factory=list)
    gateway_cpu: list[float] = field(default_factory=list)
    rate: float = 0.0
    clients: list[float] = field(default_factory=list)
    requests: list[float] = field(default_factory=list)

    def throughput_ratio(self) -> float:
        """Of the gateway's median to that of the load."""
        return statistics.median(self.gateway) / statistics.median(self.load)

    def latency_ratio(self, share: float) -> float:
        """Of a quantile of requests to that of the client."""
        return quantile(self.requests, share) / quantile(self.clients, share)


class System:
    """A worker, and a gateway for the rounds that go through it.

    Args:
        setting: where they run.
    """

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self.settings = setting.settings(0)
        self.keys = KeySet.load(setting.keys_file)
        self._environment = setting.environment(0)
        self.worker = Process("run", self._environment, log=setting.log("worker"))
        self.gateway_pid = 0
        self._token, stored = api_keys.new_key("bench", rate="none")
        self._api_keys = setting.directory / "api-keys.json"
        api_keys.write(self._api_keys, (stored,))

    @contextmanager
    def caller(self) -> Iterator[Caller]:
        """A gateway that runs as long as the block, and its caller."""
        environment = {
            **self._environment,
            "JOURNAL_GATEWAY_API_KEYS_FILE": str(self._api_keys),
            "JOURNAL_GATEWAY_MAX_WAITS": str(CONNECTIONS),
            "JOURNAL_GATEWAY_MAX_REQUESTS": str(2 * CONNECTIONS),
            "JOURNAL_GATEWAY_DRAIN_SECONDS": "0",
        }
        port = free_port()
        command = ("producer.gateway.cli", "run", "--port", str(port))
        log = self._setting.log("gateway")
        with ServingProcess(*command, port=port, environment=environment, log=log) as gateway:
            gateway.wait_ready()
            self.gateway_pid = gateway.pid
            yield Caller(port, self._token, CONNECTIONS)
        with connect(self.settings.redis_url) as client:
            client.delete(self.settings.results)  # with its groups: the next round begins anew

    def load(self, texts: Sequence[str]) -> float:
        """Entries a second of texts that are sent as `journal load` sends them.

        Raises:
            BenchError: an entry was lost, dead-lettered or answered twice.
        """
        schedule = Schedule(entries=len(texts), duration=None, rate=0.0)
        report = LoadRun(self.settings, self.keys, iter(texts), schedule, quiet=0.2).run()
        if report.failure or report.lost or report.duplicated or report.dead:
            raise BenchError("the load run did not end as it should")
        with connect(self.settings.redis_url) as client:
            client.delete(self.settings.results)
        return report.throughput

    def through_gateway(self, texts: Sequence[str]) -> tuple[float, float]:
        """Entries a second of texts submitted one a request, and the gateway's CPU time of each."""

        async def ask() -> float:
            async with caller as connected:
                started = time.perf_counter()
                await connected.ask_all(texts)
                return len(texts) / (time.perf_counter() - started)

        with self.caller() as caller, Usage([self.gateway_pid]) as usage:
            rate = asyncio.run(ask())
        return rate, usage.cpu / len(texts)

    def latencies(
        self, texts: Sequence[str], rate: float, seconds: float
    ) -> tuple[list[float], list[float]]:
        """Seconds from when each entry was due: by the client, and by requests, in turn."""
        with self.caller() as caller:
            return asyncio.run(self._latencies(caller, texts, rate, seconds))

    async def _latencies(
        self, caller: Caller, texts: Sequence[str], rate: float, seconds: float
    ) -> tuple[list[float], list[float]]:
        settings = self.settings.model_copy(update={"max_connections": CONNECTIONS})
        clients: list[float] = []
        requests: list[float] = []

        async def note(asked: Awaitable[object], due: float, told: list[float]) -> None:
            await asked
            told.append(time.perf_counter() - due)

        async with caller, AsyncJournalClient(settings, self.keys) as client:
            started = time.perf_counter()
            async with asyncio.TaskGroup() as group:
                # An open loop: an entry is due when it is due, whatever became of those before.
                for number in range(int(rate * seconds)):
                    text = texts[number % len(texts)]
                    due = started + number / rate
                    await asyncio.sleep(max(0.0, due - time.perf_counter()))
                    if number % 2:
                        group.create_task(note(caller.ask(text), due, requests))
                    else:
                        answered = client.submit_and_wait(text, timeout=WAIT_SECONDS)
                        group.create_task(note(answered, due, clients))
        return clients, requests


def measure(
    setting: Setting,
    texts: Sequence[str],
    plan: Plan,
    *,
    latency_seconds: float,
    tell: Callable[[str], None],
) -> Figures:
    """Rounds in turn, so that a noisy minute hits both; then latencies at a fifth of the load."""
    system = System(setting)
    with system.worker as worker:
        tell("loading models")
        worker.wait_ready()
        tell("warm-up")
        rate = system.load(deal(texts, _WARM_UP))
        figures = Figures(plan.round_entries(rate))
        dealt = deal(texts, figures.entries)
        for number in range(plan.rounds):
            tell(f"load, round {number + 1} of {plan.rounds}")
            with Usage([worker.pid]) as usage:
                figures.load.append(system.load(dealt))
            figures.worker_cpu.append(usage.cpu / len(dealt))
            tell(f"gateway, round {number + 1} of {plan.rounds}")
            through, cpu = system.through_gateway(dealt)
            figures.gateway.append(through)
            figures.gateway_cpu.append(cpu)
        figures.rate = LOAD_SHARE * statistics.median(figures.load)
        mixed = deal(texts, len(texts))
        for number in range(plan.rounds):
            tell(f"latency at 20% load, round {number + 1} of {plan.rounds}")
            clients, requests = system.latencies(mixed, figures.rate, latency_seconds)
            figures.clients += clients
            figures.requests += requests
    return figures


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that so many of all do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def shown(figures: Figures, name: str) -> Table:
    """The figures for people."""
    rounds = len(figures.load)
    table = Table(title=f"{name}, {rounds} rounds of {figures.entries}", title_justify="left")
    for heading in ("", "without the gateway", "through the gateway", "ratio"):
        table.add_column(heading, justify="right" if heading else "left")
    table.add_row(
        "entries/s: `journal load`, one a request with ?wait",
        f"{statistics.median(figures.load):.1f}",
        f"{statistics.median(figures.gateway):.1f}",
        f"{figures.throughput_ratio():.2f}",
    )
    table.add_row(
        "CPU of an entry: worker; gateway, which asks again every 5 s",
        f"{_MS * statistics.median(figures.worker_cpu):.1f} ms",
        f"{_MS * statistics.median(figures.gateway_cpu):.1f} ms",
        "",
    )
    for share in (0.5, 0.99):
        table.add_row(
            f"p{share * 100:.0f} at {figures.rate:.0f}/s: submit_and_wait, ?wait",
            f"{_MS * quantile(figures.clients, share):.0f} ms",
            f"{_MS * quantile(figures.requests, share):.0f} ms",
            f"{figures.latency_ratio(share):.2f}",
        )
    return table


def as_json(figures: Figures) -> dict[str, object]:
    """The figures for programs."""
    return {
        "entries": figures.entries,
        "load": figures.load,
        "gateway": figures.gateway,
        "throughput_ratio": figures.throughput_ratio(),
        "worker_cpu": figures.worker_cpu,
        "gateway_cpu": figures.gateway_cpu,
        "latency_rate": figures.rate,
        "submit_and_wait": _quantiles(figures.clients),
        "requests": _quantiles(figures.requests),
        "p99_ratio": figures.latency_ratio(0.99),
    }


def _quantiles(values: Sequence[float]) -> dict[str, float]:
    return {
        "entries": len(values),
        "p50": quantile(values, 0.5),
        "p99": quantile(values, 0.99),
    }
