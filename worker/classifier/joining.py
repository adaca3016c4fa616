"""How the scores of a window and of its sentences become one score.

A window is scored as a whole and sentence by sentence in one pass: see
`worker.classifier.cls_token`. The whole dilutes one sentence among many calm ones; a sentence alone
may mean something else than in its place. The score that counts lies between the two: of the logit
z_w of the window and the largest logit z_s of its sentences it is sigmoid((1 - s) z_w + s z_s), for
each label by itself. With n sentences s is share (1 - 2/n): one or two are read as a whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Probabilities are kept this far from 0 and 1, so that their logits are finite.
_SMALLEST = 1e-6


def join(
    windows: NDArray[np.float32], sentences: Sequence[NDArray[np.float32]], share: float
) -> NDArray[np.float32]:
    """The probabilities that count for each window.

    Args:
        windows: of windows as a whole, shape `(windows, labels)`.
        sentences: for each window those of its sentences, shape `(sentences, labels)`; it may have
            none.
        share: how much the best of many sentences counts, from 0 (not at all) to 1 (alone).

    Returns:
        The shape of `windows`.
    """
    if not share or not len(windows):
        return windows
    best = np.stack(
        [
            scores.max(axis=0) if len(scores) else whole
            for whole, scores in zip(windows, sentences, strict=True)
        ]
    )
    counts = torch.tensor([len(scores) for scores in sentences])
    weights = share * of_sentences(counts)[:, None]
    joined = torch.lerp(_logits(windows), _logits(best), weights)
    return torch.sigmoid(joined).numpy()


def of_sentences(counts: torch.Tensor) -> torch.Tensor:
    """How much of the share the best of so many sentences gets, 0 to 1; shape `(windows,)` both."""
    return (1 - 2 / counts.clamp(min=2)).to(torch.float32)


def _logits(probabilities: NDArray[np.float32]) -> torch.Tensor:
    return torch.logit(torch.from_numpy(probabilities), eps=_SMALLEST)
