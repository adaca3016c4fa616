"""Which sentences of a text carry a label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

#: A sentence counts beside the best one if it reaches this share of its score.
SHARE_OF_BEST = 0.8


class Range(Protocol):
    """A range of a text."""

    @property
    def start(self) -> int:
        """Its first character."""

    @property
    def end(self) -> int:
        """Behind its last character."""


def evidence(
    pieces: Sequence[Range], scores: NDArray[np.float32], threshold: float
) -> tuple[tuple[int, int], ...]:
    """Ranges of characters that carry a label.

    Args:
        pieces: the sentences of a text in order, at least one.
        scores: the label's probability for each of them.
        threshold: the label's.

    Returns:
        The sentence with the best score, and others above the threshold that come near it;
        neighbours as one range.
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
