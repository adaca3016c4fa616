"""The loss functions of training.

With logits z, probabilities p = sigmoid(z) and labels y from 0 to 1, binary cross-entropy is
-(y log p + (1 - y) log(1 - p)): C. Bishop, "Pattern Recognition and Machine Learning", 2006,
equation 4.90.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: No label's positives count more than this many times.
LARGEST_WEIGHT = 10.0
#: log(1 - p) of having any label is at most minus this, which keeps log p finite.
_SMALLEST = 1e-6


def training_loss(
    logits: torch.Tensor,
    labels: torch.Tensor,
    weights: torch.Tensor,
    positive_weights: torch.Tensor | None = None,
    any_weight: float = 0.0,
) -> torch.Tensor:
    """The sum `known_loss + any_weight * any_loss`, a scalar; arguments as of these two."""
    loss = known_loss(logits, labels, weights, positive_weights)
    return loss + any_weight * any_loss(logits, labels, weights) if any_weight else loss


def any_loss(logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy of a text having any label at all, the mean over texts.

    The probability of any label is that of a noisy or, p = 1 - prod(1 - p_l) over the labels l
    (J. Pearl, "Probabilistic Reasoning in Intelligent Systems", 1988, section 4.3.2), for the
    model and for shares of votes alike; with logits, log(1 - p) = sum(log sigmoid(-z_l)).
    Readers who differ about which distortion a text shows agree far more often that it shows one;
    a loss label by label does not see that agreement.

    Args:
        logits: shape `(texts, labels)`.
        labels: the same shape, from 0 to 1; NaN where it is not known, which counts neither for
            the model nor for the votes.
        weights: how much each text counts, shape `(texts,)`.

    Returns:
        A scalar.
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
    """Binary cross-entropy, the weighted sum over what is known, divided by how much is known.

    Args:
        logits: shape `(texts, labels)`.
        labels: the same shape, from 0 to 1; NaN where it is not known.
        weights: how much each text counts, shape `(texts,)`.
        positive_weights: how many times each label's positives count, shape `(labels,)`; once by
            default.

    Returns:
        A scalar; 0 where nothing is known.
    """
    known = ~torch.isnan(labels)
    losses = functional.binary_cross_entropy_with_logits(
        logits, torch.nan_to_num(labels), reduction="none", pos_weight=positive_weights
    )
    return (losses * known * weights[:, None]).sum() / known.sum().clamp(min=1)


def class_weights(targets: NDArray[np.float32]) -> torch.Tensor:
    """How many times the positives of each label are to count: sqrt(negatives / positives).

    The square root, because with the full ratio the few positives of a rare label outweigh all
    others.

    Args:
        targets: from 0 to 1, NaN where it is not known, shape `(texts, labels)`.

    Returns:
        Shape `(labels,)`, at most `LARGEST_WEIGHT`.
    """
    positives = np.nansum(targets, axis=0)
    negatives = (~np.isnan(targets)).sum(axis=0) - positives
    weights = np.sqrt(negatives / np.maximum(positives, 1.0))
    return torch.from_numpy(np.minimum(weights, LARGEST_WEIGHT).astype(np.float32))
