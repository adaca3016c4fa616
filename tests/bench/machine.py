"""The machine a bench ran on, and what a group of processes uses of it: CPU time and peak memory.

Memory counts as if no other group ran beside it.

The proportional set size divides a page between all processes that map it. The variants of a
bench map the same libraries at the same time, so their file pages are counted here once a group
instead: for each file the most that one process of the group has in memory. Anonymous pages are
shared only inside a group (by forking), so their proportional sizes are right as they are.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psutil

from worker.settings import available_cores

if TYPE_CHECKING:
    from collections.abc import Sequence

SAMPLE_SECONDS = 0.5
_KIB = 1024
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


class Usage:
    """Measures while the block runs.

    Afterwards `peak` holds bytes (0 where /proc tells nothing) and `cpu` seconds of CPU time.

    Args:
        roots: the processes whose trees are measured.
    """

    def __init__(self, roots: Sequence[int]) -> None:
        self._roots = roots
        self._pids: list[int] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._sample, name="memory", daemon=True)
        self._anonymous = 0
        self._cpu_before = 0.0
        self.peak = 0
        self.cpu = 0.0

    def __enter__(self) -> Self:
        self._pids = tree(self._roots)
        self._cpu_before = cpu_seconds(self._pids)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.cpu = cpu_seconds(self._pids) - self._cpu_before
        self._stopping.set()
        self._thread.join()
        self._anonymous = max(self._anonymous, sum(map(anonymous_bytes, self._pids)))
        self.peak = self._anonymous + mapped_bytes(self._pids)

    def _sample(self) -> None:
        while not self._stopping.wait(SAMPLE_SECONDS):
            self._anonymous = max(self._anonymous, sum(map(anonymous_bytes, self._pids)))


def tree(roots: Sequence[int]) -> list[int]:
    """These processes and all that come from them."""
    pids: list[int] = []
    for root in roots:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(root)
            pids += [root, *(one.pid for one in process.children(recursive=True))]
    return pids


def cpu_seconds(pids: Sequence[int]) -> float:
    """CPU time, user and system, that these processes have used so far."""
    total = 0.0
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = psutil.Process(pid).cpu_times()
            total += times.user + times.system
    return total


def anonymous_bytes(pid: int) -> int:
    """The proportional size of a process's anonymous and shared memory."""
    sizes = Counter[str]()
    for line in _lines(pid, "smaps_rollup"):
        name, _, rest = line.partition(":")
        if name in {"Pss_Anon", "Pss_Shmem"}:
            sizes[name] = int(rest.split()[0])
    return sizes.total() * _KIB


def proportional_bytes(pid: int) -> int:
    """The proportional size of all of a process's memory; 0 where /proc tells nothing."""
    for line in _lines(pid, "smaps_rollup"):
        if line.startswith("Pss:"):
            return int(line.split()[1]) * _KIB
    return 0


def mapped_bytes(pids: Sequence[int]) -> int:
    """File pages that at least one of these processes has in memory."""
    union: Counter[str] = Counter()
    for pid in pids:
        union |= _file_pages(pid)
    return union.total() * _KIB


def _file_pages(pid: int) -> Counter[str]:
    """Unaltered file pages in memory, in KiB by path."""
    pages: Counter[str] = Counter()
    path = ""
    for line in _lines(pid, "smaps"):
        name, _, rest = line.partition(":")
        if name == "Rss" and path:
            pages[path] += int(rest.split()[0])
        elif name == "Anonymous" and path:
            pages[path] -= int(rest.split()[0])
        elif "-" in name:  # a new mapping: addresses, mode, offset, device, inode, path
            fields = line.split(maxsplit=5)
            path = fields[5] if len(fields) > 5 and fields[5].startswith("/") else ""
    return pages


def _lines(pid: int, name: str) -> list[str]:
    try:
        return Path(f"/proc/{pid}/{name}").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
