"""Forward passes of the shipped models, and of a random one of BERT-base's size."""

from __future__ import annotations

import random
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from worker.anonymizer.taggers import networks as tagger_networks
from worker.classifier import networks as classifier_networks
from worker.models.folder import SHIPPED_MODEL, SHIPPED_TAGGER
from worker.models.loading import light_parts
from worker.models.precision import Precision, has_bf16
from worker.models.unpadded.model import BertWithHead, plain_config, shapes
from worker.models.windows import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Tokens of a sequence, special tokens included: those of a short and of a long entry.
_TOKENS = (16, 112)
_LABELS = 11
#: How many `models` yields.
MODELS = 3
_ROUNDS = 5
_WARM_UP = 2
#: Ids of ordinary words in BERT's vocabulary.
_WORDS = (1000, 30_000)
_CLS, _SEP = 101, 102
#: Sequences whose scores are compared with those in fp32 on the CPU.
_COMPARED = 16


@dataclass(frozen=True, slots=True)
class Model:
    """A model to be measured.

    Attributes:
        name: what it is.
        weights: in fp32 on the CPU.
        tags: whether it scores tokens, and not texts.
    """

    name: str
    weights: BertWithHead
    tags: bool

    def passes(self, precision: Precision, device: torch.device) -> Callable[[list[Any]], Any]:
        """The forward pass, from sequences of token ids to logits in fp32 on the CPU."""
        weights = self.weights.to(device)
        if self.tags:
            tagger = tagger_networks.network(weights, precision, device, 0)
            return lambda sequences: tagger.logits(sequences, None)
        classifier = classifier_networks.network(weights, precision, device, 0)
        return lambda sequences: classifier.logits(
            [Window(at, tuple(ids), 0, len(ids)) for at, ids in enumerate(sequences)]
        )


def models() -> Iterator[Model]:
    """The shipped ones, and a random one of BERT-base's size."""
    for name, path, pooled in (
        ("shipped tagger", SHIPPED_TAGGER, False),
        ("shipped classifier", SHIPPED_MODEL, True),
    ):
        parts = light_parts(path, pooled=pooled)
        assert parts is not None
        yield Model(name, parts[1], tags=not pooled)
    yield Model("random BERT-base classifier", random_model(), tags=False)


def random_model(**config: Any) -> BertWithHead:
    """A classifier with random weights, of BERT-base's size but for what `config` says."""
    torch.manual_seed(7)
    labels = {str(number): f"label {number}" for number in range(_LABELS)}
    plain = plain_config({"model_type": "bert", "id2label": labels, **config})
    assert plain is not None
    tensors = {
        name: torch.ones(shape) if name.endswith("LayerNorm.weight") else 0.02 * torch.randn(shape)
        for name, shape in shapes(plain, pooled=True).items()
    }
    return BertWithHead(plain, tensors, pooled=True)


def measure(
    model: Model, device: torch.device, sizes: tuple[int, ...], deadline: float
) -> Iterator[dict[str, Any]]:
    """One line for each precision and number of sequences, until the time is over.

    Args:
        model: what is measured.
        device: where.
        sizes: sequences in a pass.
        deadline: on the monotonic clock.
    """
    compared = sequences(_COMPARED)
    exact = torch.sigmoid(model.passes(Precision.FP32, torch.device("cpu"))(compared))
    for precision in precisions(device):
        told: dict[str, Any] = {"model": model.name, "precision": precision.value}
        try:
            compute = model.passes(precision, device)
            difference = (torch.sigmoid(compute(compared)) - exact).abs().max()
            told["largest_difference_to_fp32_cpu"] = round(float(difference), 6)
            for size in sizes:
                if time.monotonic() > deadline:
                    return
                yield {**told, **_timed(compute, size, device)}
        except RuntimeError as exc:  # a precision or a size that this device cannot do
            yield {**told, "failed": type(exc).__name__}


def _timed(compute: Callable[[list[Any]], Any], size: int, device: torch.device) -> dict[str, Any]:
    given = sequences(size)
    tokens = sum(map(len, given))
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    seconds = []
    for _ in range(_WARM_UP + _ROUNDS):
        started = time.perf_counter()
        compute(given)  # the result is on the CPU: nothing is under way any more
        seconds.append(time.perf_counter() - started)
    median = statistics.median(seconds[_WARM_UP:])
    told = {"sequences": size, "tokens": tokens, "tokens_per_second": round(tokens / median)}
    if device.type == "cuda":
        told["memory_bytes"] = torch.cuda.max_memory_allocated()
    return told


def precisions(device: torch.device) -> list[Precision]:
    """Those that are worth measuring there."""
    found = [Precision.FP32]
    if has_bf16(device):
        found.append(Precision.BF16)
    if device.type == "cuda":
        found.append(Precision.FP16)
    return found


def sequences(count: int) -> list[tuple[int, ...]]:
    """Token ids of random words, always the same."""
    dice = random.Random(count)
    return [
        (_CLS, *(dice.randint(*_WORDS) for _ in range(dice.randint(*_TOKENS) - 2)), _SEP)
        for _ in range(count)
    ]
