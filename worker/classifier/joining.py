"""How the scores of a window and of its sentences become one score.

A window is scored as a whole and sentence by sentence in one pass: see
`worker.classifier.cls_token`. The whole dilutes one sentence among many calm ones; a sentence alone
may mean something else than in its place. The score that counts lies between the two: of the logit
z_w of the window and the largest logit z_s of its sentences it is
sigmoid((1 - share) z_w + share z_s), for each label by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

#: Probabilities are kept this far from 0 and 1, so that their logits are finite.
_SMALLEST = 1e-6


def join(
    windows: torch.Tensor, sentences: Sequence[NDArray[np.float32]], share: float
) -> torch.Tensor:
    """The probabilities that count for each window.

    Args:
        windows: of windows as a whole, shape `(windows, labels)`.
        sentences: for each window those of its sentences, shape `(sentences, labels)`; it may have
            none.
        share: how much the best sentence counts, from 0 (not at all) to 1 (alone).

    Returns:
        The shape of `windows`.
    """
    if not share or not len(windows):
        return windows
    best = torch.stack(
        [
            torch.from_numpy(scores.max(axis=0)) if len(scores) else whole
            for whole, scores in zip(windows, sentences, strict=True)
        ]
    )
    return torch.sigmoid(torch.lerp(_logits(windows), _logits(best), share))


def _logits(probabilities: torch.Tensor) -> torch.Tensor:
    return torch.logit(probabilities, eps=_SMALLEST)
