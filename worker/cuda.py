"""CUDA as a worker's parent may know it: hidden from imports, and counted without being touched.

A process that has made a CUDA context cannot hand it to its forked children, and every use of the
device in them ends with "Cannot re-initialize CUDA in forked subprocess". The parent of a worker
forks, so only its children may touch the device.
"""

from __future__ import annotations

import ctypes
import os
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_VISIBLE = "CUDA_VISIBLE_DEVICES"
#: The names under which NVML knows devices, besides their indices.
_UUID_PREFIXES = ("GPU-", "MIG-")


@contextmanager
def hidden_cuda() -> Iterator[None]:
    """Let libraries be imported as if there were no CUDA device.

    Presidio makes a context while it is imported, to see whether it works, and thinc asks the
    driver for the number of devices. Neither computes anything for us on a device.
    """
    import torch  # noqa: PLC0415 - stand-in workers and the exporter do without

    shown = torch.cuda.is_available, torch.cuda.device_count
    torch.cuda.is_available, torch.cuda.device_count = (lambda: False), (lambda: 0)
    try:
        yield
    finally:
        torch.cuda.is_available, torch.cuda.device_count = shown


#: The library of NVIDIA's driver.
_DRIVER = "libcuda.so.1"


def may_have_device() -> bool:
    """Whether a child may find a device for torch, as far as can be told without touching one.

    There is none if torch was built without support for one, if the driver is missing, or if none
    is visible.
    """
    import torch  # noqa: PLC0415 - as above

    if not torch.backends.cuda.is_built():  # type: ignore[no-untyped-call]
        return False
    if torch.version.hip is not None:
        return True
    try:
        ctypes.CDLL(_DRIVER)  # loaded and not initialized: that makes no context
    except OSError:
        return False
    return os.environ.get(_VISIBLE) is None or device_memory() is not None


@cache
def device_memory() -> int | None:
    """Bytes of memory of the smallest CUDA device this process may use; None if there is none.

    NVML answers, which makes no context. The smallest, because CUDA may number the devices in
    another order than NVML.
    """
    sizes = [state.memory_total for state in device_states()]
    return min((size for size in sizes if size is not None), default=None)


@dataclass(frozen=True, slots=True)
class DeviceState:
    """What NVML tells of a device; None is what it does not tell.

    Attributes:
        name: its index, or the UUID under which it is visible.
        busy: the share of the last sampling period (a sixth of a second to a second) in which a
            kernel ran, 0 to 1.
        memory_used, memory_total: bytes.
        processes: how many have a context on it.
    """

    name: str
    busy: float | None
    memory_used: int | None
    memory_total: int | None
    processes: int | None


def device_states() -> list[DeviceState]:
    """The state of each CUDA device this process may use; none where NVML cannot tell.

    NVML is closed again each time, so that no child inherits it.
    """
    try:
        import pynvml  # noqa: PLC0415 - needed on the few machines that have a device
    except ModuleNotFoundError:
        return []
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return []
    try:
        return [_state(pynvml, *pair) for pair in _visible_devices(pynvml)]
    except pynvml.NVMLError:
        return []
    finally:
        pynvml.nvmlShutdown()


def _state(nvml: Any, name: str, handle: Any) -> DeviceState:
    def told(ask: str) -> Any:
        """An answer, or None: parts of a device (MIG), say, have no utilization."""
        try:
            return getattr(nvml, ask)(handle)
        except nvml.NVMLError:
            return None

    memory, rates = told("nvmlDeviceGetMemoryInfo"), told("nvmlDeviceGetUtilizationRates")
    processes = told("nvmlDeviceGetComputeRunningProcesses")
    return DeviceState(
        name=name,
        busy=None if rates is None else rates.gpu / 100,
        memory_used=None if memory is None else int(memory.used),
        memory_total=None if memory is None else int(memory.total),
        processes=None if processes is None else len(processes),
    )


def _visible_devices(nvml: Any) -> list[tuple[str, Any]]:
    """Names and NVML's handles of the devices that `CUDA_VISIBLE_DEVICES` leaves."""
    by_index, by_uuid = nvml.nvmlDeviceGetHandleByIndex, nvml.nvmlDeviceGetHandleByUUID
    given = os.environ.get(_VISIBLE)
    if given is None:
        return [(str(index), by_index(index)) for index in range(nvml.nvmlDeviceGetCount())]
    devices = []
    for name in map(str.strip, given.split(",")):
        if name.startswith(_UUID_PREFIXES):
            devices.append((name, by_uuid(name)))
        elif name.isdecimal():
            devices.append((name, by_index(int(name))))
        else:  # CUDA takes no device behind the first name that it does not know
            break
    return devices
