"""The Kubernetes manifests speak of settings, ports and metrics that exist, and leave time to drain."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from pathlib import Path

    from prometheus_client import Metric

Manifest = dict[str, Any]
PORTS = {"journal-worker": "metrics_port", "journal-exporter": "exporter_port"}


@pytest.fixture(scope="module")
def manifests(root: Path) -> list[Manifest]:
    return [
        document
        for path in sorted((root / "deploy/kubernetes").glob("*.yml"))
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
    ]


def of_kind(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    return {one["metadata"]["name"]: one for one in manifests if one["kind"] == kind}


@pytest.fixture(scope="module", params=sorted(PORTS))
def deployment(request: pytest.FixtureRequest, manifests: list[Manifest]) -> Manifest:
    return of_kind(manifests, "Deployment")[request.param]


def pod(deployment: Manifest) -> tuple[Manifest, Manifest]:
    """The pod's spec and that of its only container."""
    spec = deployment["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    return spec, container


def test_every_setting_handed_on_exists(deployment: Manifest) -> None:
    known = {f"JOURNAL_{field.upper()}" for field in WorkerSettings.model_fields}
    given = {variable["name"] for variable in pod(deployment)[1]["env"]}
    assert "JOURNAL_REDIS_URL" in given
    assert given <= known


def test_no_service_writes_into_our_settings(deployment: Manifest) -> None:
    """A Service `journal-exporter` would set JOURNAL_EXPORTER_PORT=tcp://..."""
    assert pod(deployment)[0]["enableServiceLinks"] is False


def test_ports_and_probes_are_those_of_the_code(deployment: Manifest) -> None:
    _, container = pod(deployment)
    field = PORTS[deployment["metadata"]["name"]]
    (port,) = container["ports"]
    default = WorkerSettings.model_fields[field].default
    assert (port["name"], port["containerPort"]) == ("metrics", default)
    probes = {name: value["httpGet"] for name, value in container.items() if name.endswith("Probe")}
    assert {"livenessProbe", "readinessProbe"} <= set(probes)
    assert {probe["port"] for probe in probes.values()} == {"metrics"}
    assert probes["livenessProbe"]["path"] == "/healthz", "a Redis that is down kills no pod"
    if "startupProbe" in probes:
        assert probes["startupProbe"]["path"] == "/readyz", "healthy before its models are loaded"
    assert {probe["path"] for probe in probes.values()} <= {"/healthz", "/readyz"}


def test_every_pod_runs_with_the_least_it_needs(deployment: Manifest, root: Path) -> None:
    spec, container = pod(deployment)
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    dockerfile = (root / "deploy/Dockerfile").read_text(encoding="utf-8")
    user = spec["securityContext"]["runAsUser"]
    assert f"USER {user}:{spec['securityContext']['runAsGroup']}" in dockerfile
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]
    tmp = {volume["name"]: volume for volume in spec["volumes"]}["tmp"]
    assert tmp["emptyDir"]["medium"] == "Memory", "a temporary file must not reach a disk"
    image, version = container["image"].rsplit(":", 1)
    assert image == f"journal-stream-{container['name']}"
    assert f'version = "{version}"' in (root / "pyproject.toml").read_text(encoding="utf-8")


def test_labels_select_the_pods_and_name_the_jobs_of_the_alerts(
    deployment: Manifest, manifests: list[Manifest]
) -> None:
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
    monitor = of_kind(manifests, "PodMonitor")["journal-stream"]["spec"]
    assert labels[monitor["jobLabel"]] == deployment["metadata"]["name"]
    assert monitor["selector"]["matchLabels"].items() <= labels.items()


def test_the_worker_can_read_its_keys_and_has_time_to_drain(manifests: list[Manifest]) -> None:
    spec, container = pod(of_kind(manifests, "Deployment")["journal-worker"])
    default = WorkerSettings.model_fields["batch_timeout_seconds"].default
    assert spec["terminationGracePeriodSeconds"] > default
    keys = {volume["name"]: volume for volume in spec["volumes"]}["keys"]["secret"]
    assert keys["defaultMode"] == 0o440
    assert spec["securityContext"]["fsGroup"] == spec["securityContext"]["runAsGroup"]
    file = {one["name"]: one.get("value") for one in container["env"]}["JOURNAL_KEYS_FILE"]
    (mount,) = [one for one in container["volumeMounts"] if one["name"] == "keys"]
    assert file == f"{mount['mountPath']}/keys.json"
    assert mount["readOnly"] is True
    policy = of_kind(manifests, "NetworkPolicy")["journal-worker"]["spec"]
    assert policy["policyTypes"] == ["Egress"]
    ports = {port["port"] for rule in policy["egress"] for port in rule["ports"]}
    assert ports == {6379, 53}


def test_workers_scale_by_gauges_that_the_exporter_tells(
    manifests: list[Manifest], families: dict[str, list[Metric]]
) -> None:
    scaled = of_kind(manifests, "ScaledObject")["journal-worker"]["spec"]
    assert scaled["scaleTargetRef"]["name"] in of_kind(manifests, "Deployment")
    assert "replicas" not in of_kind(manifests, "Deployment")["journal-worker"]["spec"]
    told = {family.name for family in families["journal-exporter"]}
    for trigger in scaled["triggers"]:
        used = set(re.findall(r"journal_\w+", trigger["metadata"]["query"]))
        assert used
        assert used <= told
        assert trigger["metadata"]["ignoreNullValues"] == "false", "no figure would count as 0"
    assert scaled["fallback"]["behavior"] == "currentReplicasIfHigher"


def test_the_handbook_names_every_secret(manifests: list[Manifest], root: Path) -> None:
    handbook = (root / "deploy/README.md").read_text(encoding="utf-8")
    for one in of_kind(manifests, "Deployment").values():
        spec, container = pod(one)
        for variable in container["env"]:
            reference = variable.get("valueFrom", {}).get("secretKeyRef")
            if reference:
                assert f"generic {reference['name']}" in handbook
                assert f"{reference['key']}=" in handbook
        for volume in spec["volumes"]:
            assert "secret" not in volume or f"generic {volume['secret']['secretName']}" in handbook
