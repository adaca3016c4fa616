"""PromQL of the dashboard: series of workers, narrowed to `$job` and `$instance`, and alerts."""

from __future__ import annotations

WORKER = 'job=~"$job", instance=~"$instance"'
INTERVAL = "$__rate_interval"
FIRING = 'ALERTS{alertname=~"Journal.*", alertstate="firing"}'


def rate(metric: str, by: str = "", **labels: str) -> str:
    """Per-second rate of a worker counter, summed over replicas.

    Args:
        metric: the counter.
        by: the labels to keep, separated by commas.
        labels: for each label the matcher and its value, such as `'="answered"'`.
    """
    selector = ", ".join([WORKER, *(name + match for name, match in labels.items())])
    return f"sum{f' by ({by})' if by else ''} (rate({metric}{{{selector}}}[{INTERVAL}]))"


def mean(histogram: str, by: str = "", **labels: str) -> str:
    """Mean of what a histogram observed."""
    return f"{rate(histogram + '_sum', by, **labels)} / {rate(histogram + '_count', by, **labels)}"


def quantile(q: float, histogram: str, by: str = "le", **labels: str) -> str:
    """Estimate of a quantile, as fine as the histogram's buckets."""
    return f"histogram_quantile({q}, {rate(histogram + '_bucket', by, **labels)})"


def total(gauge: str, by: str = "") -> str:
    """A gauge of the exporter over all shards.

    Every exporter tells the same of a shard, hence `max`; shards have entries of their own, hence
    `sum`. Where there is one Redis the gauge has no label `shard`, and this is its value.

    Args:
        gauge: what the exporter tells.
        by: the labels to keep, separated by commas.
    """
    kept = f" by ({by})" if by else ""
    return f"sum{kept} (max by ({', '.join(filter(None, ('shard', by)))}) ({gauge}))"


def of_shards(gauge: str) -> str:
    """A gauge of the exporter by shard; one series where there is one Redis."""
    return f"max by (shard) ({gauge})"
