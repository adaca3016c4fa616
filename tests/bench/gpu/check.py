"""`make gpu-check`: one script of at most eight minutes, which prints one JSON object.

    python -m tests.bench.gpu.check [--device auto|cpu|cuda|instant] [--minutes N]

Forward passes of the shipped models and of a random BERT-base by precision and size, with their
differences from fp32 on the CPU; workers with 1, 4, 8 and 15 children, how busy the device is, the
memory of a context, and a child that is killed under load. Needs nothing from a network. It is the
same on a CPU, where sizes are smaller. `instant` is a device that answers at once: then no pass is
measured, and the workers show what the CPU side can feed. The object tells which it was.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import click
import torch

from tests.bench.errors import BenchError
from tests.bench.gpu import passes, workers
from tests.bench.machine import describe
from tests.bench.setting import Setting
from tests.bench.texts import read_texts, sample
from worker.cuda import device_states
from worker.models.precision import choose_device
from worker.settings import available_cores

if TYPE_CHECKING:
    from collections.abc import Iterator

_MINUTES = 8.0
#: The share of the time that the passes may take.
_PASSES_SHARE = 0.4
#: Starting and stopping a worker, and its two rounds.
_WORKER_SECONDS = 45.0
_SIZES = {"cuda": (16, 64, 256, 1024, 2048), "cpu": (16, 64)}
_CHILDREN = (1, 4, 8, 15)
_ROUND_SECONDS = {"cuda": 8.0, "cpu": 4.0}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda", "instant"]),
    default="auto",
    show_default=True,
    help="Where to compute; instant: answer at once, without computing.",
)
@click.option(
    "--minutes",
    type=click.FloatRange(0, min_open=True),
    default=_MINUTES,
    show_default=True,
    help="How long it may take; what is not measured by then is left out.",
)
def main(device: str, minutes: float) -> None:
    """Measure what a device does for a worker, and print one JSON object."""
    print(json.dumps(check(device, minutes), indent=1))


def check(device: str, minutes: float) -> dict[str, Any]:
    """All figures, as far as there is time for them."""
    started = time.monotonic()
    end = started + 60 * minutes
    place = torch.device("cpu") if device == "instant" else choose_device(device)
    told: dict[str, Any] = {
        "device": "answers at once" if device == "instant" else place.type,
        "machine": {**describe(), "gpus": [state.memory_total for state in device_states()]},
    }
    if device != "instant":
        share = _PASSES_SHARE * 60 * minutes / passes.MODELS
        told["passes"] = [
            line
            for number, model in enumerate(passes.models(), start=1)
            for line in passes.measure(model, place, _SIZES[place.type], started + number * share)
        ]
    told["workers"] = list(_workers(device, place.type, end))
    told["seconds"] = round(time.monotonic() - started, 1)
    return told


def _workers(device: str, kind: str, end: float) -> Iterator[dict[str, Any]]:
    instant = device == "instant"
    texts = sample(read_texts(None))
    environment = {"JOURNAL_DEVICE": kind}
    with Setting() as setting:
        for children in counts(kind, available_cores()):
            if time.monotonic() + _WORKER_SECONDS > end:
                yield {"children": children, "left_out": "no time"}
                continue
            try:
                yield workers.measure(
                    setting,
                    texts,
                    children=children,
                    seconds=_ROUND_SECONDS[kind],
                    environment=environment,
                    module=workers.INSTANT if instant else "worker.cli",
                )
            except BenchError as exc:
                yield {"children": children, "failed": str(exc)}


def counts(kind: str, cores: int) -> list[int]:
    """Numbers of children to measure: on a CPU no more than cores."""
    return [count for count in _CHILDREN if count == 1 or kind == "cuda" or count <= cores]


if __name__ == "__main__":
    main()
