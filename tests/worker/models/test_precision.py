"""The precision that hardware chooses, and what of a model it reduces."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
import torch

from worker.models import precision
from worker.models.folder import ModelFolder
from worker.models.loading import load_parts
from worker.models.precision import Precision

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CPU = torch.device("cpu")


@pytest.mark.parametrize("wanted", [Precision.BF16, Precision.FP16])
def test_only_the_products_of_the_layers_are_reduced(tiny_model: Path, wanted: Precision) -> None:
    def reduced() -> set[str]:
        model = precision.convert(load_parts(ModelFolder.open(tiny_model))[1], wanted, CPU)
        return {name for name, p in model.named_parameters() if p.dtype is not torch.float32}

    found = reduced()
    assert {name.split(".")[1] for name in found} == {"encoder"}
    assert len(found) == 2 * 6 * 2  # layers, their linear layers, weight and bias


def test_an_architecture_of_another_build_is_reduced_as_a_whole(tiny_model: Path) -> None:
    _, model = load_parts(ModelFolder.open(tiny_model))
    model.config.model_type = "other"
    found = precision.convert(model, Precision.BF16, CPU)
    assert {p.dtype for p in found.parameters()} == {torch.bfloat16}


def test_hardware_chooses_the_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "_cpu_has_bf16", lambda: True)
    monkeypatch.setattr(precision, "_bf16_speedup", lambda: 1.9)
    assert precision.choose_precision("auto", CPU) is Precision.BF16
    monkeypatch.setattr(precision, "_bf16_speedup", lambda: 1.1)  # not worth the rounding
    assert precision.choose_precision("auto", CPU) is Precision.FP32
    monkeypatch.setattr(precision, "_cpu_has_bf16", lambda: False)
    monkeypatch.setattr(precision, "_quantized_engine", lambda: "fbgemm")  # not even then int8
    assert precision.choose_precision("auto", CPU) is Precision.FP32
    for name in ("fp32", "bf16", "fp16", "int8"):
        assert precision.choose_precision(name, CPU) == name


@pytest.mark.parametrize(("in_bf16", "expected"), [(0.001, 3.0), (0.006, 0.5)])
def test_the_speed_of_bf16_is_that_of_its_fastest_round(
    monkeypatch: pytest.MonkeyPatch, in_bf16: float, expected: float
) -> None:
    """A machine with other work to do: every other round takes ten times as long."""
    now = [0.0]
    rounds = Counter[torch.dtype]()

    def product(dtype: torch.dtype) -> Callable[[], None]:
        def take_time() -> None:
            rounds[dtype] += 1
            seconds = in_bf16 if dtype is torch.bfloat16 else 0.003
            now[0] += seconds * (10 if rounds[dtype] % 2 else 1)

        return take_time

    monkeypatch.setattr(precision, "_product", product)
    monkeypatch.setattr(precision.time, "perf_counter", lambda: now[0])
    assert precision._bf16_speedup.__wrapped__() == pytest.approx(expected)


def test_the_speed_of_bf16_is_measured_once_and_soon() -> None:
    started = time.perf_counter()
    measured = [precision._bf16_speedup() for _ in range(1000)]
    assert time.perf_counter() - started < 5  # some 20 ms on a quiet machine
    assert measured[0] > 0
    assert len(set(measured)) == 1


@pytest.mark.parametrize(
    ("native_bf16", "capability", "chosen"),
    [
        (True, (9, 0), Precision.BF16),  # H100
        (False, (7, 5), Precision.FP16),  # T4
        (False, (7, 0), Precision.FP16),  # V100
        (False, (6, 1), Precision.FP32),  # multiplies fp16 slower than fp32
    ],
)
def test_a_cuda_device_chooses_what_it_multiplies_natively(
    monkeypatch: pytest.MonkeyPatch,
    native_bf16: bool,
    capability: tuple[int, int],
    chosen: Precision,
) -> None:
    def supported(*, including_emulation: bool = True) -> bool:
        return native_bf16 or including_emulation

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    device = torch.device("cuda")
    assert precision.choose_precision("auto", device) is chosen
    for name in ("fp32", "bf16", "fp16"):
        assert precision.choose_precision(name, device) == name
    assert precision.has_bf16(device) is native_bf16
