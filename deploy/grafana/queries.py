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
