"""Write the dashboard of journal-stream: `python deploy/grafana/dashboard.py`.

The JSON beside it is generated; a test compares the two.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from panels import DATASOURCE, RED, Row, lay_out
from queries import FIRING
from rows_gateway import GATEWAY
from rows_queue import LANES, NOW, OVERVIEW, RESULTS, SHARDS
from rows_worker import BATCHING, CONTENT, DEVICES, LATENCY, WORKERS

OUTPUT = Path(__file__).parent / "dashboards" / "journal-stream.json"
ROWS: list[Row] = [
    ("Overview", 4, OVERVIEW),
    ("Now", 7, NOW),
    ("Latency", 8, LATENCY),
    ("Batching", 8, BATCHING),
    ("GPUs", 8, DEVICES),
    ("Labels and redactions", 9, CONTENT),
    ("Results and Redis", 8, RESULTS),
    ("Lanes", 8, LANES),
    ("Shards", 8, SHARDS),
    ("Workers", 8, WORKERS),
    ("Gateway", 8, GATEWAY),
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
        "panels": lay_out(ROWS),
    }


if __name__ == "__main__":
    OUTPUT.write_text(json.dumps(build(), indent=1) + "\n", encoding="utf-8")
