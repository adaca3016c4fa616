"""What training makes small."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: No label's positives count more than this many times.
LARGEST_WEIGHT = 10.0


#: Keeps the logarithm of what is left of 1 finite.
_SMALLEST = 1e-6


def training_loss(
    logits: torch.Tensor,
    labels: torch.Tensor,
    weights: torch.Tensor,
    positive_weights: torch.Tensor | None = None,
    any_weight: float = 0.0,
) -> torch.Tensor:
    """What training makes small: `known_loss`, and so much of `any_loss`; see there."""
    loss = known_loss(logits, labels, weights, positive_weights)
    return loss + any_weight * any_loss(logits, labels, weights) if any_weight else loss


def any_loss(logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy of a text having any label at all, the mean over texts.

    The probability of any is that of a noisy or, 1 - prod(1 - p), for the model and for shares of
    votes alike (J. Pearl, "Probabilistic Reasoning in Intelligent Systems", 1988, section 4.3.2).
    Readers who differ about which distortion a text shows agree far more often that it shows one:
    where labels are noisy, this is what there is to learn, and label by label it is lost.

    Args:
        logits: shape `(texts, labels)`.
        labels: the same shape, from 0 to 1; what is NaN is left out on both sides.
        weights: how much each text counts, shape `(texts,)`.
    """
    known = ~torch.isnan(labels)
    log_none = (functional.logsigmoid(-logits) * known).sum(dim=1).clamp(max=-_SMALLEST)
    log_any = torch.log(-torch.expm1(log_none))
    wanted = 1.0 - torch.prod(torch.where(known, 1.0 - labels, 1.0), dim=1)
    return -(weights * (wanted * log_any + (1.0 - wanted) * log_none)).mean()


def known_loss(
    logits: torch.Tensor,
    labels: torch.Tensor,
    weights: torch.Tensor,
    positive_weights: torch.Tensor | None = None,
) -> torch.Tensor:
    """Binary cross-entropy, the mean over what is known.

    Args:
        logits: shape `(texts, labels)`.
        labels: the same shape, from 0 to 1; NaN where it is not known.
        weights: how much each text counts, shape `(texts,)`.
        positive_weights: how many times each label's positives count, shape `(labels,)`; once by
            default.
    """
    known = ~torch.isnan(labels)
    losses = functional.binary_cross_entropy_with_logits(
        logits, torch.nan_to_num(labels), reduction="none", pos_weight=positive_weights
    )
    return (losses * known * weights[:, None]).sum() / known.sum().clamp(min=1)


def class_weights(targets: NDArray[np.float32]) -> torch.Tensor:
    """How many times the positives of each label are to count: the root of negatives to positives.

    The root, because the full ratio makes a rare label's few positives outweigh everything.

    Args:
        targets: from 0 to 1, NaN where it is not known, shape `(texts, labels)`.

    Returns:
        Shape `(labels,)`, at most `LARGEST_WEIGHT`.
    """
    positives = np.nansum(targets, axis=0)
    negatives = (~np.isnan(targets)).sum(axis=0) - positives
    weights = np.sqrt(negatives / np.maximum(positives, 1.0))
    return torch.from_numpy(np.minimum(weights, LARGEST_WEIGHT).astype(np.float32))
