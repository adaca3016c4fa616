"""The device and the precision that models compute in, chosen from the hardware."""

from __future__ import annotations

import logging
import math
import time
import warnings
from enum import StrEnum
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from worker.errors import StartupError, WorkerError
from worker.models.unpadded.linear import Linear

if TYPE_CHECKING:
    from collections.abc import Callable

    from transformers import PreTrainedModel

log = logging.getLogger(__name__)
T = TypeVar("T")


class Precision(StrEnum):
    """The arithmetic of a model's matrix products."""

    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"
    INT8 = "int8"


#: What torch calls the precisions that are types of numbers.
DTYPES = {
    Precision.FP32: torch.float32,
    Precision.BF16: torch.bfloat16,
    Precision.FP16: torch.float16,
}
#: Architectures that add the output of a layer to its input and normalize the sum ("post-norm").
#: They work with layers in another precision than the rest; other architectures may not, and are
#: converted as a whole.
_POST_NORM = frozenset({"bert", "camembert", "distilbert", "electra", "roberta", "xlm-roberta"})
#: `auto` takes bf16 on a CPU if it is so many times as fast as fp32: it must be worth the rounding,
#: and children that measure side by side must agree. CPUs measured so far: 0.6, and 2 or more.
CLEARLY_FASTER = 1.15
#: How often each precision is measured.
ROUNDS = 7
#: Rows, inputs and outputs of what is measured.
_MEASURED = (64, 384, 1536)
#: CUDA devices of this compute capability and later multiply fp16 faster than fp32.
_FAST_FP16 = (7, 0)


def set_threads(threads: int | None) -> None:
    """Let torch use this many CPU threads in this process; None leaves its choice."""
    if threads:
        torch.set_num_threads(threads)


def choose_device(wanted: str) -> torch.device:
    """The device for `auto`, `cpu` or `cuda`; `auto` takes a CUDA device if there is one.

    Raises:
        StartupError: `cuda` is wanted and there is none.
    """
    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        raise StartupError("JOURNAL_DEVICE is cuda, but no CUDA device is available")
    return torch.device("cuda" if available and wanted != "cpu" else "cpu")


def choose_precision(wanted: str, device: torch.device) -> Precision:
    """The precision for `auto` or a named one.

    `auto` takes bf16 if the hardware multiplies it, and on a CPU also multiplies it faster than
    fp32; else fp16 (CUDA), else fp32. It never takes int8: that moves the shipped models' scores by
    up to 0.5, and to find it out takes the library's own model, seconds and 400 MB.

    Raises:
        StartupError: the wanted precision does not run on this device.
    """
    if wanted != "auto":
        precision = Precision(wanted)
        if precision is Precision.INT8 and device.type != "cpu":
            raise StartupError("JOURNAL_PRECISION int8 runs on a CPU only")
        return precision
    if device.type == "cuda":
        if has_bf16(device):
            return Precision.BF16
        return Precision.FP16 if _cuda_has_fp16(device) else Precision.FP32
    faster = has_bf16(device) and _bf16_speedup() >= CLEARLY_FASTER
    return Precision.BF16 if faster else Precision.FP32


def has_bf16(device: torch.device) -> bool:
    """Whether the device multiplies bf16 in hardware; emulation is far slower than fp32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return _cpu_has_bf16()


def _cuda_has_fp16(device: torch.device) -> bool:
    return bool(torch.cuda.get_device_capability(device) >= _FAST_FP16)


def _cpu_has_bf16() -> bool:
    """Whether the CPU multiplies bf16 in hardware (AVX512-BF16, AMX)."""
    probe = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(probe and probe())


@cache
def _bf16_speedup() -> float:
    """How many times as fast as fp32 this CPU multiplies bf16: measured, in some 20 ms.

    What instructions a CPU has does not tell. Those with AMX are eight times as fast in bf16, Zen 4
    and 5 twice; but some Xeons on which AMX is switched off take 1.7 times as long as in fp32.

    The two take turns, so that both meet the same load, and the fastest round of each counts.
    """
    products = {dtype: _product(dtype) for dtype in (torch.bfloat16, torch.float32)}
    seconds = dict.fromkeys(products, math.inf)
    for _ in range(ROUNDS):
        for dtype, product in products.items():
            started = time.perf_counter()
            product()
            seconds[dtype] = min(seconds[dtype], time.perf_counter() - started)
    return seconds[torch.float32] / seconds[torch.bfloat16]


def _product(dtype: torch.dtype) -> Callable[[], torch.Tensor]:
    """A product such as those of a small BERT's layers, in a precision."""
    with torch.inference_mode():
        linear = Linear([torch.nn.Linear(*_MEASURED[1:])], dtype)
        given = torch.ones(_MEASURED[0], _MEASURED[1], dtype=dtype)
    return torch.inference_mode()(partial(linear, given))


def _quantized_engine() -> str | None:
    engines = torch.backends.quantized.supported_engines
    return next((engine for engine in ("x86", "fbgemm", "qnnpack") if engine in engines), None)


def finite(logits: torch.Tensor) -> torch.Tensor:
    """The same tensor, if all its values are finite.

    NaN reaches no threshold: a text would pass for one in which there is nothing to find.

    Raises:
        FloatingPointError: a value is NaN or infinite.
    """
    if not bool(torch.isfinite(logits).all()):
        raise FloatingPointError
    return logits


class ReducedLinear(torch.nn.Linear):
    """A linear layer that multiplies in the precision of its weights, whatever its input has."""

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        """From shape `(..., inputs)` to `(..., outputs)`, in the precision of the weights."""
        return super().forward(given.to(self.weight.dtype))


def _reduced(model: PreTrainedModel, dtype: torch.dtype) -> PreTrainedModel:
    """The model with the matrix products and the attention of its layers in `dtype`.

    Embeddings, the sums around each layer, their normalization and the heads stay in fp32. They are
    little work: compared with the whole model in bf16 this takes 3 to 5% more time, and scores
    differ a third less from those in fp32.
    """
    if model.config.model_type not in _POST_NORM:
        return model.to(dtype=dtype)
    layers = getattr(model.base_model, "encoder", None) or model.base_model.transformer
    for parent in list(layers.modules()):
        for name, child in parent.named_children():
            if isinstance(child, torch.nn.Linear):
                setattr(parent, name, _reduced_linear(child, dtype))
    return model


def _reduced_linear(exact: torch.nn.Linear, dtype: torch.dtype) -> ReducedLinear:
    with torch.device("meta"):
        linear = ReducedLinear(exact.in_features, exact.out_features, bias=exact.bias is not None)
    linear.load_state_dict(exact.to(dtype=dtype).state_dict(), assign=True)
    return linear.train(exact.training)


def convert(model: PreTrainedModel, precision: Precision, device: torch.device) -> Any:
    """The model on `device` in `precision`; `model` itself may be changed.

    Raises:
        StartupError: this build of torch has no kernels for int8.
    """
    if precision in {Precision.BF16, Precision.FP16}:
        return _reduced(model, DTYPES[precision]).to(device)
    if precision is Precision.INT8:
        engine = _quantized_engine()
        if engine is None:
            raise StartupError("this build of torch has no int8 kernels")
        torch.backends.quantized.engine = engine
        with warnings.catch_warnings():
            # torch warns that dynamic quantization moves to torchao, a much heavier dependency.
            warnings.simplefilter("ignore")
            logging.getLogger("torch.ao.quantization").setLevel(logging.ERROR)
            return torch.ao.quantization.quantize_dynamic(  # type: ignore[no-untyped-call]
                model, {torch.nn.Linear}, dtype=torch.qint8
            )
    return model.to(device)


def with_fallback(
    make: Callable[[Precision], T],
    precision: Precision,
    *,
    probe: Callable[[T], torch.Tensor],
    tolerance: float,
    name: str = "model",
    log_level: int = logging.WARNING,
) -> tuple[T, Precision]:
    """Compute in a faster precision unless its probabilities stray from those in fp32.

    Args:
        make: makes the forward pass in a precision.
        precision: the precision to try.
        probe: gives a forward pass's probabilities for a few fixed texts, in a tensor of one shape.
        tolerance: largest difference of a probability that is accepted.
        name: what the model is to the reader of the log.
        log_level: at which a fall back to fp32 is logged.

    Returns:
        The forward pass to use, and the precision in which it computes: `precision` or fp32.

    Raises:
        FloatingPointError, WorkerError: whatever `probe` raises for the forward pass in fp32.
        StartupError: this build of torch has no kernels for int8.
    """
    exact = make(Precision.FP32)
    expected = probe(exact)
    if precision is Precision.FP32:
        return exact, precision
    reduced = make(precision)
    try:
        difference = float((expected - probe(reduced)).abs().max())
    except (FloatingPointError, WorkerError):
        difference = math.inf
    if difference <= tolerance:
        return reduced, precision
    log.log(
        log_level, "%s strays %.3f from fp32 on this %s; using fp32", precision, difference, name
    )
    return exact, Precision.FP32
