"""What a worker's parent learns of the GPU, without touching it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pynvml
import pytest
import torch
from prometheus_client import CollectorRegistry

from worker import cuda
from worker.cuda import device_memory, hidden_cuda, may_have_device
from worker.monitoring.devices import DeviceCollector

SIZES = {0: 80, 1: 8, 2: 24}


@pytest.fixture(autouse=True)
def _three_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("nvmlInit", "nvmlShutdown"):
        monkeypatch.setattr(pynvml, name, lambda: None)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetCount", lambda: len(SIZES))
    monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByIndex", lambda index: index)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByUUID", lambda uuid: int(uuid[-1]))
    monkeypatch.setattr(
        pynvml,
        "nvmlDeviceGetMemoryInfo",
        lambda handle: SimpleNamespace(total=SIZES[handle], used=1),
    )
    device_memory.cache_clear()
    monkeypatch.setattr(
        pynvml, "nvmlDeviceGetUtilizationRates", lambda handle: SimpleNamespace(gpu=25 * handle)
    )
    monkeypatch.setattr(
        pynvml, "nvmlDeviceGetComputeRunningProcesses", lambda handle: [object()] * handle
    )


@pytest.mark.parametrize(
    ("visible", "memory"),
    [
        (None, 8),
        ("0", 80),
        ("2,0", 24),
        ("GPU-uuid-1", 8),
        ("MIG-uuid-2", 24),
        ("2,-1,1", 24),
        ("", None),
        ("-1", None),
        ("NoDevFiles", None),
    ],
)
def test_the_smallest_visible_device_counts(
    monkeypatch: pytest.MonkeyPatch, visible: str | None, memory: int | None
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert device_memory() == memory


def test_a_machine_without_a_driver_has_no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    monkeypatch.setattr(pynvml, "nvmlInit", fail)
    assert device_memory() is None


def test_what_nvml_tells_of_each_device_is_a_gauge(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)

    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,1")
    registry = CollectorRegistry()
    registry.register(DeviceCollector())

    def told(name: str, device: str = "2") -> float | None:
        return registry.get_sample_value(f"journal_device_{name}", {"device": device})

    assert (told("busy_ratio"), told("busy_ratio", "1"), told("busy_ratio", "0")) == (
        0.5,
        0.25,
        None,
    )
    assert (told("memory_used_bytes"), told("memory_bytes"), told("processes")) == (1, 24, 2)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetUtilizationRates", fail)
    assert (told("busy_ratio"), told("memory_bytes")) == (None, 24)


def test_cuda_is_hidden_only_inside_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)

    def seen() -> tuple[Any, ...]:
        return torch.cuda.is_available(), torch.cuda.device_count()

    def fail_inside() -> None:
        with hidden_cuda():
            assert seen() == (False, 0)
            raise LookupError

    with pytest.raises(LookupError):
        fail_inside()
    assert seen() == (True, 1)


@pytest.mark.parametrize(
    ("built", "driver", "visible", "expected"),
    [
        (False, True, None, False),
        (True, False, None, False),
        (True, True, None, True),
        (True, True, "1", True),
        (True, True, "", False),
        (True, True, "-1", False),
    ],
)
def test_whether_there_may_be_a_device_is_told_without_touching_one(
    built: bool, driver: bool, visible: str | None, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(_: str) -> None:
        if not driver:
            raise OSError

    monkeypatch.setattr(torch.backends.cuda, "is_built", lambda: built)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: pytest.fail("touched"))
    monkeypatch.setattr(cuda.ctypes, "CDLL", load)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert may_have_device() is expected
