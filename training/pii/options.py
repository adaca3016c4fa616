"""How the tagger is trained."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TaggerOptions:
    """See `journal-train pii --help`.

    Attributes:
        examples: generated examples that each run learns from.
        averaged: how many runs there are, whose weights are averaged.
        layers: how many of the base's layers are kept, the lowest.
        second_layers: how many of the layers above these look again at what the first are unsure
            of.
        batch_size: examples in a step.
        learning_rate: at its height.
        seed: of the first run; the others count on from it.
        threshold: the probability from which on the tagger takes a word for personal data.
        strict_threshold: the same where finding more is worth taking more words for names.
        rank: of the stored update of each matrix.
        name: of the tagger.
        own_share: what share of all examples a user's own texts are to be, below 1.
        annotated: the names of the files that these came from.
    """

    examples: int = 150_000
    averaged: int = 2
    layers: int = 2
    second_layers: int = 4
    batch_size: int = 32
    learning_rate: float = 3e-4
    seed: int = 13
    threshold: float = 0.4
    strict_threshold: float = 0.25
    rank: int = 64
    name: str = "tagger"
    own_share: float = 0.2
    annotated: tuple[str, ...] = ()
