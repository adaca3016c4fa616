"""A linear probe: fit the head on the base's features before the encoder is fine-tuned.

A. Kumar et al., "Fine-tuning can distort pretrained features and underperform out-of-distribution",
ICLR 2022: the gradients of a random head distort the encoder's features. A head that is fitted
first does not, and the model does better on texts of another kind.

It matters most where labels are rare. A fresh head gives each of them to every second text, and its
first gradients are nearly the same for all texts: less of everything. Its bias moves by the
learning rate in a step, and so takes thousands of steps for that; twelve layers are quicker, by
giving the same features for every text, and do not find back. (T.-Y. Lin et al., "Focal loss for
dense object detection", ICCV 2017, section 4.1, begin at the share of what is rare for the same
reason.) The fitted head tells each label's share where the features tell nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional
from torch.utils.data import DataLoader

from training.finetuning.loss import known_loss
from training.finetuning.windows import Collator
from training.scoring.temperature import last_layer
from worker.classifier.cls_token import AVERAGES, cls_pooled

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from training.finetuning.windows import Windows
    from training.progress import Progress

_BATCH = 32
_ITERATIONS = 100
#: Windows that the head is fitted on; it has few weights, and more windows do not improve it.
_MOST_WINDOWS = 4_000
#: Strength of the squared penalty on the weights for standardised features, found on the
#: validation part of the shipped entries.
_PENALTY = 0.01
#: What an untrained layer makes of a token differs little from text to text, by 0.0004 in a base of
#: one layer. Weights that make much of so little turn each step of the encoder into a leap: a
#: spread below this is taken for this. The averaging layer's output differs enough.
_LEAST_SPREAD = 0.3


def fit_head(
    model: PreTrainedModel,
    windows: Windows,
    pad_token_id: int,
    progress: Progress,
    positive_weights: torch.Tensor | None = None,
    *,
    bf16: bool = False,
) -> None:
    """Set the head's weights to the best linear classifier on the pooled features.

    It minimises `known_loss` plus `_PENALTY` times the sum of squared weights, for features
    standardised to mean 0 and standard deviation 1 (less where it was small), with L-BFGS.

    Args:
        model: its head is changed in place.
        windows: with their labels and weights.
        pad_token_id: fills up the shorter windows of a batch.
        progress: is told about every batch.
        positive_weights: as of `known_loss`.
        bf16: compute the features in bf16; those of the averaging layer are of fp32 all the same.
    """
    features, labels, weights = _features(model, windows, pad_token_id, progress, bf16=bf16)
    mean, spread = features.mean(0), features.std(0) + 1e-3
    if not getattr(model.config, AVERAGES, False):
        spread = spread.clamp(min=_LEAST_SPREAD)
    standard = (features - mean) / spread
    weight = torch.zeros(labels.shape[1], features.shape[1], requires_grad=True)
    bias = torch.zeros(labels.shape[1], requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [weight, bias], max_iter=_ITERATIONS, line_search_fn="strong_wolfe"
    )

    def loss() -> float:
        optimizer.zero_grad()
        logits = functional.linear(standard, weight, bias)
        value = known_loss(logits, labels, weights, positive_weights)
        value = value + _PENALTY * weight.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value.item()

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    head = last_layer(model)
    with torch.no_grad():
        scaled = weight / spread
        head.weight.copy_(scaled)
        if head.bias is not None:
            head.bias.copy_(bias - scaled @ mean)


@torch.no_grad()
def _features(
    model: PreTrainedModel, windows: Windows, pad_token_id: int, progress: Progress, *, bf16: bool
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pooled features, labels and weights of the windows.

    Returns:
        Shapes `(windows, hidden)`, `(windows, labels)` and `(windows,)`.
    """
    step = -(-len(windows.dataset) // _MOST_WINDOWS)  # they are sorted by length: take every n-th
    taken = windows.dataset.select(range(0, len(windows.dataset), step))
    progress.begin("fitting the head", len(taken))
    loader = DataLoader(taken, batch_size=_BATCH, collate_fn=Collator(pad_token_id))
    averages = bool(getattr(model.config, AVERAGES, False))
    model.eval()
    features, labels, weights = [], [], []
    for batch in loader:
        ids, mask = (batch[name].to(model.device) for name in ("input_ids", "attention_mask"))
        with torch.autocast(model.device.type, torch.bfloat16, enabled=bf16 and not averages):
            features.append(_read_by_head(model, ids, mask, averages=averages).float().cpu())
        labels.append(batch["labels"])
        weights.append(batch["weights"])
        progress.advance(len(ids))
    return torch.cat(features), torch.cat(labels), torch.cat(weights)


def _read_by_head(
    model: Any, ids: torch.Tensor, mask: torch.Tensor, *, averages: bool
) -> torch.Tensor:
    """What the last layer of a classifier gets to read, of shape `(texts, hidden)`."""
    if averages:
        return cls_pooled(model, ids, mask.bool())[:, 0]
    read: list[torch.Tensor] = []
    hook = last_layer(model).register_forward_pre_hook(lambda _, inputs: read.append(inputs[0]))
    try:
        model(input_ids=ids, attention_mask=mask)
    finally:
        hook.remove()
    return read[0]
