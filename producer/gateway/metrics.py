"""The metrics of one process of the gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: Ten steps a decade, the series R10 of preferred numbers (ISO 3), so that a quantile is told well.
_PREFERRED = (1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8)
#: Answers without a wait take milliseconds, those with one up to a minute.
SECONDS = (
    *(round(step * scale, 6) for scale in (0.001, 0.01, 0.1, 1, 10) for step in _PREFERRED),
    100,
)
REFUSALS = ("api_key", "body", "entries", "rate", "requests", "streams", "waits")
#: What is under way, and how its metric calls it.
OPEN = {"requests": "Requests", "waits": "Waits for a result", "streams": "Event streams"}
DELIVERIES = ("delivered", "failed", "given_up")


class GatewayMetrics:
    """What a process counts; labels come from closed sets, and none is an id or a name of a key."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._requests = Counter(
            "journal_gateway_requests",
            "Requests that were answered.",
            ("method", "route", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "journal_gateway_request_seconds",
            "From the headers of a request to the end of its answer, event streams aside.",
            ("route",),
            buckets=SECONDS,
            registry=registry,
        )
        self._refused = Counter(
            "journal_gateway_refused",
            "Requests refused, and waits cut short, for want of a right or of room.",
            ("reason",),
            registry=registry,
        )
        self._moved = Counter(
            "journal_gateway_results",
            "Results and failures taken from the queue's streams: put on the stream of an API key, "
            "or of no key.",
            ("outcome",),
            registry=registry,
        )
        self._webhooks = Counter(
            "journal_gateway_webhooks",
            "Tries to deliver by webhook.",
            ("outcome",),
            registry=registry,
        )
        self._errors = Counter(
            "journal_gateway_errors",
            "Errors of the gateway itself, told in its log.",
            registry=registry,
        )
        for reason in REFUSALS:
            self._refused.labels(reason)
        for outcome in ("appended", "others"):
            self._moved.labels(outcome)
        for outcome in DELIVERIES:
            self._webhooks.labels(outcome)

    @classmethod
    def of_nothing(cls) -> GatewayMetrics:
        """Every metric, of a process in which nothing is under way."""
        metrics = cls()
        for name in OPEN:
            metrics.watch(name, float)
        return metrics

    def watch(self, name: str, value: Callable[[], float]) -> None:
        """Show how many of `OPEN` there are, asked for when metrics are read."""
        what = f"{OPEN[name]} under way."
        gauge = Gauge(f"journal_gateway_{name}_open", what, registry=self.registry)
        gauge.set_function(value)

    def expect(self, method: str, route: str, statuses: Iterable[str]) -> None:
        """Let the counters of these answers begin at zero: one born at 1 shows no increase."""
        for status in statuses:
            self._requests.labels(method, route, status)

    def answered(self, method: str, route: str, status: int, seconds: float | None) -> None:
        """Count an answer; `seconds` is None for an event stream."""
        self._requests.labels(method, route, str(status)).inc()
        if seconds is not None:
            self._seconds.labels(route).observe(seconds)

    def refused(self, reason: str) -> None:
        """Count a refusal, by one of `REFUSALS`."""
        self._refused.labels(reason).inc()

    def moved(self, appended: int, others: int) -> None:
        """Count what was taken from the queue's streams."""
        self._moved.labels("appended").inc(appended)
        self._moved.labels("others").inc(others)

    def webhook(self, outcome: str) -> None:
        """Count a try, by one of `DELIVERIES`."""
        self._webhooks.labels(outcome).inc()

    def error(self) -> None:
        """Count an error of the gateway itself."""
        self._errors.inc()

    def page(self) -> bytes:
        """All metrics in Prometheus's text format."""
        return generate_latest(self.registry)
