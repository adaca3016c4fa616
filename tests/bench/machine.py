"""The machine a bench ran on, as far as it decides the figures."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from worker.settings import available_cores

FLAGS = (
    "avx2",
    "avx512f",
    "avx_vnni",
    "avx512_vnni",
    "avx512_bf16",
    "amx_bf16",
    "amx_int8",
)


def describe() -> dict[str, object]:
    """Cores we may use, the CPU's name and relevant flags, and the version of torch."""
    fields: dict[str, str] = {}
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for line in lines:
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())
    present = set(fields.get("flags", fields.get("Features", "")).split())
    return {
        "cores": available_cores(),
        "cpu": fields.get("model name", "unknown CPU"),
        "flags": [flag for flag in FLAGS if flag in present],
        "torch": version("torch"),
    }
