"""Temperature scaling, folded into the weights of the classification head.

C. Guo et al., "On calibration of modern neural networks", ICML 2017, section 4.2: a network that is
fine-tuned for several epochs is over-confident. The calibrated probability is sigmoid(z / T) of a
logit z, with the one temperature T that gives the lowest cross-entropy on the validation entries.
It is the same for all labels, so the order of the scores stays as it is.
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
#: Probabilities are clipped this far from 0 and 1, which keeps their logits finite.
_SMALLEST = 1e-7


def best_temperature(truth: NDArray[np.float32], probabilities: NDArray[np.float32]) -> float:
    """The temperature with the lowest binary cross-entropy on these texts.

    The mean of log(1 + exp(z / T)) - y z / T is what is minimised, the cross-entropy of a logit z
    and a label y (C. Bishop, "Pattern Recognition and Machine Learning", 2006, equation 4.90).

    Args:
        truth: from 0 to 1, NaN where it is not known, shape `(texts, labels)`.
        probabilities: what the model says without a temperature, the same shape.

    Returns:
        Above 1 where the model is over-confident, below 1 where it is too unsure.
    """
    known = ~np.isnan(truth)
    logits, truth = _logits(probabilities)[known], truth[known]
    losses = [
        float(np.mean(np.logaddexp(0.0, logits / t) - truth * logits / t)) for t in _TEMPERATURES
    ]
    return float(_TEMPERATURES[int(np.argmin(losses))])


def cooled(probabilities: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """The probabilities at a temperature, sigmoid(logit(p) / T), of the same shape."""
    return (1.0 / (1.0 + np.exp(-_logits(probabilities) / temperature))).astype(np.float32)


@torch.no_grad()
def fold_in(model: PreTrainedModel, temperature: float) -> None:
    """Divide the model's logits by the temperature, by way of its last layer's weights."""
    last = last_layer(model)
    last.weight.div_(temperature)
    if last.bias is not None:
        last.bias.div_(temperature)


def last_layer(model: PreTrainedModel) -> nn.Linear:
    """The layer of a classifier that gives the logits."""
    wanted = model.config.num_labels
    return [m for m in model.modules() if isinstance(m, nn.Linear) and m.out_features == wanted][-1]


def _logits(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    certain = np.clip(probabilities.astype(np.float64), _SMALLEST, 1.0 - _SMALLEST)
    return np.asarray(np.log(certain) - np.log1p(-certain))
