"""A linear probe: fit the head on the base's features before the encoder is fine-tuned.

A. Kumar et al., "Fine-tuning can distort pretrained features and underperform out-of-distribution",
ICLR 2022: the gradients of a random head distort the encoder's features. A head that is fitted
first does not, and the model does better on texts of another kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional
from torch.utils.data import DataLoader

from training.finetuning.loss import known_loss
from training.finetuning.windows import Collator
from worker.classifier.cls_token import cls_pooled

if TYPE_CHECKING:
    from transformers import BertForSequenceClassification

    from training.finetuning.windows import Windows
    from training.progress import Progress

_BATCH = 32
_ITERATIONS = 100
#: Windows that the head is fitted on; it has few weights, and more windows do not improve it.
_MOST_WINDOWS = 4_000
#: Strength of the squared penalty on the weights for standardised features, found on the
#: validation part of the shipped entries.
_PENALTY = 0.01


def fit_head(
    model: BertForSequenceClassification,
    windows: Windows,
    pad_token_id: int,
    progress: Progress,
    positive_weights: torch.Tensor | None = None,
) -> None:
    """Set the head's weights to the best linear classifier on the pooled features.

    It minimises `known_loss` plus `_PENALTY` times the sum of squared weights, for features
    standardised to mean 0 and standard deviation 1, with L-BFGS.

    Args:
        model: its head is changed in place.
        windows: with their labels and weights.
        pad_token_id: fills up the shorter windows of a batch.
        progress: is told about every batch.
        positive_weights: as of `known_loss`.
    """
    features, labels, weights = _features(model, windows, pad_token_id, progress)
    mean, spread = features.mean(0), features.std(0) + 1e-3
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
    with torch.no_grad():
        scaled = weight / spread
        model.classifier.weight.copy_(scaled)
        model.classifier.bias.copy_(bias - scaled @ mean)


@torch.no_grad()
def _features(
    model: BertForSequenceClassification, windows: Windows, pad_token_id: int, progress: Progress
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pooled features, labels and weights of the windows.

    Returns:
        Shapes `(windows, hidden)`, `(windows, labels)` and `(windows,)`.
    """
    step = -(-len(windows.dataset) // _MOST_WINDOWS)  # they are sorted by length: take every n-th
    taken = windows.dataset.select(range(0, len(windows.dataset), step))
    progress.begin("fitting the head", len(taken))
    loader = DataLoader(taken, batch_size=_BATCH, collate_fn=Collator(pad_token_id))
    model.eval()
    features, labels, weights = [], [], []
    for batch in loader:
        ids, mask = (batch[name].to(model.device) for name in ("input_ids", "attention_mask"))
        features.append(cls_pooled(model, ids, mask.bool())[:, 0].float().cpu())
        labels.append(batch["labels"])
        weights.append(batch["weights"])
        progress.advance(len(ids))
    return torch.cat(features), torch.cat(labels), torch.cat(weights)
