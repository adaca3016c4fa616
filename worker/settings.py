"""Settings of a worker and the exporter, from `JOURNAL_*` environment variables."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from producer.settings import Settings

#: The classifier that comes with journal-stream.
SHIPPED_MODEL = Path(__file__).parent / "models" / "distortions"
Port = Annotated[int, Field(ge=0, le=65_535)]


class WorkerSettings(Settings):
    """What a worker needs besides what it shares with its producers."""

    model: Path = SHIPPED_MODEL
    tagger: Path | None = None
    numbered_placeholders: bool = False
    concurrency: Annotated[int | None, Field(ge=1)] = None
    max_batch_entries: Annotated[int, Field(ge=1, le=4096)] = 64
    max_batch_tokens: Annotated[int, Field(ge=128)] = 16_384
    batch_timeout_seconds: Annotated[float, Field(gt=0)] = 120.0
    max_deliveries: Annotated[int, Field(ge=1, le=100)] = 3
    #: Leases are renewed by a timer of one second: shorter ones would end under live work.
    lease_seconds: Annotated[float, Field(ge=5)] = 30.0
    transport: Literal["claim", "stock"] = "claim"
    metrics_host: str = "127.0.0.1"
    metrics_port: Port = 9808
    exporter_port: Port = 9809
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "fp32", "bf16", "fp16", "int8"] = "auto"

    @property
    def children(self) -> int:
        """How many child processes: as asked, or one a core."""
        return self.concurrency or available_cores()

    @property
    def threads_per_child(self) -> int:
        """Children split the cores between them."""
        return max(1, available_cores() // self.children)


def available_cores(quota_file: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """Cores this process may use: its CPU affinity, less where a cgroup (v2) quota is smaller."""
    cores = len(os.sched_getaffinity(0))
    try:
        quota, period = quota_file.read_text().split()
        limit = cores if quota == "max" else round(int(quota) / int(period))
    except (OSError, ValueError, ZeroDivisionError):
        return cores
    return max(1, min(cores, limit))
