"""What a worker's parent learns of the GPU, without touching it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pynvml
import pytest
import torch

from worker import cuda
from worker.cuda import device_memory, hidden_cuda, may_have_device

SIZES = {0: 80, 1: 8, 2: 24}


@pytest.fixture(autouse=True)
def _three_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("nvmlInit", "nvmlShutdown"):
        monkeypatch.setattr(pynvml, name, lambda: None)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetCount", lambda: len(SIZES))
    monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByIndex", lambda index: index)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByUUID", lambda uuid: int(uuid[-1]))
    monkeypatch.setattr(
        pynvml, "nvmlDeviceGetMemoryInfo", lambda handle: SimpleNamespace(total=SIZES[handle])
    )
    device_memory.cache_clear()


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
