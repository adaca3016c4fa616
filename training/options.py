"""The options of a fit."""

from __future__ import annotations

from dataclasses import dataclass

#: How much it counts whether an entry has any label, beside the mean over its labels. With votes of
#: several readers 0.25 finds labels as well as 0 does and gives fewer to reframes; with the labels
#: of one reader, 0.25 to 1 tells distorted posts from others better (area under the curve 0.79 to
#: 0.80). The synthetic entries, of whose labels there is no doubt, do without it (0.72 to 0.71).
ANY_WEIGHT = 0.25


@dataclass(frozen=True, slots=True)
class FitOptions:
    """See `journal-train fit --help`.

    Attributes:
        name: of the model.
        data: what the entries are, a sentence without its full stop, for the model card.
        command: makes this model again, for the model card; holds no path of this machine.
        learning_rate: None for the default of the base's size.
        max_minutes: None for no limit.
        min_precision: thresholds rise until each label is right this often.
        max_false_alarms: and until no more entries without a label are given one.
        at_least: labels and the lowest threshold each may get.
        least_expected: labels are given only to texts of which this many are to be expected, or
            of more if that does better.
        threshold: the same for every label; None for one of each, tuned on the validation entries.
        small: write an adapter of the built-in base in place of whole weights.
        shipped_only: nothing but the entries of this project is learnt from.
        patience: epochs without a better one after which training ends; None to run them all.
        resume: write checkpoints, and go on from the last one of the same fit.
        precision: of training, `auto`, `fp32` or `bf16`.
        class_weights: positives of rare labels count more.
        any_weight: how much it counts whether an entry has any label at all.
        sentence_weight: how much it counts, beside an entry as a whole, in which of its sentences
            its labels are to be seen; 0 to learn from entries as a whole only.
        composed: so many entries are put together from calm ones and short thoughts.
        soft_labels: how much of what is to be learnt of an entry as a whole is what the large
            model says.
        averaged: runs with other random numbers from the same start, whose weights are averaged.
        with_earlier: the weights of the earlier shipped model read short texts.
        threads: cores to compute with; None for all.
        train_layers: how many of the upper layers learn; None for all, or for all but the lowest
            quarter of the built-in base's.
    """

    name: str
    data: str
    command: str
    epochs: int
    batch_size: int
    learning_rate: float | None
    seed: int
    window_tokens: int
    validation_share: float
    max_minutes: float | None = None
    small: bool = False
    min_precision: float = 0.0
    max_false_alarms: float = 1.0
    at_least: tuple[tuple[str, float], ...] = ()
    least_expected: float = 0.0
    threshold: float | None = None
    allow_download: bool = False
    shipped_only: bool = False
    patience: int | None = None
    resume: bool = False
    precision: str = "fp32"
    class_weights: bool = False
    any_weight: float = ANY_WEIGHT
    sentence_weight: float = 0.0
    composed: int = 0
    soft_labels: float = 0.0
    averaged: int = 1
    with_earlier: bool = False
    threads: int | None = None
    train_layers: int | None = None
