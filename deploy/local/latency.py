"""Reading Prometheus text: values, and quantiles of histograms."""

from __future__ import annotations

import math
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families


@dataclass(frozen=True, slots=True)
class Histogram:
    """Cumulative counts by upper bound, in order."""

    bounds: tuple[float, ...]
    counts: tuple[float, ...]

    @property
    def count(self) -> float:
        """How many observations there are."""
        return self.counts[-1] if self.counts else 0.0

    def since(self, before: Histogram) -> Histogram:
        """What was observed after `before`."""
        if not before.counts:
            return self
        return Histogram(
            self.bounds, tuple(a - b for a, b in zip(self.counts, before.counts, strict=True))
        )

    def quantile(self, share: float) -> float:
        """By linear interpolation inside the bucket, as PromQL's `histogram_quantile` does."""
        wanted = share * self.count
        lower, below = 0.0, 0.0
        for bound, cumulative in zip(self.bounds, self.counts, strict=True):
            if cumulative >= wanted and cumulative > below:
                if math.isinf(bound):
                    return lower
                return lower + (bound - lower) * (wanted - below) / (cumulative - below)
            lower, below = bound, cumulative
        return lower


def read_histogram(metrics: str, stage: str) -> Histogram:
    """`journal_stage_seconds` of one stage."""
    pairs = [
        (float(sample.labels["le"]), sample.value)
        for family in text_string_to_metric_families(metrics)
        if family.name == "journal_stage_seconds"
        for sample in family.samples
        if sample.name.endswith("_bucket") and sample.labels["stage"] == stage
    ]
    return Histogram(tuple(b for b, _ in pairs), tuple(c for _, c in pairs))


def read_value(metrics: str, sample: str) -> float:
    """The value of one sample by its full name with labels; 0 if there is none."""
    for line in metrics.splitlines():
        if line.startswith(sample + " "):
            return float(line.rsplit(" ", 1)[1])
    return 0.0
