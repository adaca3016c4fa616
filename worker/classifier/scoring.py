"""Scores windows in passes; those of short texts with weights of their own where there are such.

What carries a label in one short thought is not what carries it among ten calm sentences, and the
weights that tell one best tell the other less well: see "Short texts" in CONTRIBUTING.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

from worker.models.device import in_passes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from worker.classifier.networks import Network
    from worker.models.folder import ShortTexts
    from worker.models.windows import Window

_NO_SCORES = np.empty((0, 0), dtype=np.float32)


class Usage(Protocol):
    """Something that counts the tokens of a batch."""

    #: Tokens of windows, special tokens included and padding not.
    tokens: int
    #: Tokens computed, padding included.
    padded_tokens: int


def short_texts(
    pieces: Sequence[Window], of_text: Sequence[Sequence[int]], limits: ShortTexts | None
) -> frozenset[int]:
    """The indices of the texts that are short.

    Args:
        pieces: the windows of all texts.
        of_text: for each text the indices of its windows; those in which the model knows no word
            are not among them, and so do not count.
        limits: which texts are short; with None, no text is.
    """
    if limits is None:
        return frozenset()
    return frozenset(
        text
        for text, rows in enumerate(of_text)
        if len(rows) == 1
        and limits.include(len(pieces[rows[0]].token_ids), len(pieces[rows[0]].sentences))
    )


class Scorer:
    """Scores windows, and the sentences inside each where the network does so in one pass.

    Args:
        network: reads the windows.
        labels: how many labels it scores.
        short: reads those of short texts in its place; None if it reads all.
    """

    def __init__(self, network: Network, labels: int, short: Network | None = None) -> None:
        #: Whether the sentences of a window are scored in the same pass.
        self.scores_sentences = network.scores_sentences
        self.network = network
        self.short = short or network
        self._labels = labels

    def prepare(self, most_tokens: int) -> None:
        """Let passes of up to so many tokens be as fast the first time as they are later."""
        self.network.prepare(most_tokens)  # what that compiles, the other uses

    def __call__(
        self, pieces: Sequence[Window], short: frozenset[int], usage: Usage | None = None
    ) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
        """Score windows.

        Args:
            pieces: windows of a batch of texts.
            short: the indices of its short texts.
            usage: gets the tokens added.

        Returns:
            The probabilities of windows, of shape `(windows, labels)`; and for each window those
            of its sentences, of shape `(sentences, labels)`.
        """
        scores = np.zeros((len(pieces), self._labels), dtype=np.float32)
        of_sentences = [_NO_SCORES] * len(pieces)
        for network, chosen in self._divided(pieces, short):
            for group, logits in _passes(network, pieces, chosen, usage):
                found = torch.sigmoid(logits).numpy()
                row = 0
                for index in group:
                    inside = len(pieces[index].sentences) if self.scores_sentences else 0
                    scores[index] = found[row]
                    of_sentences[index] = found[row + 1 : row + 1 + inside]
                    row += 1 + inside
        return scores, of_sentences

    def _divided(
        self, pieces: Sequence[Window], short: frozenset[int]
    ) -> Iterator[tuple[Network, list[int]]]:
        """Each network with the windows that it reads, if there are any."""
        of_short = [piece.text_index in short for piece in pieces]
        for network, wanted in ((self.network, False), (self.short, True)):
            if chosen := [i for i, is_short in enumerate(of_short) if is_short == wanted]:
                yield network, chosen


def _passes(
    network: Network, pieces: Sequence[Window], chosen: Sequence[int], usage: Usage | None
) -> Iterator[tuple[list[int], torch.Tensor]]:
    """The logits of the chosen windows, pass by pass, each with the windows that it computed."""
    lengths = [len(pieces[index].token_ids) for index in chosen]
    passes = in_passes(
        network.passes(lengths),
        lambda group: network.logits([pieces[chosen[place]] for place in group]),
    )
    for group, logits in passes:
        if usage is not None:
            usage.tokens += sum(lengths[place] for place in group)
            usage.padded_tokens += network.computed([lengths[place] for place in group])
        yield [chosen[place] for place in group], logits
