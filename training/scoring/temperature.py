"""Probabilities that mean what they say: temperature scaling, folded into the head.

C. Guo et al., "On calibration of modern neural networks", ICML 2017: a network fine-tuned for
several epochs is too sure of itself; dividing its logits by one number, found on the validation
entries, mends most of it and changes no order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from transformers import PreTrainedModel

#: Temperatures that are tried: a quarter to four, in equal ratios.
_TEMPERATURES = np.geomspace(0.25, 4.0, 121)
#: Keeps the logarithms finite.
_SMALLEST = 1e-7


def best_temperature(truth: NDArray[np.float32], probabilities: NDArray[np.float32]) -> float:
    """The temperature with the lowest binary cross-entropy; both arrays `(texts, labels)`.

    What is NaN in `truth` is not known and left out.
    """
    known = ~np.isnan(truth)
    logits, truth = _logits(probabilities)[known], truth[known]
    losses = [
        float(np.mean(np.logaddexp(0.0, logits / t) - truth * logits / t)) for t in _TEMPERATURES
    ]
    return float(_TEMPERATURES[int(np.argmin(losses))])


def cooled(probabilities: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """What the probabilities become at a temperature; the same shape."""
    return (1.0 / (1.0 + np.exp(-_logits(probabilities) / temperature))).astype(np.float32)


@torch.no_grad()
def fold_in(model: PreTrainedModel, temperature: float) -> None:
    """Divide the model's logits by the temperature, by way of its last layer's weights."""
    wanted = model.config.num_labels
    heads = [m for m in model.modules() if isinstance(m, nn.Linear) and m.out_features == wanted]
    last = heads[-1]
    last.weight.div_(temperature)
    if last.bias is not None:
        last.bias.div_(temperature)


def _logits(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    certain = np.clip(probabilities.astype(np.float64), _SMALLEST, 1.0 - _SMALLEST)
    return np.asarray(np.log(certain) - np.log1p(-certain))
