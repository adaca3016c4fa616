"""The worker's Prometheus metrics, which the parent process alone keeps.

The names are a contract with the dashboards and the alert rules in `deploy/`.
"""

from __future__ import annotations

from collections import Counter as Counts
from functools import partial
from itertools import chain, repeat
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)

from producer.keys import ONE_LANE
from producer.schemas import DeadReason
from worker.protocol import Outcome, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from producer.keys import Lanes
    from worker.protocol import BatchReport

#: Twenty steps a decade, the series R20 of preferred numbers (ISO 3). None is over 1.15 times the
#: one before: whatever the latencies, `histogram_quantile` tells p95 within 15% then.
_TENTHS = (1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8)
_BETWEEN = (1.12, 1.4, 1.8, 2.24, 2.8, 3.55, 4.5, 5.6, 7.1, 9)
PREFERRED = tuple(sorted(_TENTHS + _BETWEEN))
#: So finely from one entry on an idle machine (10 ms) to 100 s; coarsely below, where a batch is
#: settled, and above, for a backlog of hours.
SECONDS = (
    *(0.001, 0.002, 0.005),
    *(round(step * scale, 6) for scale in (0.01, 0.1, 1, 10) for step in PREFERRED),
    *(100, 300, 1800, 7200),
)
#: Powers of two: batches double from one entry up to the default limits.
ENTRIES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
TOKENS = (64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536)
#: Tokens computed per token of text: 1 is no padding at all.
PADDING = (1.0, 1.05, 1.1, 1.2, 1.35, 1.5, 2.0, 3.0, 5.0)


class LaneMetrics:
    """The metrics of lanes.

    Args:
        registry: where they are registered.
        lanes: of the queue.

    Attributes:
        unknown: how many lanes with entries the worker does not know.
    """

    def __init__(self, registry: CollectorRegistry, lanes: Lanes) -> None:
        #: The names of lanes, by what they are called in the tags of claims.
        self._names = dict(zip(lanes.in_tags, lanes.names, strict=True))
        self._waiting = Gauge(
            "journal_worker_lane_waiting",
            "Entries claimed that wait for a child, by lane",
            ["lane"],
            registry=registry,
        )
        waits = Histogram(
            "journal_lane_wait_seconds",
            "Seconds from the submit of an entry until a child has it, by lane",
            ["lane"],
            buckets=SECONDS,
            registry=registry,
        )
        self.unknown = Gauge(
            "journal_worker_unknown_lanes",
            "Lanes in which entries wait and that this worker does not know",
            registry=registry,
        )
        # Looked up once, as each entry is counted.
        self._waits = {tagged: waits.labels(lane) for tagged, lane in self._names.items()}
        self.waiting({})

    def waiting(self, entries: Mapping[str, int]) -> None:
        """Set how many claimed entries of each lane, called as in tags, wait for a child."""
        for tagged, lane in self._names.items():
            self._waiting.labels(lane).set(entries.get(tagged, 0))

    def waited(self, tagged: str, seconds: float) -> None:
        """Note how long an entry of a lane waited; of one that is none any more as of the first."""
        self._waits.get(tagged, self._waits[""]).observe(seconds)


class Metrics:
    """Every metric of a worker.

    Args:
        registry: where the metrics are registered; it can hold those of one `Metrics` only.
        lanes: of the queue.
    """

    def __init__(self, registry: CollectorRegistry, lanes: Lanes = ONE_LANE) -> None:
        self.registry = registry
        self.lanes = LaneMetrics(registry, lanes)
        counter = partial(Counter, registry=registry)
        gauge = partial(Gauge, registry=registry)
        histogram = partial(Histogram, registry=registry)
        self._entries = counter("journal_entries", "Entries by what became of them", ["outcome"])
        self._labels = counter("journal_labels", "Labels given", ["label"])
        self._redactions = counter("journal_redactions", "Spans of personal data removed", ["type"])
        self._redeliveries = counter(
            "journal_redeliveries", "Entries given to a child again after their batch was lost"
        )
        self._stages = histogram(
            "journal_stage_seconds",
            "Seconds in each stage: queue and end_to_end for each entry, the others for each batch",
            ["stage"],
            buckets=SECONDS,
        )
        self._batch_entries = histogram(
            "journal_batch_entries", "Entries in a batch", buckets=ENTRIES
        )
        self._batch_tokens = histogram(
            "journal_batch_tokens", "Tokens of text in a batch", buckets=TOKENS
        )
        self._padding = histogram(
            "journal_padding_ratio", "Tokens computed for each token of text", buckets=PADDING
        )
        self._in_flight = gauge(
            "journal_worker_in_flight",
            "Entries claimed and not settled, waiting for a child or with one",
            ["state"],
        )
        self._children = gauge("journal_worker_children", "Child processes ready for batches")
        self._paused = gauge(
            "journal_worker_paused", "1 while nothing is claimed because results are not read"
        )
        self._missing_keys = gauge(
            "journal_worker_missing_keys", "Keys that entries need and this worker lacks"
        )
        self._model = gauge(
            "journal_model_info",
            "The model this worker runs",
            ["name", "version", "precision", "device"],
        )
        for outcome in Outcome:  # so that rates begin at zero and not at the first event
            self._entries.labels(outcome.value)
        for stage in Stage:
            self._stages.labels(stage.value)
        self.in_flight(waiting=0, running=0)

    def expect(self, *, labels: Iterable[str] = (), entity_types: Iterable[str] = ()) -> None:
        """Let the counters of these begin at zero, as those of outcomes and stages do.

        Args:
            labels: that the model gives.
            entity_types: of personal data that the anonymizer removes.
        """
        for label in labels:
            self._labels.labels(label)
        for entity_type in entity_types:
            self._redactions.labels(entity_type)

    def observe(self, report: BatchReport, lanes: Sequence[str] = ()) -> None:
        """Count the entries, labels, redactions, times and tokens of a batch.

        Args:
            report: what the child tells of the batch.
            lanes: of the entries whose waits are told, as they are called in tags; by default all
                are of the first.
        """
        for outcome, count in Counts(report.outcomes).items():
            self._entries.labels(outcome.value).inc(count)
        for label, count in report.labels.items():
            self._labels.labels(label).inc(count)
        for entity_type, count in report.redactions.items():
            self._redactions.labels(entity_type).inc(count)
        for stage, seconds in report.stages.items():
            self._stages.labels(stage.value).observe(seconds)
        queue, end_to_end = (
            self._stages.labels(stage.value) for stage in (Stage.QUEUE, Stage.END_TO_END)
        )
        for seconds, lane in zip(report.waits, chain(lanes, repeat("")), strict=False):
            queue.observe(seconds)
            self.lanes.waited(lane, seconds)
        for seconds in report.end_to_end:
            end_to_end.observe(seconds)
        self._batch_entries.observe(len(report.outcomes))
        if report.tokens:
            self._batch_tokens.observe(report.tokens)
            self._padding.observe(report.padded_tokens / report.tokens)

    def count(self, outcome: Outcome, entries: int) -> None:
        """Count entries whose outcome no batch report holds."""
        self._entries.labels(outcome.value).inc(entries)

    def discarded(self, reason: DeadReason) -> None:
        """Count an entry that was revoked or expired before a child saw it."""
        outcome = Outcome.EXPIRED if reason is DeadReason.EXPIRED else Outcome.REVOKED
        self._entries.labels(outcome.value).inc()

    def redelivered(self, entries: int) -> None:
        """Count entries that are given to a child again because their batch was lost."""
        self._redeliveries.inc(entries)

    def in_flight(self, *, waiting: int, running: int) -> None:
        """Set how many claimed entries wait for a child, and how many are with one."""
        self._in_flight.labels("waiting").set(waiting)
        self._in_flight.labels("running").set(running)

    def children(self, ready: int) -> None:
        """Set how many children are ready."""
        self._children.set(ready)

    def watch(
        self,
        *,
        paused: Callable[[], bool],
        missing_keys: Callable[[], int],
        unknown_lanes: Callable[[], int],
    ) -> None:
        """Tell at every scrape whether claiming is paused, and which keys and lanes are missing."""
        self._paused.set_function(paused)
        self._missing_keys.set_function(missing_keys)
        self.lanes.unknown.set_function(unknown_lanes)

    def model(self, *, name: str, version: str, precision: str, device: str) -> None:
        """Set which model runs: its name and version, its precision and its device."""
        self._model.labels(name, version, precision, device).set(1)


def process_registry() -> CollectorRegistry:
    """A registry with the metrics of this process and of its Python."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    return registry
