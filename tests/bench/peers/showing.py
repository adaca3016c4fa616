"""The figures of the peers as a table for people and as JSON for programs."""

from __future__ import annotations

import statistics
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.table import Table

from tests.bench.latency import LOAD_SHARE
from tests.bench.peers.backends import PATIENCE_SECONDS
from tests.bench.peers.measure import IN_FLIGHT

if TYPE_CHECKING:
    from tests.bench.latency import LoadLatency
    from tests.bench.peers.backends import Loss
    from tests.bench.peers.measure import Figures, Pair, Side

_MS = 1e3
_MIB = 2**20
#: What the columns mean, printed below.
LEGEND = (
    "ratio: throughput, peer to worker. CPU: of all its processes, an entry. peak: the same, in PSS.\n"
    f"p50, p99: at {LOAD_SHARE:.0%} of the worker's throughput. lost: of {IN_FLIGHT} entries in "
    "flight when one of its processes\n"
    f"was killed, those not answered, with no answer for {PATIENCE_SECONDS:.0f} s (seconds from the "
    "kill to the last answer).\n"
    "differ: answers with other labels, evidence or redactions than the worker's. celery: one task "
    "an entry,\nacknowledged late."
)


def shown(figures: Figures, name: str) -> Table:
    """One row a peer, its figures beside the worker's of the same minutes."""
    rounds = figures.rounds
    table = Table(
        title=f"{name}, {rounds} round{'s' if rounds > 1 else ''} of each in turn, medians: "
        "peer / worker",
        title_justify="left",
    )
    table.add_column("")
    for heading in (
        "ratio",
        "entries/s",
        "CPU ms",
        "peak MiB",
        "p50, p99 ms",
        "lost",
        "differ",
    ):
        table.add_column(heading, justify="right")
    for pair in figures.pairs:
        table.add_row(*_row(pair))
    if figures.worker_loss:
        table.add_row("the worker", *[""] * 5, loss(figures.worker_loss), "")
    return table


def as_json(figures: Figures) -> dict[str, Any]:
    """Everything measured; rates in entries a second, sizes in bytes, times in seconds."""
    return {
        "rounds": figures.rounds,
        "peers": {
            pair.name: {**asdict(pair), "ratio": pair.ratio if pair.worker.rates else None}
            for pair in figures.pairs
        },
        "worker_loss": asdict(figures.worker_loss) if figures.worker_loss else None,
        "failures": figures.failures,
    }


def loss(found: Loss) -> str:
    """What a kill cost."""
    twice = f", {found.twice} twice" if found.twice else ""
    return f"{found.lost}{twice} ({found.seconds:.1f})"


def _row(pair: Pair) -> tuple[str, ...]:
    both = (pair.peer, pair.worker)
    if not pair.worker.rates:
        return (pair.title, *["-"] * 7)
    agreement = pair.agreement
    return (
        pair.title,
        f"{pair.ratio:.2f}",
        _beside(*(f"{side.median:.0f}" for side in both)),
        _beside(*(f"{_MS * statistics.median(side.cpu):.1f}" for side in both)),
        _beside(*(_memory(side) for side in both)),
        _beside(*(_latency(side.latency) for side in both)),
        loss(pair.peer.loss) if pair.peer.loss else "-",
        f"{agreement.different}/{agreement.entries}" if agreement else "-",
    )


def _beside(peer: str, worker: str) -> str:
    return f"{peer} / {worker}"


def _memory(side: Side) -> str:
    return f"{side.peak / _MIB:.0f}" if side.peak else "-"


def _latency(latency: LoadLatency | None) -> str:
    return f"{latency.p50 * _MS:.0f}, {latency.p99 * _MS:.0f}" if latency else "-"
