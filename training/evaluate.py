"""Scoring a model folder on labelled entries, with the worker's own classifier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from training.anonymize import anonymize_texts
from training.errors import DataError
from training.multi_hot import multi_hot
from training.records import label_names
from training.scores import Scores, score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.progress import Progress
    from training.records import Record
    from worker.anonymizer import Anonymizer
    from worker.classifier import Classification

#: Texts classified between two steps of the progress bar.
_BATCH = 64


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
    """

    labels: tuple[str, ...]
    truth: NDArray[np.float32]
    predicted: NDArray[np.bool_]
    scores: Scores
    unknown_labels: tuple[str, ...]


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
    return Evaluation(
        labels=labels,
        truth=truth,
        predicted=predicted,
        scores=score(truth, probabilities, predicted, labels),
        unknown_labels=unknown,
    )
