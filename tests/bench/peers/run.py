"""What `make bench ARGS=--peers` does, from the names of peers to a table."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.bench import table
from tests.bench.errors import BenchError
from tests.bench.machine import describe
from tests.bench.peers.contenders import Contenders
from tests.bench.peers.environment import Environment
from tests.bench.peers.measure import COMPARED, Figures, Pair, Turns
from tests.bench.peers.showing import LEGEND, as_json, shown
from tests.bench.setting import Setting
from tests.bench.texts import deal, read_texts, sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.bench.peers.catalogue import Peer
    from tests.bench.rounds import Plan
    from worker.settings import WorkerSettings

QUICK_LATENCY_SECONDS, LATENCY_SECONDS = 4.0, 10.0


def compare_with_peers(
    peers: Sequence[Peer],
    data: Path | None,
    plan: Plan,
    settings: WorkerSettings,
    *,
    quick: bool,
    json_file: Path | None,
) -> None:
    """Measure peers beside the worker, and show it.

    Raises:
        BenchError: the worker could not be measured, or a peer could not; what could be measured
            has been shown by then.
    """
    texts = sample(read_texts(data))
    with Setting(settings.model) as setting, table.progress() as tell, unbroken_end():
        figures = measure_all(
            Contenders(setting, settings.children),
            peers,
            Environment(),
            texts,
            plan,
            latency_seconds=QUICK_LATENCY_SECONDS if quick else LATENCY_SECONDS,
            tell=tell,
        )
    name, machine = data.name if data else "the shipped entries", describe()
    out = table.console()
    out.print(shown(figures, name))
    out.print(LEGEND)
    out.print(table.machine_line(machine, settings.precision))
    table.write(json_file, {"texts": name, "machine": machine, **as_json(figures)})
    if figures.failures:
        raise BenchError(told(figures.failures))


def measure_all(
    contenders: Contenders,
    peers: Sequence[Peer],
    environment: Environment,
    texts: Sequence[str],
    plan: Plan,
    *,
    latency_seconds: float,
    tell: Callable[[str], None],
) -> Figures:
    """One peer after the other beside the worker; what is wrong with one does not stop the others.

    Raises:
        BenchError: the worker cannot be measured, or there is no peer to measure.
    """
    figures = Figures(plan.rounds)
    able = installed(environment, peers, figures.failures, tell)
    if not able:
        raise BenchError(told(figures.failures))
    tell("starting the worker")
    with contenders.worker() as worker:
        worker.warm_up(deal(texts, plan.multiple))
        expected = worker.backend.results(texts[:COMPARED])
        turns = Turns(worker, texts, plan, latency_seconds, tell)
        for peer in able:
            tell(f"({peer.name}) starting")
            pair = Pair(peer.name, peer.title)
            figures.pairs.append(pair)
            try:
                with contenders.peer(peer, environment.python) as contender:
                    turns.measure(pair, contender, expected)
            except BenchError as exc:
                figures.failures[peer.name] = str(exc)
        tell("killing a child of the worker")
        cpu = [seconds for pair in figures.pairs for seconds in pair.worker.cpu]
        try:
            figures.worker_loss = worker.loss(texts, cpu)
        except BenchError as exc:
            figures.failures["the worker"] = str(exc)
    return figures


def installed(
    environment: Environment,
    peers: Sequence[Peer],
    failures: dict[str, str],
    tell: Callable[[str], None],
) -> list[Peer]:
    """Install what the peers need; returns those that can run, and notes why others cannot.

    Args:
        environment: where.
        peers: which.
        failures: why a peer cannot be installed, by its name.
        tell: told what is being done.
    """
    able = [peer for peer in peers if not peer.requirements]
    packaged = [peer for peer in peers if peer.requirements]
    try:
        if packaged:
            environment.make(tell)
    except BenchError as exc:
        failures.update({peer.name: str(exc) for peer in packaged})
        return able
    for peer in packaged:
        try:
            environment.install(peer.name, peer.requirements, tell)
        except BenchError as exc:
            failures[peer.name] = str(exc)
        else:
            able.append(peer)
    return [peer for peer in peers if peer in able]


def told(failures: Mapping[str, str]) -> str:
    """A line for each peer that has failed."""
    lines = [f"{peer} was not measured, or not whole: {why}" for peer, why in failures.items()]
    return "\n       ".join(lines)


@contextmanager
def unbroken_end() -> Iterator[None]:
    """Once the block has been interrupted, a second interrupt does not keep it from ending all."""

    def interrupt(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
