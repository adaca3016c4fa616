"""Which sentences carry a label."""

from __future__ import annotations

import numpy as np
import pytest

from worker.classifier.evidence import evidence
from worker.models.windows import Window, sentence_ends, sentences

PIECES = [Window(0, (1,), start, start + 9) for start in (0, 10, 20, 30)]


@pytest.mark.parametrize(
    ("scores", "ranges"),
    [
        ((0.1, 0.9, 0.2, 0.1), ((10, 19),)),
        ((0.1, 0.2, 0.3, 0.1), ((20, 29),)),  # none reaches the threshold: the best one
        ((0.9, 0.8, 0.1, 0.75), ((0, 19), (30, 39))),
        ((0.5, 0.99, 0.1, 0.45), ((10, 19),)),  # above the threshold, but far below the best
    ],
)
def test_the_best_sentence_and_those_that_come_near(
    scores: tuple[float, ...], ranges: tuple[tuple[int, int], ...]
) -> None:
    assert evidence(PIECES, np.array(scores, dtype=np.float32), 0.4) == ranges


def test_every_token_is_in_one_sentence() -> None:
    text = "One two. Three four five! six"
    offsets = [(0, 3), (4, 7), (7, 8), (9, 14), (15, 19), (20, 24), (24, 25), (26, 29)]
    ids = list(range(len(offsets)))
    assert sentences(ids, offsets, sentence_ends(text), 10) == [(0, 3), (3, 7), (7, 8)]
    small = sentences(ids, offsets, sentence_ends(text), 2)
    assert [i for first, last in small for i in range(first, last)] == ids
    assert all(last - first <= 2 for first, last in small)
