"""Settings of a worker and the exporter, from `JOURNAL_*` environment variables."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field
from pydantic_settings import BaseSettings

from producer.errors import ConfigurationError
from producer.settings import Settings
from worker.cuda import device_memory

#: Device memory that a child takes at most: about 0.5 GiB for its CUDA context, the weights, and
#: the activations of one pass of 32,768 tokens through an encoder of BERT-base's size.
CHILD_DEVICE_BYTES = 2 * 1024**3
Port = Annotated[int, Field(ge=0, le=65_535)]


class _RemovedSettings(BaseSettings):
    """Settings of earlier versions, read only to refuse a value that no longer has an effect."""

    model_config = Settings.model_config

    transport: str = "claim"


class WorkerSettings(Settings):
    """What a worker needs besides what it shares with its producers."""

    #: None: the model that comes with journal-stream; the same holds for the tagger. `large` is
    #: the larger classifier.
    model: Path | None = None
    tagger: Path | None = None
    numbered_placeholders: bool = False
    privacy: Literal["balanced", "strict"] = "balanced"
    concurrency: Annotated[int | None, Field(ge=1)] = None
    max_batch_entries: Annotated[int, Field(ge=1, le=4096)] = 64
    max_batch_tokens: Annotated[int, Field(ge=128)] = 16_384
    #: The longest that an entry waits for others while a child is idle.
    gather_seconds: Annotated[float, Field(ge=0, le=10)] = 0.0
    batch_timeout_seconds: Annotated[float, Field(gt=0)] = 120.0
    max_deliveries: Annotated[int, Field(ge=1, le=100)] = 3
    #: Leases are renewed by a timer of one second: shorter ones would end under live work.
    lease_seconds: Annotated[float, Field(ge=5)] = 30.0
    #: The longest that a worker that has drained waits for its last figures to be read.
    linger_seconds: Annotated[float, Field(ge=0, le=60)] = 0.0
    metrics_host: str = "127.0.0.1"
    metrics_port: Port = 9808
    exporter_port: Port = 9809
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = "text"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "fp32", "bf16", "fp16", "int8"] = "auto"

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """Read the environment; arguments that are not None win.

        Raises:
            ConfigurationError: a value is of the wrong kind, or belongs to a setting that is gone.
        """
        if _RemovedSettings().transport != "claim":
            raise ConfigurationError(
                "JOURNAL_TRANSPORT is no longer a setting: a worker always claims; unset it"
            )
        return super().load(**overrides)

    @property
    def children(self) -> int:
        """How many child processes: as asked, or as many as the hardware suits.

        One a core, computing on it. Where there is a CUDA device, children share it: one core is
        left to the parent, and there are no more children than fit the device's memory.
        """
        if self.concurrency:
            return self.concurrency
        cores = available_cores()
        memory = None if self.device == "cpu" else device_memory()
        if memory is None:
            return cores
        return max(1, min(cores - 1, memory // CHILD_DEVICE_BYTES))

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
