"""Gauges of the GPUs that a worker's children share, as NVML tells them at each scrape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from worker.cuda import device_states

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from worker.cuda import DeviceState


class DeviceCollector(Collector):
    """Collects the gauges; what NVML does not tell of a device is absent.

    Args:
        states: tells of the devices; for tests.
    """

    def __init__(self, states: Callable[[], Sequence[DeviceState]] = device_states) -> None:
        self._states = states

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """The names, so that nothing is asked of a device when this is registered."""
        yield from _families().values()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges of all devices."""
        families = _families()
        for state in self._states():
            values = {
                "busy": state.busy,
                "used": state.memory_used,
                "total": state.memory_total,
                "processes": state.processes,
            }
            for name, value in values.items():
                if value is not None:
                    families[name].add_metric([state.name], value)
        yield from families.values()


def _families() -> dict[str, GaugeMetricFamily]:
    told = {
        "busy": (
            "journal_device_busy_ratio",
            "The share of NVML's last sampling period in which a kernel ran on the GPU",
        ),
        "used": ("journal_device_memory_used_bytes", "Memory of the GPU in use, by whomever"),
        "total": ("journal_device_memory_bytes", "Memory of the GPU"),
        "processes": (
            "journal_device_processes",
            "Processes with a context on the GPU, whose kernels queue for it",
        ),
    }
    return {
        key: GaugeMetricFamily(name, text, labels=["device"]) for key, (name, text) in told.items()
    }
