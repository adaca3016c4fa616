"""Scoring a model folder on labelled entries, with the worker's own classifier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from training.anonymize import anonymize_texts
from training.bootstrap import intervals
from training.errors import DataError
from training.multi_hot import multi_hot, targets
from training.records import label_names
from training.reliability import Reliability, reliability
from training.scores import Scores, f1, score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.progress import Progress
    from training.records import Record
    from worker.anonymizer import Anonymizer
    from worker.classifier import Classification

#: Texts classified between two steps of the progress bar.
_BATCH = 64
#: Words up to which an entry counts as short, middling, long.
LENGTHS = (20, 60, 150)


class TextClassifier(Protocol):
    """The part of `worker.classifier.Classifier` that is needed here."""

    def classify(self, texts: Sequence[str]) -> list[Classification]:
        """Scores and labels of each text, in the same order."""
        ...


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a model said about a set of entries, and how right it was.

    Attributes:
        labels: the model's labels.
        truth: shape `(entries, labels)`.
        predicted: the same shape.
        scores: the figures.
        unknown_labels: labels of the data that the model does not know; they were left out.
        unscored_labels: labels of the model that the data never gives; they count neither way.
        reliability: whether probabilities mean what they say.
        intervals: 95% intervals of micro and macro F1.
        by_length: micro F1 of the entries of up to so many words.
    """

    labels: tuple[str, ...]
    truth: NDArray[np.float32]
    predicted: NDArray[np.bool_]
    scores: Scores
    unknown_labels: tuple[str, ...]
    unscored_labels: tuple[str, ...]
    reliability: Reliability
    intervals: dict[str, tuple[float, float]]
    by_length: dict[str, dict[str, float]]


def evaluate(
    records: list[Record],
    labels: tuple[str, ...],
    classifier: TextClassifier,
    *,
    anonymizer: Anonymizer | None,
    progress: Progress,
) -> Evaluation:
    """Classify every entry as a worker would, and score the answers.

    Args:
        records: labelled entries.
        labels: the model's labels, in the order of its scores.
        classifier: the worker's.
        anonymizer: None to classify the texts as they are.
        progress: is told about every batch.

    Raises:
        DataError: an entry cannot be anonymized, or no label is known to the model.
    """
    found = label_names(records)
    unknown = tuple(sorted(set(found) - set(labels)))
    if found and len(unknown) == len(found):
        raise DataError("the model knows none of the labels of this data")
    texts = [record.text for record in records]
    if anonymizer is not None:
        progress.begin("anonymizing", len(texts))
        texts = anonymize_texts(texts, anonymizer, advance=progress.advance)
    progress.begin("classifying", len(texts))
    answers: list[Classification] = []
    for start in range(0, len(texts), _BATCH):
        batch = texts[start : start + _BATCH]
        answers += classifier.classify(batch)
        progress.advance(len(batch))
    truth = multi_hot((record.labels for record in records), labels)
    predicted = multi_hot((answer.labels for answer in answers), labels) > 0
    probabilities = np.array([answer.scores for answer in answers], dtype=np.float32)
    # A data set that never gives a label tells nothing about it; one without any label is plain.
    absent = tuple(label for label in labels if label not in found) if found else ()
    known = ~np.isnan(targets(records, labels)) & [label not in absent for label in labels]
    return Evaluation(
        labels=labels,
        truth=truth,
        predicted=predicted & known,
        scores=score(truth, probabilities, predicted, labels, known),
        unknown_labels=unknown,
        unscored_labels=absent,
        reliability=reliability(truth, probabilities, known),
        intervals=intervals(truth, predicted & known),
        by_length=_by_length(records, truth, predicted & known),
    )


def _by_length(
    records: Sequence[Record], truth: NDArray[np.float32], predicted: NDArray[np.bool_]
) -> dict[str, dict[str, float]]:
    words = np.array([len(record.text.split()) for record in records])
    found: dict[str, dict[str, float]] = {}
    least = 0
    for most in (*LENGTHS, None):
        rows = (words > least) & (words <= (most or np.inf))
        if rows.any():
            true, given = truth[rows] > 0, predicted[rows]
            counts = ((true & given).sum(), (~true & given).sum(), (true & ~given).sum())
            name = f"up to {most} words" if most else f"over {least} words"
            found[name] = {
                "entries": int(rows.sum()), "micro_f1": round(f1(*map(int, counts)), 4)
            }  # fmt: skip
        least = most or least
    return found
