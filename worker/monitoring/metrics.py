"""The worker's Prometheus metrics; kept by the parent process alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from producer.schemas import DeadReason
from worker.protocol import Outcome, Stage

if TYPE_CHECKING:
    from worker.protocol import BatchReport

#: From one entry on an idle machine (10 ms) to a backlog of hours, a factor of about 2.5 apart.
SECONDS = (
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
    60.0,
    300.0,
    1800.0,
    7200.0,
)
#: Powers of two: batches double from one entry up to the default limits.
ENTRIES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
TOKENS = (64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536)
#: Tokens computed per token of text: 1 is no padding at all.
PADDING = (1.0, 1.05, 1.1, 1.2, 1.35, 1.5, 2.0, 3.0, 5.0)


class Metrics:
    """Counts batch reports.

    Args:
        registry: where the metrics are registered; one `Metrics` a registry.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._entries = Counter(
            "journal_entries", "Entries by what became of them", ["outcome"], registry=registry
        )
        self._labels = Counter("journal_labels", "Labels given", ["label"], registry=registry)
        self._redactions = Counter(
            "journal_redactions", "Spans of personal data removed", ["type"], registry=registry
        )
        self._stages = Histogram(
            "journal_stage_seconds",
            "Seconds in each stage: queue and end_to_end for each entry, the others for each batch",
            ["stage"],
            buckets=SECONDS,
            registry=registry,
        )
        self._batch_entries = Histogram(
            "journal_batch_entries", "Entries in a batch", buckets=ENTRIES, registry=registry
        )
        self._batch_tokens = Histogram(
            "journal_batch_tokens", "Tokens of text in a batch", buckets=TOKENS, registry=registry
        )
        self._padding = Histogram(
            "journal_padding_ratio",
            "Tokens computed for each token of text",
            buckets=PADDING,
            registry=registry,
        )
        self._redeliveries = Counter(
            "journal_redeliveries",
            "Entries given to a child again after their batch was lost",
            registry=registry,
        )
        self._in_flight = Gauge(
            "journal_worker_in_flight",
            "Entries claimed and not settled, waiting for a child or with one",
            ["state"],
            registry=registry,
        )
        self._children = Gauge(
            "journal_worker_children", "Child processes ready for batches", registry=registry
        )
        self._model = Gauge(
            "journal_model_info",
            "The model this worker runs",
            ["name", "version", "precision", "device"],
            registry=registry,
        )
        for outcome in Outcome:  # so that rates begin at zero and not at the first event
            self._entries.labels(outcome.value)
        self.in_flight(waiting=0, running=0)

    def observe(self, report: BatchReport) -> None:
        """Count a batch that came to its end."""
        for outcome in report.outcomes:
            self._entries.labels(outcome.value).inc()
        for label, count in report.labels.items():
            self._labels.labels(label).inc(count)
        for kind, count in report.redactions.items():
            self._redactions.labels(kind).inc(count)
        for stage, seconds in report.stages.items():
            self._stages.labels(stage.value).observe(seconds)
        for seconds in report.waits:
            self._stages.labels(Stage.QUEUE.value).observe(seconds)
        for seconds in report.end_to_end:
            self._stages.labels(Stage.END_TO_END.value).observe(seconds)
        self._batch_entries.observe(len(report.outcomes))
        if report.tokens:
            self._batch_tokens.observe(report.tokens)
            self._padding.observe(report.padded_tokens / report.tokens)

    def count(self, outcome: Outcome, entries: int) -> None:
        """Count entries that came to their end outside a batch report."""
        self._entries.labels(outcome.value).inc(entries)

    def discarded(self, reason: DeadReason) -> None:
        """Count an entry that was revoked or expired before a child saw it."""
        outcome = Outcome.EXPIRED if reason is DeadReason.EXPIRED else Outcome.REVOKED
        self._entries.labels(outcome.value).inc()

    def redelivered(self, entries: int) -> None:
        """Count entries of a lost batch."""
        self._redeliveries.inc(entries)

    def in_flight(self, *, waiting: int, running: int) -> None:
        """Tell how many entries are in this worker's hands."""
        self._in_flight.labels("waiting").set(waiting)
        self._in_flight.labels("running").set(running)

    def children(self, ready: int) -> None:
        """Tell how many children are ready."""
        self._children.set(ready)

    def model(self, *, name: str, version: str, precision: str, device: str) -> None:
        """Tell which model runs."""
        self._model.labels(name, version, precision, device).set(1)
