"""Settings of a worker: names, limits, and the cores it may use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import worker.settings as module
from producer.errors import ConfigurationError
from worker.settings import WorkerSettings, available_cores


@pytest.fixture(autouse=True)
def _eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))


@pytest.mark.parametrize(
    ("content", "cores"),
    [
        ("max 100000\n", 8),
        ("200000 100000\n", 2),
        ("150000 100000\n", 2),
        ("50000 100000\n", 1),
        ("1000 100000\n", 1),
        ("99900000 100000\n", 8),
        ("250000 50000", 5),
        ("", 8),
        ("max", 8),
        ("a b", 8),
        ("1 2 3", 8),
        ("100000 0", 8),
    ],
)
def test_a_cgroup_quota_limits_the_cores(tmp_path: Path, content: str, cores: int) -> None:
    (tmp_path / "cpu.max").write_text(content)
    assert available_cores(tmp_path / "cpu.max") == cores


def test_without_cgroups_the_affinity_counts(tmp_path: Path) -> None:
    assert available_cores(tmp_path / "none") == 8
    assert available_cores(tmp_path) == 8


@pytest.mark.parametrize(
    ("concurrency", "children", "threads"), [(None, 8, 1), (2, 2, 4), (3, 3, 2), (20, 20, 1)]
)
def test_children_split_the_cores(
    monkeypatch: pytest.MonkeyPatch, concurrency: int | None, children: int, threads: int
) -> None:
    monkeypatch.setattr(module, "available_cores", lambda: 8)
    monkeypatch.setattr(module, "device_memory", lambda: None)
    settings = WorkerSettings.load(concurrency=concurrency)
    assert (settings.children, settings.threads_per_child) == (children, threads)


@pytest.mark.parametrize(
    ("cores", "gigabytes", "given", "children"),
    [
        (16, 141, {}, 15),  # a core is left to the parent
        (16, 8, {}, 4),
        (16, 1, {}, 1),
        (1, 141, {}, 1),
        (16, 8, {"concurrency": 12}, 12),
        (16, 8, {"device": "cpu"}, 16),
    ],
)
def test_children_on_a_gpu_host_fit_its_cores_and_its_memory(
    monkeypatch: pytest.MonkeyPatch,
    cores: int,
    gigabytes: int,
    given: dict[str, Any],
    children: int,
) -> None:
    monkeypatch.setattr(module, "available_cores", lambda: cores)
    monkeypatch.setattr(module, "device_memory", lambda: gigabytes * 1024**3)
    assert WorkerSettings.load(**given).children == children


def test_every_setting_is_read_from_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "MODEL": "some/model",
        "CONCURRENCY": "3",
        "MAX_BATCH_ENTRIES": "32",
        "MAX_BATCH_TOKENS": "2048",
        "GATHER_SECONDS": "0.05",
        "BATCH_TIMEOUT_SECONDS": "9.5",
        "MAX_DELIVERIES": "5",
        "LEASE_SECONDS": "12",
        "METRICS_HOST": "0.0.0.0",
        "METRICS_PORT": "1234",
        "EXPORTER_PORT": "1235",
        "LOG_LEVEL": "DEBUG",
        "DEVICE": "cpu",
        "PRECISION": "int8",
        "QUEUE": "q",
        "MAX_RESULTS": "7",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"JOURNAL_{name}", value)
    settings = WorkerSettings.load()
    assert settings.model == Path("some/model")
    for name, value in given.items():
        assert str(getattr(settings, name.lower())) in {value, f"{value}.0"}


def test_an_option_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNAL_CONCURRENCY", "3")
    assert WorkerSettings.load(concurrency=5).children == 5
    assert WorkerSettings.load(concurrency=None).children == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONCURRENCY", "0"),
        ("CONCURRENCY", "many"),
        ("MAX_BATCH_ENTRIES", "0"),
        ("MAX_BATCH_ENTRIES", "5000"),
        ("MAX_BATCH_TOKENS", "1"),
        ("GATHER_SECONDS", "-1"),
        ("GATHER_SECONDS", "nan"),
        ("BATCH_TIMEOUT_SECONDS", "0"),
        ("BATCH_TIMEOUT_SECONDS", "nan"),
        ("LEASE_SECONDS", "0"),
        ("LEASE_SECONDS", "4.9"),
        ("LEASE_SECONDS", "nan"),
        ("MAX_DELIVERIES", "0"),
        ("MAX_DELIVERIES", "101"),
        ("METRICS_PORT", "70000"),
        ("DEVICE", "tpu"),
        ("PRECISION", "fp8"),
        ("LOG_LEVEL", "loud"),
        ("QUEUE", ""),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_setting_and_not_the_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"JOURNAL_{name}", value)
    with pytest.raises(ConfigurationError) as caught:
        WorkerSettings.load()
    message = str(caught.value)
    assert name.lower() in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize("where", ["environment", ".env"])
def test_the_setting_of_a_transport_that_is_gone_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    if where == "environment":
        monkeypatch.setenv("JOURNAL_TRANSPORT", "stock")
    else:
        Path(".env").write_text("JOURNAL_TRANSPORT=stock\n")
    with pytest.raises(ConfigurationError, match="JOURNAL_TRANSPORT is no longer a setting"):
        WorkerSettings.load()


def test_the_one_transport_there_is_may_still_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNAL_TRANSPORT", "claim")
    assert "transport" not in WorkerSettings.load().model_dump()


def test_a_password_is_shown_nowhere() -> None:
    settings = WorkerSettings.load(redis_url="redis://:secretpassword@host/0")
    assert "secretpassword" not in f"{settings!r} {settings} {settings.model_dump()}"
