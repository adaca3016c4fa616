"""The one-machine stack keeps entries in, keeps them, and drains."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from producer.gateway import api_keys
from producer.gateway.settings import GatewaySettings
from producer.sharding.shards import parse_shards
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Stack = dict[str, Any]
Stages = dict[str, tuple[str, str]]
ONE_SHOT = {"keys", "access"}
PUBLISHED = {"redis", "gateway", "prometheus", "alertmanager", "grafana"}


def make_access(stack: Stack, folder: Path, **environment: str) -> None:
    """Do what the service `access` does, in a folder of this machine."""
    *shell, script = stack["services"]["access"]["command"]
    script = script.replace("$$", "$")
    for mounted in ("/access", "/passwords"):
        (folder / mounted[1:]).mkdir(exist_ok=True)
        script = re.sub(rf"(?<=[ \n]){mounted}/", f"{folder}{mounted}/", script)
    (folder / "journal-gateway").write_text(
        f'#!/bin/sh\nexec {sys.executable} -m producer.gateway.cli "$@"\n'
    )
    (folder / "journal-gateway").chmod(0o755)
    path = os.pathsep.join([str(folder), os.environ["PATH"]])
    subprocess.run([*shell, script], env={**os.environ, "PATH": path, **environment}, check=True)


def test_the_stack_starts_with_nothing_set_before(
    compose_config: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = compose_config()
    assert done.returncode == 0
    assert "variable is not set" not in done.stderr


def test_password_and_api_key_are_made_once(stack: Stack, tmp_path: Path) -> None:
    made = [tmp_path / name for name in ("passwords/grafana", "access/api-key.json")]
    make_access(stack, tmp_path, GRAFANA_ADMIN_PASSWORD="")
    first = [file.read_text() for file in made]
    make_access(stack, tmp_path, GRAFANA_ADMIN_PASSWORD="another")
    assert [file.read_text() for file in made] == first
    assert len(first[0].strip()) >= 24
    token = json.loads(first[1])["key"]
    assert api_keys.ApiKeys(tmp_path / "access/api-keys.json").find(token)
    assert [file.stat().st_mode & 0o007 for file in made] == [0, 0]


def test_a_password_that_was_chosen_is_taken(stack: Stack, tmp_path: Path) -> None:
    make_access(stack, tmp_path, GRAFANA_ADMIN_PASSWORD="chosen")
    assert (tmp_path / "passwords/grafana").read_text() == "chosen\n"


def test_grafana_reads_the_password_that_was_made(stack: Stack, stages: Stages) -> None:
    grafana = stack["services"]["grafana"]
    assert grafana["environment"]["GF_SECURITY_ADMIN_PASSWORD__FILE"] == "/passwords/grafana"
    # The folder is open to its group, which grafana joins.
    assert grafana["group_add"] == ["10001"]
    assert "install -d -o journal -g journal -m 0750 /passwords" in stages["runtime"][1]


def test_nothing_runs_as_root(stack: Stack) -> None:
    for name, service in stack["services"].items():
        assert service["user"].split(":")[0] not in {"0", "root"}, name


def test_a_gpu_is_reserved_where_the_second_file_asks_for_it(
    compose_config: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = compose_config("compose.gpu.yml")
    assert done.returncode == 0, done.stderr
    worker = yaml.safe_load(done.stdout)["services"]["worker"]
    (device,) = worker["deploy"]["resources"]["reservations"]["devices"]
    assert (device["driver"], device["capabilities"]) == ("nvidia", ["gpu"])
    assert worker["environment"]["JOURNAL_DEVICE"] == "cuda"
    assert worker["mem_limit"] == worker["memswap_limit"], "entries could be swapped to disk"


def test_three_shards_have_a_server_and_a_worker_each_and_the_other_parts_serve_all(
    compose_config: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = compose_config("compose.shards.yml")
    assert done.returncode == 0, done.stderr
    stack = yaml.safe_load(done.stdout)
    services = stack["services"]
    told = services["worker"]["environment"]["JOURNAL_SHARDS"]
    shards = {one.name: one.url.get_secret_value() for one in parse_shards(told).all}
    servers = {name: url.split("/")[2].removesuffix(":6379") for name, url in shards.items()}
    assert list(servers.values()) == ["redis", "redis-b", "redis-c"]
    for part in ("worker", "worker-b", "worker-c", "exporter", "gateway"):
        assert services[part]["environment"]["JOURNAL_SHARDS"] == told
    for part in ("exporter", "gateway"):
        assert "JOURNAL_SHARD" not in services[part]["environment"]
    for name, part in zip("abc", ("worker", "worker-b", "worker-c"), strict=True):
        worker = services[part]
        assert worker["environment"]["JOURNAL_SHARD"] == name
        assert set(worker["depends_on"]) == {"keys", servers[name]}
        assert set(worker["networks"]) == {"queue"}, "entries in clear could get out"
        assert part == "worker" or worker["networks"]["queue"]["aliases"] == ["worker"]
    data = [mount["source"] for name in servers.values() for mount in services[name]["volumes"]]
    assert len(set(data)) == 3
    assert set(data) <= set(stack["volumes"])
    ports = [port for name in servers.values() for port in services[name]["ports"]]
    assert {port["host_ip"] for port in ports} == {"127.0.0.1"}
    assert len({port["published"] for port in ports}) == 3


def test_images_are_ours_or_pinned_to_a_version(stack: Stack) -> None:
    for name, service in stack["services"].items():
        ours = (
            service["image"] == f"journal-stream-{service['build']['target']}:local"
            if ("build" in service)
            else False
        )
        assert ours or re.search(r":v?\d+\.\d+\.\d+(-alpine)?$", service["image"]), name


def test_every_service_runs_with_the_least_it_needs(stack: Stack) -> None:
    for name, service in stack["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service, name
        assert service["ulimits"]["core"] == {"soft": 0, "hard": 0}, name


def test_ports_are_published_on_this_machine_only(stack: Stack) -> None:
    published = {name for name, service in stack["services"].items() if service.get("ports")}
    assert published == PUBLISHED
    for name in published:
        assert {port["host_ip"] for port in stack["services"][name]["ports"]} == {"127.0.0.1"}


def test_nothing_reaches_the_internet(stack: Stack) -> None:
    networks = stack["networks"]
    assert networks["queue"]["internal"] is True
    masquerade = "com.docker.network.bridge.enable_ip_masquerade"
    assert networks["local"]["driver_opts"] == {masquerade: "false"}
    assert set(networks) == {"queue", "local"}
    for name, service in stack["services"].items():
        if name in ONE_SHOT:
            assert service["network_mode"] == "none"
        else:
            assert "network_mode" not in service, name


def test_where_entries_are_in_clear_there_is_no_way_out(stack: Stack) -> None:
    worker = stack["services"]["worker"]
    assert set(worker["networks"]) == {"queue"}
    assert worker["mem_limit"] == worker["memswap_limit"], "entries could be swapped to disk"


def test_workers_can_be_scaled(stack: Stack) -> None:
    worker = stack["services"]["worker"]
    assert "container_name" not in worker
    assert not worker.get("ports")


def test_only_those_who_open_entries_hold_the_keys(stack: Stack) -> None:
    holders = {
        name
        for name, service in stack["services"].items()
        if any(mount["source"] == "keys" for mount in service.get("volumes", []))
    }
    assert holders == {"keys", "worker", "gateway"}
    for name in ("worker", "gateway"):
        for mount in stack["services"][name]["volumes"]:
            assert mount["read_only"] is True, (name, mount["source"])


@pytest.mark.parametrize(("part", "made"), [("worker", {"keys"}), ("gateway", {"keys", "access"})])
def test_a_part_starts_when_what_it_needs_is_there(stack: Stack, part: str, made: set[str]) -> None:
    needs = {
        name: need["condition"] for name, need in stack["services"][part]["depends_on"].items()
    }
    assert needs == {
        "redis": "service_healthy",
        **dict.fromkeys(made, "service_completed_successfully"),
    }


@pytest.mark.parametrize(
    ("option", "value"),
    [("--appendonly", "yes"), ("--appendfsync", "always"), ("--maxmemory-policy", "noeviction")],
)
def test_redis_keeps_what_it_acknowledged(stack: Stack, option: str, value: str) -> None:
    command = stack["services"]["redis"]["command"]
    assert command[command.index(option) + 1] == value
    assert any(mount["target"] == "/data" for mount in stack["services"]["redis"]["volumes"])


def test_worker_has_time_to_drain(stack: Stack) -> None:
    minutes, seconds = re.fullmatch(
        r"(?:(\d+)m)?(\d+)s", stack["services"]["worker"]["stop_grace_period"]
    ).groups(default="0")  # type: ignore[union-attr]
    batch_timeout = WorkerSettings.model_fields["batch_timeout_seconds"].default
    assert int(minutes) * 60 + int(seconds) > batch_timeout


def test_every_setting_handed_on_exists(stack: Stack) -> None:
    known = {f"JOURNAL_{field.upper()}" for field in WorkerSettings.model_fields}
    known |= {f"JOURNAL_GATEWAY_{field.upper()}" for field in GatewaySettings.model_fields}
    for name, service in stack["services"].items():
        given = {key for key in service.get("environment", {}) if key.startswith("JOURNAL_")}
        assert given <= known, name


#: Settings of a worker that the stack does not hand on, and why.
NOT_HANDED_ON = {
    "keys_file": "the image says where",
    "shards": "one Redis in this stack",
    "shard": "the same",
    "queue": "one queue in this stack",
    "results": "the same",
    "dead": "the same",
    "max_result_deliveries": "for readers of the results, which are not in this stack",
    "tenant_buckets": "for producers; workers find the lists by themselves",
    "max_queue_entries": "for producers",
    "max_queue_bytes": "for producers",
    "idempotency_seconds": "for producers",
    "timeout_seconds": "for producers",
    "max_connections": "for producers",
    "reply_seconds": "ten minutes are what who waits for an answer needs",
    "min_replicas": "one Redis in this stack",
    "metrics_host": "the image listens on all",
    "metrics_port": "Prometheus asks there",
    "exporter_port": "the same",
}


def test_every_setting_reaches_the_worker_or_has_a_reason_not_to(stack: Stack) -> None:
    given = set(stack["services"]["worker"]["environment"])
    assert set(NOT_HANDED_ON) <= set(WorkerSettings.model_fields)
    for field in WorkerSettings.model_fields:
        assert (f"JOURNAL_{field.upper()}" in given) != (field in NOT_HANDED_ON), field


def test_a_setting_of_the_shell_reaches_the_worker(
    compose_config: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = compose_config(JOURNAL_CONCURRENCY="3")
    environment = yaml.safe_load(done.stdout)["services"]["worker"]["environment"]
    assert environment["JOURNAL_CONCURRENCY"] == "3"
    assert environment["JOURNAL_PRECISION"] is None


def test_the_handbook_s_command_for_a_model_of_one_s_own_fits_the_stack(
    stack: Stack, root: Path
) -> None:
    guide = (root / "deploy/README.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"docker compose run .*\n? *worker cp .*", guide.replace("\\\n", ""))
    assert f"-v {stack['volumes']['models']['name']}:/models" in command
    # Without DAC_OVERRIDE (cap_drop ALL) root may not write into a folder of user 10001.
    assert "--user" not in command
