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
