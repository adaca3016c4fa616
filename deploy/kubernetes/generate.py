"""Write what the Prometheus operator reads from what Prometheus and Grafana read.

    python deploy/kubernetes/generate.py

The alerts of `deploy/prometheus/alerts.yml` become a `PrometheusRule`, the dashboard a `ConfigMap`
with the label that Grafana's sidecar looks for. Both files are generated; a test compares them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).parents[1]
ALERTS = DEPLOY / "prometheus" / "alerts.yml"
DASHBOARD = DEPLOY / "grafana" / "dashboards" / "journal-stream.json"
OUTPUT = DEPLOY / "kubernetes" / "components" / "prometheus-operator"
_HEADER = "# Generated from deploy/{source}: python deploy/kubernetes/generate.py\n"
_COLUMNS = 110


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as such, which can be read and compared by line."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def manifest(kind: str, api: str, labels: dict[str, str], **content: Any) -> dict[str, Any]:
    """A manifest called `journal-stream`."""
    metadata = {
        "name": "journal-stream",
        "labels": {"app.kubernetes.io/part-of": "journal-stream", **labels},
    }
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **content}


def rules() -> dict[str, Any]:
    """The alerts, as the operator's `PrometheusRule`."""
    groups = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    return manifest("PrometheusRule", "monitoring.coreos.com/v1", {}, spec={"groups": groups})


def dashboard() -> dict[str, Any]:
    """The dashboard, as a `ConfigMap` that Grafana's sidecar loads."""
    data = {DASHBOARD.name: DASHBOARD.read_text(encoding="utf-8")}
    return manifest("ConfigMap", "v1", {"grafana_dashboard": "1"}, data=data)


def render() -> dict[Path, str]:
    """The text of each file."""
    content = {
        OUTPUT / "rules.yml": (ALERTS, rules()),
        OUTPUT / "dashboard.yml": (DASHBOARD, dashboard()),
    }
    return {
        path: _HEADER.format(source=source.relative_to(DEPLOY))
        + yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=_COLUMNS, allow_unicode=True)
        for path, (source, document) in content.items()
    }


if __name__ == "__main__":
    for path, text in render().items():
        path.write_text(text, encoding="utf-8")
