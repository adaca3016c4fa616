"""Write the dashboard of journal-stream: `python deploy/grafana/dashboard.py`.

The JSON beside it is generated; a test compares the two. Worker series are narrowed to `$job` and
`$instance`. Queue figures are the same from every exporter of a Redis, hence `max`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from panels import DATASOURCE, Panel, graph, heatmap, lay_out, stat, table

OUTPUT = Path(__file__).parent / "dashboards" / "journal-stream.json"
W = 'job=~"$job", instance=~"$instance"'
EVERY = "$__rate_interval"
FIRING = 'ALERTS{alertname=~"Journal.*", alertstate="firing"}'
RED, AMBER, GREEN = "red", "orange", "green"


def rate(metric: str, by: str = "", **labels: str) -> str:
    """Per-second rate of a worker counter, summed over replicas."""
    selector = ", ".join([W, *(f'{name}{match}"' for name, match in labels.items())])
    return f"sum{f' by ({by})' if by else ''} (rate({metric}{{{selector}}}[{EVERY}]))"


def mean(histogram: str, by: str = "", **labels: str) -> str:
    """Mean of what a histogram observed."""
    return f"{rate(histogram + '_sum', by, **labels)} / {rate(histogram + '_count', by, **labels)}"


def quantile(q: float, histogram: str, by: str = "le", **labels: str) -> str:
    """Estimate of a quantile, as fine as the histogram's buckets."""
    return f"histogram_quantile({q}, {rate(histogram + '_bucket', by, **labels)})"


ANSWERED = rate("journal_entries_total", outcome='="answered')
E2E: dict[str, str] = {"stage": '="end_to_end'}

NOW: list[tuple[int, Panel]] = [
    (3, stat("Answered", ANSWERED, "Entries answered a second, all replicas.", unit="ops")),
    (
        3,
        stat(
            "Oldest waiting",
            "max(journal_queue_oldest_seconds)",
            "Age of the oldest entry in the queue: the figure to scale on.",
            unit="s",
            steps=((None, GREEN), (30, AMBER), (120, RED)),
        ),
    ),
    (
        3,
        stat(
            "Waiting",
            "max(journal_queue_ready)",
            "Entries that no worker has taken yet.",
            steps=((None, GREEN), (10_000, AMBER), (80_000, RED)),
        ),
    ),
    (
        3,
        stat(
            "Claimed",
            "max(journal_queue_claimed)",
            "Entries a worker holds under a lease; without workers this must go back to 0.",
        ),
    ),
    (
        3,
        stat(
            "Results unread",
            "max(journal_results_entries)",
            "Results on the stream. At 100,000 (JOURNAL_MAX_RESULTS) the workers stop claiming.",
            steps=((None, GREEN), (10_000, AMBER), (80_000, RED)),
        ),
    ),
    (
        3,
        stat(
            "Dead letters",
            "max(journal_dead_letters)",
            "Entries given up and kept sealed on journal.dead, to be looked at by someone.",
            steps=((None, GREEN), (1, AMBER), (100, RED)),
        ),
    ),
    (
        3,
        stat(
            "Workers up",
            f"count(journal_worker_children{{{W}}}) or vector(0)",
            "Replicas that answer the scrape.",
            steps=((None, RED), (1, GREEN)),
        ),
    ),
    (
        3,
        stat(
            "Redis up",
            "min(journal_redis_up)",
            "1 while the exporter reaches Redis.",
            steps=((None, RED), (1, GREEN)),
        ),
    ),
    (
        8,
        graph(
            "Entries by outcome",
            [(rate("journal_entries_total", "outcome"), "{{outcome}}")],
            "What became of the entries. Anything but answered deserves a look.",
            unit="ops",
            stack=True,
        ),
    ),
    (
        8,
        graph(
            "Queue",
            [("max(journal_queue_ready)", "waiting"), ("max(journal_queue_claimed)", "claimed")],
            "Waiting entries that grow while claimed ones stay flat: add replicas.",
        ),
    ),
    (
        8,
        table(
            "Firing alerts",
            FIRING,
            "Empty is good. What to do: deploy/README.md.",
            {"alertname": "Alert", "severity": "Severity"},
        ),
    ),
]

LATENCY: list[tuple[int, Panel]] = [
    (
        8,
        graph(
            "End-to-end latency",
            [
                (quantile(q, "journal_stage_seconds", **E2E), f"p{q * 100:.0f}")
                for q in (0.5, 0.95, 0.99)
            ],
            "From submit to the published result.",
            unit="s",
        ),
    ),
    (
        8,
        graph(
            "Where the time goes",
            [(mean("journal_stage_seconds", "stage", stage='!="end_to_end'), "{{stage}}")],
            "Mean time of an entry in the queue and of a batch in each stage, stacked. A "
            "growing queue stage means too few workers, any other a slower worker.",
            unit="s",
            stack=True,
        ),
    ),
    (
        8,
        heatmap(
            "End-to-end latency, all entries",
            f"sum by (le) (increase(journal_stage_seconds_bucket{{{W}, "
            f'stage="end_to_end"}}[{EVERY}]))',
            "How latencies are spread: two bands are two kinds of entry.",
            unit="s",
        ),
    ),
]

BATCHING: list[tuple[int, Panel]] = [
    (
        6,
        graph(
            "Entries a batch",
            [
                (mean("journal_batch_entries"), "mean"),
                (quantile(0.95, "journal_batch_entries"), "p95"),
            ],
            "Grows by itself under load, up to JOURNAL_MAX_BATCH_ENTRIES.",
        ),
    ),
    (
        6,
        graph(
            "Tokens a batch",
            [
                (mean("journal_batch_tokens"), "mean"),
                (quantile(0.95, "journal_batch_tokens"), "p95"),
            ],
            "Bounded by JOURNAL_MAX_BATCH_TOKENS.",
        ),
    ),
    (
        6,
        graph(
            "Padding ratio",
            [
                (mean("journal_padding_ratio"), "mean"),
                (quantile(0.95, "journal_padding_ratio"), "p95"),
            ],
            "Tokens computed for each token of text: 1 is no padding at all, 2 is half "
            "the work for nothing.",
            unit="none",
        ),
    ),
    (
        6,
        graph(
            "In flight and children",
            [
                (f"sum by (state) (journal_worker_in_flight{{{W}}})", "entries {{state}}"),
                (f"sum(journal_worker_children{{{W}}})", "children"),
            ],
            "Entries in the workers' hands, against the processes that work on them. Waiting "
            "ones mean that every child is busy, and that the next batches grow.",
        ),
    ),
]

CONTENT: list[tuple[int, Panel]] = [
    (
        12,
        graph(
            "Labels found",
            [(rate("journal_labels_total", "label"), "{{label}}")],
            "Labels given a second. A sudden change of the mix is a change of the input or of "
            "the model.",
            unit="ops",
            stack=True,
        ),
    ),
    (
        12,
        graph(
            "Redactions by type",
            [(rate("journal_redactions_total", "type"), "{{type}}")],
            "Personal data removed a second. None at all for long is suspect.",
            unit="ops",
            stack=True,
        ),
    ),
]

RESULTS: list[tuple[int, Panel]] = [
    (
        8,
        graph(
            "Results unread by group",
            [
                ("max by (group) (journal_results_backlog)", "{{group}}"),
                ("max(journal_results_entries)", "on the stream"),
            ],
            "What each reader group has still to read; the slowest keeps the stream long.",
            steps=((None, "transparent"), (80_000, RED)),
        ),
    ),
    (
        8,
        graph(
            "Redis memory",
            [
                ("max(journal_redis_used_memory_bytes)", "used"),
                ("max(journal_redis_maxmemory_bytes) > 0", "limit"),
            ],
            "At its limit Redis refuses new entries (noeviction) and loses none.",
            unit="bytes",
        ),
    ),
    (
        8,
        graph(
            "Trouble",
            [
                (rate("journal_redeliveries_total"), "delivered again"),
                (rate("journal_entries_total", outcome='="dead'), "given up"),
                (rate("journal_entries_total", outcome='="requeued'), "handed back"),
            ],
            "Delivered again: a worker died or lost its lease. Handed back: a worker drained.",
            unit="ops",
        ),
    ),
]

WORKERS: list[tuple[int, Panel]] = [
    (
        12,
        table(
            "Models",
            f"journal_model_info{{{W}}}",
            "What each replica serves. Two versions outside of a roll-out are wrong.",
            {
                "instance": "Replica",
                "name": "Model",
                "version": "Version",
                "precision": "Precision",
                "device": "Device",
            },
        ),
    ),
    (
        12,
        graph(
            "Answered by replica",
            [(rate("journal_entries_total", "instance", outcome='="answered'), "{{instance}}")],
            "A replica well below its peers has fewer cores or is in trouble.",
            unit="ops",
            stack=True,
        ),
    ),
]

ROWS = [
    ("Now", 7, NOW[8:]),
    ("Latency", 8, LATENCY),
    ("Batching", 8, BATCHING),
    ("Labels and redactions", 9, CONTENT),
    ("Results and Redis", 8, RESULTS),
    ("Workers", 8, WORKERS),
]


def variable(name: str, label: str, query: str) -> dict[str, Any]:
    """A drop-down that offers the values of a label; all of them unless narrowed."""
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": DATASOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": ["All"], "value": ["$__all"]},
    }


def build() -> dict[str, Any]:
    """The dashboard, as Grafana's JSON model."""
    return {
        "uid": "journal-stream",
        "title": "journal-stream",
        "description": "Journal entries from the queue to their labels. No figure holds any text.",
        "tags": ["journal-stream"],
        "schemaVersion": 41,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "15s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "templating": {
            "list": [
                {
                    "type": "datasource",
                    "name": "datasource",
                    "label": "Data source",
                    "query": "prometheus",
                    "current": {"text": "Prometheus", "value": "prometheus"},
                },
                variable("job", "Job", "label_values(journal_worker_children, job)"),
                variable(
                    "instance",
                    "Replica",
                    'label_values(journal_worker_children{job=~"$job"}, instance)',
                ),
            ]
        },
        "annotations": {
            "list": [
                {
                    "name": "Alerts",
                    "enable": True,
                    "iconColor": RED,
                    "datasource": DATASOURCE,
                    "expr": FIRING,
                    "titleFormat": "{{alertname}}",
                    "tagKeys": "severity",
                    "step": "60s",
                },
            ]
        },
        "panels": lay_out([("Overview", 4, NOW[:8]), *ROWS]),
    }


if __name__ == "__main__":
    OUTPUT.write_text(json.dumps(build(), indent=1) + "\n", encoding="utf-8")
