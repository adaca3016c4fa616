"""Which sentences of a text carry a label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

#: Besides the best sentence, those are evidence that reach this share of its score.
SHARE_OF_BEST = 0.8


class Range(Protocol):
    """A half-open range of characters of a text."""

    @property
    def start(self) -> int:
        """Its first character."""

    @property
    def end(self) -> int:
        """The character behind its last one."""


def evidence(
    pieces: Sequence[Range], scores: NDArray[np.float32], threshold: float
) -> tuple[tuple[int, int], ...]:
    """The ranges of characters that carry a label.

    Args:
        pieces: the sentences of a text in order, at least one.
        scores: the probability of the label for each sentence, of shape `(sentences,)`.
        threshold: the threshold of the label.

    Returns:
        Half-open ranges in order: the sentence with the best score, and those that reach the
        threshold and `SHARE_OF_BEST` of the best score; neighbouring sentences as one range.
    """
    best = int(scores.argmax())
    ranges: list[tuple[int, int]] = []
    joins = False
    for i, piece in enumerate(pieces):
        chosen = i == best or (scores[i] >= threshold and scores[i] >= SHARE_OF_BEST * scores[best])
        if chosen and joins:
            ranges[-1] = (ranges[-1][0], piece.end)
        elif chosen:
            ranges.append((piece.start, piece.end))
        joins = chosen
    return tuple(ranges)
