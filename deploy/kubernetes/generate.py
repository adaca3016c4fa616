"""Write the manifests that are made of others.

    python deploy/kubernetes/generate.py

The alerts of `deploy/prometheus/alerts.yml` become a `PrometheusRule`, the dashboard a `ConfigMap`
with the label that Grafana's sidecar looks for. The workers of `base/` become one Deployment for
each of `SHARDS`, and the ScaledObject of `components/keda/` one that asks for the figures of that
shard alone. All these files are generated; a test compares them.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).parents[1]
ALERTS = DEPLOY / "prometheus" / "alerts.yml"
DASHBOARD = DEPLOY / "grafana" / "dashboards" / "journal-stream.json"
KUBERNETES = DEPLOY / "kubernetes"
OUTPUT = KUBERNETES / "components" / "prometheus-operator"
WORKER = KUBERNETES / "base" / "worker.yml"
SCALED_OBJECT = KUBERNETES / "components" / "keda" / "scaledobject.yml"
#: Their names, as in JOURNAL_SHARDS.
SHARDS = ("a", "b", "c")
_SHARD = "journal-stream/shard"
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


def workers(shard: str) -> list[dict[str, Any]]:
    """The Deployment and the PodDisruptionBudget of the workers of one shard."""
    deployment, budget = yaml.safe_load_all(WORKER.read_text(encoding="utf-8"))
    name = f"{deployment['metadata']['name']}-{shard}"
    for one in (deployment, budget):
        one["metadata"]["name"] = name
        one["spec"]["selector"]["matchLabels"][_SHARD] = shard
    deployment["metadata"]["labels"][_SHARD] = shard
    template = deployment["spec"]["template"]
    template["metadata"]["labels"][_SHARD] = shard
    for spread in template["spec"]["topologySpreadConstraints"]:
        spread["labelSelector"]["matchLabels"][_SHARD] = shard
    (container,) = template["spec"]["containers"]
    secret = {"name": "journal-redis", "key": "worker-shards"}
    container["env"] = [
        {"name": "JOURNAL_SHARDS", "valueFrom": {"secretKeyRef": secret}},
        {"name": "JOURNAL_SHARD", "value": shard},
        *(one for one in container["env"] if one["name"] != "JOURNAL_REDIS_URL"),
    ]
    return [deployment, budget]


def scaled_object(shard: str) -> dict[str, Any]:
    """What scales the workers of one shard, by the figures that have its label."""
    scaled: dict[str, Any] = yaml.safe_load(SCALED_OBJECT.read_text(encoding="utf-8"))
    scaled["metadata"]["name"] += f"-{shard}"
    scaled["spec"]["scaleTargetRef"]["name"] += f"-{shard}"
    for trigger in scaled["spec"]["triggers"]:
        query = trigger["metadata"]["query"]
        trigger["metadata"]["query"] = _METRIC.sub(partial(_selected, shard), query)
    return scaled


#: A metric of ours, and what it is selected by.
_METRIC = re.compile(r"\b(journal_\w+)(?:\{([^}]*)\})?")


def _selected(shard: str, found: re.Match[str]) -> str:
    labels = ", ".join(filter(None, (f'shard="{shard}"', found[2])))
    return f"{found[1]}{{{labels}}}"


def render() -> dict[Path, str]:
    """The text of each file."""
    components = KUBERNETES / "components"
    content: dict[Path, tuple[Path, list[dict[str, Any]]]] = {
        OUTPUT / "rules.yml": (ALERTS, [rules()]),
        OUTPUT / "dashboard.yml": (DASHBOARD, [dashboard()]),
        components / "shards" / "workers.yml": (
            WORKER,
            [one for shard in SHARDS for one in workers(shard)],
        ),
        components / "shards-keda" / "scaledobjects.yml": (
            SCALED_OBJECT,
            [scaled_object(shard) for shard in SHARDS],
        ),
    }
    return {
        path: _HEADER.format(source=source.relative_to(DEPLOY)) + _dumped(documents)
        for path, (source, documents) in content.items()
    }


def _dumped(documents: list[dict[str, Any]]) -> str:
    return "---\n".join(
        yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=_COLUMNS, allow_unicode=True)
        for document in documents
    )


if __name__ == "__main__":
    for path, text in render().items():
        path.write_text(text, encoding="utf-8")
