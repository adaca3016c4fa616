"""Where the first look of a tagger is unsure of a word, and what it reads to look again.

The layers of a tagger are computed in two parts. Behind the first part the head judges every token;
what it is unsure of, with the words around it, goes through the other layers and is judged by the
same head once more. Most text goes through the first part alone: an early exit (J. Xin et al.,
"DeeBERT", ACL 2020), here for each token and not for each text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

from worker.anonymizer.taggers.entity_types import OUTSIDE
from worker.anonymizer.taggers.tagged_span import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

#: How likely a token must be a name for a second look to begin to count, to count alone, to
#: count no longer alone, and to count no more. It counts in proportion in between, so that no
#: rounding decides whether it does.
BEGINS, ALONE_FROM, ALONE_TO, ENDS = 0.12, 0.18, 0.9, 0.95
#: So many tokens on each side of an unsure one are judged again with it: the rest of its word, and
#: its neighbours in a name. Between two texts stand as many special tokens.
NEAR = 2
#: How many tokens on each side of an unsure one are read again with it. Eight find 2 more of 2,671
#: entities, and a quarter more tokens are read twice.
CONTEXT = 5


def first_layers(model: Any) -> int | None:
    """How many layers of a model are its first look; None if it looks once."""
    layers: int | None = getattr(model.config, "first_layers", None)
    return layers if layers and hasattr(model, "bert") else None


def outside(model: Any) -> int:
    """The number of the label of tokens that are no personal data."""
    return next(int(label) for label, told in model.config.id2label.items() if told == OUTSIDE)


def names(model: Any) -> list[int]:
    """The numbers of the labels of names: patterns find most of the rest."""
    return [int(label) for label, told in model.config.id2label.items() if told in NAMES]


def shares(logits: torch.Tensor, labels: Sequence[int], lengths: Sequence[int]) -> torch.Tensor:
    """How much the second look counts for each token.

    Args:
        logits: of the first look, of shape `(tokens, labels)`.
        labels: those of names.
        lengths: the tokens of each sequence. The first and the last are special tokens, whose
            logits mean nothing.

    Returns:
        Between 0 and 1, of shape `(tokens,)`.
    """
    inside = torch.softmax(logits, dim=-1)[:, labels].sum(dim=-1)
    rising = (inside - BEGINS) / (ALONE_FROM - BEGINS)
    falling = (ENDS - inside) / (ENDS - ALONE_TO)
    own = torch.minimum(rising, falling).clamp(0.0, 1.0)
    ends = torch.tensor(lengths).cumsum(0)
    own[ends - 1] = own[ends - torch.tensor(lengths)] = 0.0
    return functional.max_pool1d(own[None], 2 * NEAR + 1, stride=1, padding=NEAR)[0]


def excerpts(unsure: NDArray[np.bool_], lengths: Sequence[int]) -> list[NDArray[np.int64]]:
    """The tokens to read again, a stretch of one sequence each, shortest first.

    Args:
        unsure: which tokens the second look counts for, of shape `(tokens,)`.
        lengths: the tokens of each sequence, with the special tokens at both ends. These are read
            with each stretch of theirs.
    """
    found = []
    start = 0
    for length in lengths:
        at = np.flatnonzero(unsure[start : start + length])
        if len(at):
            found += [
                np.array([start, *range(start + a, start + b), start + length - 1])
                for a, b in _stretches(at, length)
            ]
        start += length
    return sorted(found, key=len)


def _stretches(at: NDArray[np.int64], length: int) -> Iterator[tuple[int, int]]:
    """Half-open ranges of tokens around those at `at`, without the first and the last of all."""
    begins = np.maximum(at - CONTEXT, 1)
    ends = np.minimum(at + CONTEXT + 1, length - 1)
    first = 0
    for i in range(1, len(at) + 1):
        if i == len(at) or begins[i] > ends[i - 1]:
            if begins[first] < ends[i - 1]:
                yield int(begins[first]), int(ends[i - 1])
            first = i
