"""The row of the gateway, which is empty where none runs."""

from __future__ import annotations

from panels import Placed, graph

INTERVAL = "[$__rate_interval]"
#: Of callers; Prometheus itself and the balancer ask for more pages, and at all times.
CALLS = '{route=~"/v1/.*"}'
SECONDS = f"sum by (le) (rate(journal_gateway_request_seconds_bucket{CALLS}{INTERVAL}))"

GATEWAY: list[Placed] = [
    (
        6,
        graph(
            "Requests by status",
            [
                (
                    f"sum by (status) (rate(journal_gateway_requests_total{CALLS}{INTERVAL}))",
                    "{{status}}",
                )
            ],
            "Answers to callers, of all processes. 429: over a key's rate; 503: no room.",
            unit="ops",
            stack=True,
        ),
    ),
    (
        6,
        graph(
            "Time of a request",
            [
                (f"histogram_quantile({part}, {SECONDS})", f"p{part * 100:g}")
                for part in (0.5, 0.99)
            ],
            "From headers to answer, with the time that a caller asked to wait; without streams.",
            unit="s",
        ),
    ),
    (
        6,
        graph(
            "Open at the gateway",
            [
                ("sum(journal_gateway_requests_open)", "requests"),
                ("sum(journal_gateway_waits_open)", "waits"),
                ("sum(journal_gateway_streams_open)", "event streams"),
            ],
            "Each wait holds a connection to Redis; an event stream holds none.",
        ),
    ),
    (
        6,
        graph(
            "Gateway's deliveries and refusals",
            [
                (
                    f"sum by (outcome) (rate(journal_gateway_webhooks_total{INTERVAL}))",
                    "webhook {{outcome}}",
                ),
                (
                    f"sum by (outcome) (rate(journal_gateway_results_total{INTERVAL}))",
                    "result {{outcome}}",
                ),
                (
                    f"sum by (reason) (rate(journal_gateway_refused_total{INTERVAL}))",
                    "refused: {{reason}}",
                ),
                (f"sum(rate(journal_gateway_errors_total{INTERVAL}))", "errors"),
            ],
            "A webhook that is given up is on its list of undelivered results; see the log.",
            unit="ops",
        ),
    ),
]
