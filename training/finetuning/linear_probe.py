"""A head that starts from a linear fit on the base's features, before anything is fine-tuned.

A. Kumar et al., "Fine-tuning can distort pretrained features and underperform out-of-distribution",
ICLR 2022: fitting the head first keeps a random one from pulling the encoder apart, and does
better on texts of another kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional
from torch.utils.data import DataLoader

from training.finetuning.loss import known_loss
from training.finetuning.windows import Collator

if TYPE_CHECKING:
    from transformers import BertForSequenceClassification

    from training.finetuning.windows import Windows
    from training.progress import Progress

_BATCH = 32
_ITERATIONS = 100
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
    """Set the head's weights to the best linear classifier on the pooled features."""
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
    """Pooled features of shape `(windows, hidden)`, and labels and weights of the windows."""
    progress.begin("fitting the head", len(windows.dataset))
    loader = DataLoader(windows.dataset, batch_size=_BATCH, collate_fn=Collator(pad_token_id))
    model.eval()
    features, labels, weights = [], [], []
    for batch in loader:
        target = batch.pop("labels")
        weights.append(batch.pop("weights"))
        pooled = model.bert(**{k: v.to(model.device) for k, v in batch.items()}).pooler_output
        features.append(pooled.float().cpu())
        labels.append(target)
        progress.advance(len(target))
    return torch.cat(features), torch.cat(labels), torch.cat(weights)
