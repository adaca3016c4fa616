"""What kubectl builds from base, components and overlays is what clusters and operators accept."""

from __future__ import annotations

import json
import os
import re
import runpy
import subprocess
import tomllib
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests import needs
from tests.deploy.conftest import ROOT
from tests.nodejs import node_with_packages

if TYPE_CHECKING:
    from pathlib import Path

Manifests = list[dict[str, Any]]
KUBERNETES = ROOT / "deploy/kubernetes"
OVERLAYS = sorted(path.parent.name for path in KUBERNETES.glob("overlays/*/kustomization.yml"))
#: The oldest version that the handbook names, and the newest that there is.
VERSIONS = ("1.30", "1.37")
#: Components are built since kubectl 1.21.
OLDEST_KUSTOMIZE = (4,)
OPERATORS = ("keda.sh/v1alpha1", "monitoring.coreos.com/v1")
#: `kubectl apply` writes the manifest into an annotation, which holds no more.
MOST_BYTES = 262_144


@cache
def kubectl() -> str:
    program = needs.program("kubectl")
    told = subprocess.run(
        [program, "version", "--client", "-o", "json"], capture_output=True, text=True, check=True
    )
    version = re.findall(r"\d+", json.loads(told.stdout).get("kustomizeVersion", "0"))
    if tuple(map(int, version)) < OLDEST_KUSTOMIZE:
        pytest.skip("kubectl is older than 1.21 and builds no components")
    return program


@cache
def built(folder: Path) -> Manifests:
    done = subprocess.run([kubectl(), "kustomize", folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not done.stderr, "kustomize warns"
    return list(yaml.safe_load_all(done.stdout))


@pytest.fixture(params=["base", *OVERLAYS])
def manifests(request: pytest.FixtureRequest) -> Manifests:
    return built(KUBERNETES / ("base" if request.param == "base" else f"overlays/{request.param}"))


def ingress_example() -> dict[str, Any]:
    file = KUBERNETES / "components/gateway/ingress.example.yml"
    loaded: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return loaded


def containers(manifests: Manifests) -> dict[str, dict[str, Any]]:
    """The container of each Deployment, by the Deployment's name."""
    return {
        one["metadata"]["name"]: one["spec"]["template"]["spec"]["containers"][0]
        for one in manifests
        if one["kind"] == "Deployment"
    }


def environment(container: dict[str, Any]) -> dict[str, str | None]:
    return {variable["name"]: variable.get("value") for variable in container["env"]}


def test_every_component_has_an_overlay() -> None:
    components = {path.name for path in (KUBERNETES / "components").iterdir()}
    assert components == set(OVERLAYS) - {"complete"}


@pytest.mark.parametrize("version", VERSIONS)
def test_clusters_accept_what_is_built(manifests: Manifests, version: str) -> None:
    validator = needs.module("kubernetes_validate")
    for one in [*manifests, ingress_example()]:
        if one["apiVersion"] not in OPERATORS:
            validator.validate(one, version, strict=True)


def test_a_field_that_no_cluster_knows_is_found() -> None:
    validator = needs.module("kubernetes_validate")
    (worker,) = (
        one
        for one in built(KUBERNETES / "base")
        if one["metadata"]["name"] == "journal-worker" and one["kind"] == "Deployment"
    )
    wrong = {**worker, "spec": {**worker["spec"], "replica": 2}}
    for version in VERSIONS:
        with pytest.raises(validator.ValidationError):
            validator.validate(wrong, version, strict=True)


def test_the_operators_accept_what_is_built_for_them() -> None:
    folder = ROOT / "tests/deploy/crds"
    node = node_with_packages(folder)

    def said(manifests: Manifests) -> list[str]:
        done = subprocess.run(
            [node, folder / "check.mjs"],
            input=json.dumps(manifests),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    manifests = built(KUBERNETES / "overlays/complete")
    theirs = [one for one in manifests if one["apiVersion"] in OPERATORS]
    assert {one["kind"] for one in theirs} == {"ScaledObject", "PodMonitor", "PrometheusRule"}
    assert said(theirs) == ["3 checked"]
    of_shards = built(KUBERNETES / "overlays/shards-keda")
    assert said([one for one in of_shards if one["apiVersion"] in OPERATORS]) == ["3 checked"]
    broken = json.loads(json.dumps(theirs).replace("currentReplicasIfHigher", "sometimes"))
    assert "fallback/behavior" in said(broken)[0]


def test_everything_is_in_one_namespace_that_refuses_weak_pods(manifests: Manifests) -> None:
    (namespace,) = (one for one in manifests if one["kind"] == "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    places = {one["metadata"].get("namespace") for one in manifests if one["kind"] != "Namespace"}
    assert places == {namespace["metadata"]["name"]}


def test_images_are_of_this_version_and_set_in_one_line_each() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    for name, container in containers(built(KUBERNETES / "overlays/complete")).items():
        image = name.replace("journal-", "journal-stream-")
        assert container["image"] == f"registry.example.com/{image}:{version}"


def test_a_worker_on_a_gpu_asks_for_one_and_needs_none_that_is_spare() -> None:
    manifests = built(KUBERNETES / "overlays/gpu")
    worker = containers(manifests)["journal-worker"]
    for resources in (worker["resources"]["limits"], worker["resources"]["requests"]):
        assert resources["nvidia.com/gpu"] == 1
    assert environment(worker)["JOURNAL_DEVICE"] == "cuda"
    assert "JOURNAL_KEYS_FILE" in environment(worker), "the patch replaced the list"
    (deployment,) = (
        one
        for one in manifests
        if (one["kind"], one["metadata"]["name"]) == ("Deployment", "journal-worker")
    )
    assert deployment["spec"]["strategy"]["rollingUpdate"]["maxSurge"] == 0


def test_each_shard_has_workers_and_a_scaler_and_the_other_parts_serve_all() -> None:
    manifests = built(KUBERNETES / "overlays/shards-keda")
    parts = containers(manifests)
    fleets = {name: part for name, part in parts.items() if name.startswith("journal-worker")}
    assert set(fleets) == {f"journal-worker-{shard}" for shard in "abc"}
    for name, container in fleets.items():
        assert environment(container)["JOURNAL_SHARD"] == name[-1]
    keys = {}
    for name, container in parts.items():
        assert "JOURNAL_REDIS_URL" not in environment(container)
        (told,) = (one for one in container["env"] if one["name"] == "JOURNAL_SHARDS")
        keys[name.split("-")[1]] = told["valueFrom"]["secretKeyRef"]["key"]
    assert keys == {part: f"{part}-shards" for part in ("worker", "exporter", "gateway")}
    for one in manifests:
        if one["kind"] not in {"Deployment", "PodDisruptionBudget"} or "worker" not in str(one):
            continue
        shard = one["metadata"]["name"][-1]
        assert one["spec"]["selector"]["matchLabels"]["journal-stream/shard"] == shard
    scaled = {one["spec"]["scaleTargetRef"]["name"]: one for one in manifests if scales(one)}
    assert set(scaled) == set(fleets)
    for name, one in scaled.items():
        asked = "".join(trigger["metadata"]["query"] for trigger in one["spec"]["triggers"])
        assert asked.count("journal_") == asked.count(f'shard="{name[-1]}"')


def scales(manifest: dict[str, Any]) -> bool:
    return bool(manifest["kind"] == "ScaledObject")


def test_workers_of_shards_can_have_a_gpu_each(tmp_path: Path) -> None:
    text = (KUBERNETES / "overlays/shards/kustomization.yml").read_text("utf-8")
    for place in ("base", "components/gateway", "components/shards"):
        text = text.replace(f"../../{place}", os.path.relpath(KUBERNETES / place, tmp_path))
    gpu = os.path.relpath(KUBERNETES / "components/gpu", tmp_path)
    (tmp_path / "kustomization.yml").write_text(f"{text}  - {gpu}\n", "utf-8")
    for name, container in containers(built(tmp_path)).items():
        assert ("nvidia.com/gpu" in container["resources"]["limits"]) == ("worker" in name)


def test_every_part_asks_for_confirmation_where_there_are_sentinels() -> None:
    parts = containers(built(KUBERNETES / "overlays/complete"))
    assert set(parts) == {"journal-worker", "journal-exporter", "journal-gateway"}
    for container in parts.values():
        assert environment(container)["JOURNAL_MIN_REPLICAS"] == "1"


def test_the_operator_has_the_alerts_and_grafana_the_dashboard() -> None:
    manifests = {one["kind"]: one for one in built(KUBERNETES / "overlays/prometheus-operator")}
    alerts = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text("utf-8"))
    assert manifests["PrometheusRule"]["spec"] == alerts
    dashboard = ROOT / "deploy/grafana/dashboards/journal-stream.json"
    data = manifests["ConfigMap"]["data"]
    assert json.loads(data[dashboard.name]) == json.loads(dashboard.read_text("utf-8"))
    assert len(json.dumps(manifests["ConfigMap"])) < MOST_BYTES


def test_generated_files_are_what_their_sources_generate() -> None:
    render = runpy.run_path(str(KUBERNETES / "generate.py"))["render"]
    for path, text in render().items():
        assert path.read_text(encoding="utf-8") == text, "run python deploy/kubernetes/generate.py"
