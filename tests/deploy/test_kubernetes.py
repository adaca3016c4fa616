"""The Kubernetes manifests speak of settings, ports and metrics that exist, and leave time to drain."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from producer.gateway.settings import GatewaySettings
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from pathlib import Path

    from prometheus_client import Metric

Manifest = dict[str, Any]
PORTS = {
    "journal-worker": ("metrics", WorkerSettings, "metrics_port"),
    "journal-exporter": ("metrics", WorkerSettings, "exporter_port"),
    "journal-gateway": ("http", GatewaySettings, "port"),
}


@pytest.fixture(scope="module")
def manifests(root: Path) -> list[Manifest]:
    return [
        document
        for place in ("base", "components/gateway", "components/keda")
        for path in sorted((root / "deploy/kubernetes" / place).glob("*.yml"))
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
        if "metadata" in document
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
    known |= {f"JOURNAL_GATEWAY_{field.upper()}" for field in GatewaySettings.model_fields}
    given = {variable["name"] for variable in pod(deployment)[1]["env"]}
    assert "JOURNAL_REDIS_URL" in given
    assert given <= known


def test_no_service_writes_into_our_settings(deployment: Manifest) -> None:
    """A Service `journal-exporter` would set JOURNAL_EXPORTER_PORT=tcp://..."""
    assert pod(deployment)[0]["enableServiceLinks"] is False


def test_ports_and_probes_are_those_of_the_code(deployment: Manifest) -> None:
    _, container = pod(deployment)
    name, settings, field = PORTS[deployment["metadata"]["name"]]
    (port,) = container["ports"]
    default = settings.model_fields[field].default
    assert (port["name"], port["containerPort"]) == (name, default)
    probes = {name: value["httpGet"] for name, value in container.items() if name.endswith("Probe")}
    assert {"livenessProbe", "readinessProbe"} <= set(probes)
    assert {probe["port"] for probe in probes.values()} == {name}
    assert probes["livenessProbe"]["path"] == "/healthz", "a Redis that is down kills no pod"
    if "startupProbe" in probes:
        assert probes["startupProbe"]["path"] == "/readyz", "healthy before its models are loaded"
    assert {probe["path"] for probe in probes.values()} <= {"/healthz", "/readyz"}


def test_every_pod_runs_with_the_least_it_needs(deployment: Manifest, root: Path) -> None:
    spec, container = pod(deployment)
    assert spec["automountServiceAccountToken"] is False
    assert spec["serviceAccountName"] == "journal-stream"
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    dockerfile = (root / "deploy/Dockerfile").read_text(encoding="utf-8")
    user = spec["securityContext"]["runAsUser"]
    assert f"USER {user}:{spec['securityContext']['runAsGroup']}" in dockerfile
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert set(container["resources"]["limits"]) == {"cpu", "memory"}
    assert set(container["resources"]["requests"]) == {"cpu", "memory"}
    tmp = {volume["name"]: volume for volume in spec["volumes"]}["tmp"]
    assert tmp["emptyDir"]["medium"] == "Memory", "a temporary file must not reach a disk"
    image, version = container["image"].rsplit(":", 1)
    assert image == f"journal-stream-{container['name']}"
    assert f'version = "{version}"' in (root / "pyproject.toml").read_text(encoding="utf-8")


def test_labels_select_the_pods_and_name_the_jobs_of_the_alerts(
    deployment: Manifest, root: Path
) -> None:
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
    file = root / "deploy/kubernetes/components/prometheus-operator/podmonitor.yml"
    monitor = yaml.safe_load(file.read_text(encoding="utf-8"))["spec"]
    assert labels[monitor["jobLabel"]] == deployment["metadata"]["name"]
    assert monitor["selector"]["matchLabels"].items() <= labels.items()
    (port,) = pod(deployment)[1]["ports"]
    assert port["name"] in {endpoint["port"] for endpoint in monitor["podMetricsEndpoints"]}


def test_what_runs_more_than_once_spreads_and_is_drained_one_by_one(
    manifests: list[Manifest],
) -> None:
    for name in ("journal-worker", "journal-gateway"):
        deployment = of_kind(manifests, "Deployment")[name]
        selected = {"matchLabels": {"app.kubernetes.io/name": name}}
        spread = pod(deployment)[0]["topologySpreadConstraints"]
        assert [one["topologyKey"] for one in spread] == [
            "topology.kubernetes.io/zone",
            "kubernetes.io/hostname",
        ]
        assert [one["labelSelector"] for one in spread] == [selected] * 2
        budget = of_kind(manifests, "PodDisruptionBudget")[name]["spec"]
        assert (budget["selector"], budget["maxUnavailable"]) == (selected, 1)
        rolling = deployment["spec"]["strategy"]["rollingUpdate"]
        assert rolling["maxUnavailable"] == 0, "a roll-out takes a part away before its successor"


def test_every_part_has_its_policy_and_nothing_else_gets_in_or_out(
    deployment: Manifest, manifests: list[Manifest]
) -> None:
    policies = of_kind(manifests, "NetworkPolicy")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    deny = policies["journal-default-deny"]["spec"]
    assert deny["podSelector"]["matchLabels"].items() <= labels.items()
    assert deny["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in deny
    assert "egress" not in deny
    own = policies[deployment["metadata"]["name"]]["spec"]
    assert own["podSelector"]["matchLabels"].items() <= labels.items()
    open_ports = {port["port"] for rule in own["ingress"] for port in rule["ports"]}
    (port,) = pod(deployment)[1]["ports"]
    assert open_ports == {port["name"]}
    out = {port["port"] for rule in own["egress"] for port in rule["ports"]}
    webhooks = {443} if deployment["metadata"]["name"] == "journal-gateway" else set()
    assert out == {6379, 53} | webhooks


def test_webhooks_reach_no_private_address(manifests: list[Manifest]) -> None:
    policy = of_kind(manifests, "NetworkPolicy")["journal-gateway"]["spec"]
    (block,) = (
        target["ipBlock"]
        for rule in policy["egress"]
        for target in rule["to"]
        if "ipBlock" in target
    )
    closed = [ipaddress.ip_network(network) for network in block["except"]]
    for address in ("10.1.2.3", "172.20.0.1", "192.168.1.1", "169.254.169.254", "127.0.0.1"):
        assert any(ipaddress.ip_address(address) in network for network in closed), address


def test_the_ingress_leaves_metrics_and_health_inside(root: Path) -> None:
    file = root / "deploy/kubernetes/components/gateway/ingress.example.yml"
    (rule,) = yaml.safe_load(file.read_text(encoding="utf-8"))["spec"]["rules"]
    paths = {(one["path"], one["pathType"]) for one in rule["http"]["paths"]}
    prefixes = {path for path, kind in paths if kind == "Prefix"}
    assert ("/", "Exact") in paths
    for inside in ("/metrics", "/healthz", "/readyz"):
        assert not any(inside.startswith(prefix) for prefix in prefixes)


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


def test_workers_scale_by_metrics_that_workers_and_the_exporter_tell(
    manifests: list[Manifest], families: dict[str, list[Metric]]
) -> None:
    scaled = of_kind(manifests, "ScaledObject")["journal-worker"]["spec"]
    assert scaled["scaleTargetRef"]["name"] in of_kind(manifests, "Deployment")
    assert "replicas" not in of_kind(manifests, "Deployment")["journal-worker"]["spec"]
    told = {
        sample.name
        for job in ("journal-exporter", "journal-worker")
        for family in families[job]
        for sample in family.samples
    }
    for trigger in scaled["triggers"]:
        used = set(re.findall(r"journal_\w+", trigger["metadata"]["query"]))
        assert used
        assert used <= told
        assert trigger["metadata"]["ignoreNullValues"] == "false", "no figure would count as 0"
    assert scaled["fallback"]["behavior"] == "currentReplicasIfHigher"


def test_the_handbook_names_every_secret(manifests: list[Manifest], root: Path) -> None:
    handbook = (root / "deploy/kubernetes/README.md").read_text(encoding="utf-8")
    for one in of_kind(manifests, "Deployment").values():
        spec, container = pod(one)
        for variable in container["env"]:
            reference = variable.get("valueFrom", {}).get("secretKeyRef")
            if reference:
                assert f"generic {reference['name']}" in handbook
                assert f"{reference['key']}=" in handbook
        for volume in spec["volumes"]:
            assert "secret" not in volume or f"generic {volume['secret']['secretName']}" in handbook
