"""What the panels on the workers have to say: latency, batches, labels, each replica."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.truth.check import Check, mean, one, quantiles, rates, total
from tests.truth.expected.queue import HEATMAP, LATENCY
from tests.truth.scene import CHILDREN
from tests.truth.tolerance import P95, SameBucket, Within
from worker.monitoring.metrics import ENTRIES, PADDING, TOKENS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.truth.check import Values
    from tests.truth.facts import Facts

_MEAN = Within(share=0.05)
#: The ledger knows only within which call an entry came into the queue.
QUEUE_WAIT = Within(share=0.05, amount=0.01)
_P95 = 0.95
_STAGES = ("anonymize", "classify", "settle")


def _stages(facts: Facts) -> Values:
    return {name: mean(facts.stage(name)) for name in _STAGES}


def _only(*names: str) -> Callable[[Values], Values]:
    """Leave other series out."""
    return lambda values: {name: values[name] for name in names if name in values}


def _labels(facts: Facts) -> Values:
    return total(label.label for answer in facts.answers for label in answer.result.labels)


def _redactions(facts: Facts) -> Values:
    found = [answer.result.redactions for answer in facts.answers]
    return total(kind for one_of in found for kind, n in one_of.items() for _ in range(n))


def _entries(facts: Facts) -> list[float]:
    return [float(len(batch.entries)) for batch in facts.reported]


def _tokens(facts: Facts) -> list[float]:
    return [float(batch.tokens) for batch in facts.reported if batch.tokens]


def _padding(facts: Facts) -> list[float]:
    return [batch.padded / batch.tokens for batch in facts.reported if batch.tokens]


def _in_flight(facts: Facts) -> Values:
    return {"running": facts.running, "waiting": facts.claimed - facts.running}


def _models(facts: Facts) -> Values:
    ports = [worker.port for worker in facts.drill.scene.workers]
    return {f"127.0.0.1:{port} stand-in 0 none cpu": 1.0 for port in ports}


def _batching(
    panel: str, values: Callable[[Facts], list[float]], bounds: tuple[float, ...]
) -> list[Check]:
    """The mean and p95 of what a batch has."""
    bucket = SameBucket(bounds)
    return [
        Check(panel, 0, one(lambda facts: mean(values(facts))), _MEAN, at="loaded"),
        quantiles(panel, 1, _P95, lambda facts: {"": values(facts)}, bucket),
    ]


def _latency(place: int, share: float) -> Check:
    tolerance = P95 if share == _P95 else LATENCY
    return quantiles(
        "End-to-end latency", place, share, lambda facts: {"": facts.latencies}, tolerance
    )


WORKERS = [
    *(_latency(place, share) for place, share in enumerate((0.5, _P95, 0.99))),
    Check("Where the time goes", 0, _stages, _MEAN, ("stage",), "loaded", _only(*_STAGES)),
    Check(
        "Where the time goes",
        0,
        lambda facts: {"queue": mean(facts.waits())},
        QUEUE_WAIT,
        ("stage",),
        "loaded",
        _only("queue"),
    ),
    *HEATMAP,
    *_batching("Entries a batch", _entries, ENTRIES),
    *_batching("Tokens a batch", _tokens, TOKENS),
    *_batching("Padding ratio", _padding, PADDING),
    Check("In flight and children", 0, _in_flight, by=("state",)),
    Check("In flight and children", 1, one(lambda _: sum(CHILDREN))),
    rates("Labels found", 0, _labels, "label"),
    rates("Redactions by type", 0, _redactions, "type"),
    Check("Models", 0, _models, by=("instance", "name", "version", "precision", "device")),
    rates("Answered by replica", 0, lambda facts: facts.answered_by, "instance"),
]
