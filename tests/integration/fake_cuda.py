"""`journal-worker` on a machine that seems to have a CUDA device.

The device refuses what a real one refuses: a process that asked for it, or made a context, and
forked afterwards has children that cannot use it. Models that are sent there compute on the CPU.
Give it the arguments of `journal-worker`.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import torch
import torch._dynamo  # these look for symbols of a CUDA build, if they believe they are in one
import torch._inductor

CONTEXT_MADE = "a process made a context on the device:"
#: The modules that choose a device for a model.
CHOOSERS = ("worker.classifier.classifier", "worker.anonymizer.taggers.bert")


class Device:
    """Stands in for what torch asks of the driver."""

    def __init__(self) -> None:
        self._poisoned = False
        self._watched = False
        self._context = False

    def count(self) -> int:
        """Like `cudaGetDeviceCount`: after it a fork leaves children without the device."""
        if not self._watched:
            self._watched = True
            os.register_at_fork(after_in_child=self._poison)
        return 1

    def make_context(self) -> None:
        """Like `torch.cuda._lazy_init`."""
        if self._poisoned:
            raise RuntimeError("Cannot re-initialize CUDA in forked subprocess.")
        if not self._context:
            self._context = True
            sys.stdout.write(f"{CONTEXT_MADE} {os.getpid()}\n")
            sys.stdout.flush()
        self.count()

    def _poison(self) -> None:
        self._poisoned = True


def install() -> Device:
    """Let torch believe that it was built for CUDA and that there is one device."""
    device = Device()
    torch._C._cuda_getDeviceCount = device.count
    torch.cuda._is_compiled = lambda: True
    torch.cuda._lazy_init = device.make_context
    torch.cuda.get_device_name = lambda _=0: device.make_context() or "fake"
    torch.cuda.get_device_capability = lambda _=0: (9, 0)
    torch.cuda.empty_cache = lambda: None
    return device


def compute_elsewhere(device: Device) -> None:
    """Where a model's device is chosen, make a context on it and go on with the CPU."""
    for name in CHOOSERS:
        module = importlib.import_module(name)

        def choose(wanted: str, chosen: Any = module.choose_device) -> torch.device:
            if chosen(wanted).type == "cuda":
                device.make_context()
            return torch.device("cpu")

        module.choose_device = choose


if __name__ == "__main__":
    cuda = install()
    importlib.import_module("worker.child.factory")  # as `journal-worker run` does, before it forks
    compute_elsewhere(cuda)
    importlib.import_module("worker.cli").main()
