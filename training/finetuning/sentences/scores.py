"""Scoring windows and the sentences in them in one pass, and learning from both.

The last layer computes `[CLS]` once for the window and once for each of its parts, attending to the
part's tokens alone; the layers below have seen the whole window. See `worker.classifier.cls_token`.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional
from transformers.modeling_outputs import SequenceClassifierOutput

from worker.classifier.cls_token import cls_logits
from worker.classifier.joining import of_sentences

if TYPE_CHECKING:
    from collections.abc import Iterator

    from transformers import PreTrainedModel

#: How much the best of many sentences counts in the models that are made here: see
#: `worker.classifier.joining`.
SENTENCE_SHARE = 0.7
#: A sentence of a window counts a third of a text: with eight of them they outweigh the window.
_WEIGHT_OF_A_SENTENCE = 1 / 3


@contextmanager
def scores_parts(model: PreTrainedModel) -> Iterator[None]:
    """Within the block the model takes `parts`; its logits are `(texts, 1 + parts, labels)`.

    Args:
        model: a `BertForSequenceClassification` whose last layer averages.
    """

    def forward(
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        parts: torch.Tensor | None = None,
        **_: Any,
    ) -> SequenceClassifierOutput:
        logits = cls_logits(model, input_ids, attention_mask.bool(), parts)
        return SequenceClassifierOutput(logits=logits)

    model.forward = forward
    try:
        yield
    finally:
        del model.forward


def joined_logits(
    logits: torch.Tensor, parts: torch.Tensor | None, mask: torch.Tensor, share: float
) -> torch.Tensor:
    """The logits that count for each window, as `worker.classifier.joining.join` has them.

    Args:
        logits: of the windows and then of their parts, shape `(windows, 1 + parts, labels)`.
        parts: true at the tokens of each part, shape `(windows, parts, tokens)`; where a window has
            fewer parts than others, the rest of them are the whole window.
        mask: true where there is a token, shape `(windows, tokens)`.
        share: how much the best of many sentences counts.

    Returns:
        Shape `(windows, labels)`.
    """
    whole = logits[:, 0]
    if parts is None or not share:
        return whole
    real = (parts != mask.bool()[:, None]).any(dim=2)
    lowest = torch.finfo(logits.dtype).min
    best = logits[:, 1:].masked_fill(~real[..., None], lowest).amax(dim=1)
    best = torch.where(real.any(dim=1)[:, None], best, whole)
    weights = share * of_sentences(real.sum(dim=1))[:, None]
    return torch.lerp(whole, best, weights.to(whole.dtype))


def sentence_loss(
    logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor
) -> torch.Tensor:
    """Binary cross-entropy over what is known of sentences, the mean over texts.

    Args:
        logits: shape `(texts, sentences, labels)`.
        labels: the same shape, from 0 to 1; NaN where it is not known.
        weights: how much each text counts, shape `(texts,)`.

    Returns:
        A scalar; 0 where nothing is known.
    """
    known = ~torch.isnan(labels)
    losses = functional.binary_cross_entropy_with_logits(
        logits, torch.nan_to_num(labels), reduction="none"
    )
    total = (losses * known * weights[:, None, None]).sum()
    return _WEIGHT_OF_A_SENTENCE * total / (len(labels) * labels.shape[2])
