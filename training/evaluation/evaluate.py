"""Scoring a model folder on labelled entries, with the worker's own classifier."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from training.entries.anonymize import anonymize_texts
from training.entries.multi_hot import multi_hot, targets
from training.entries.record import label_names
from training.entries.styles import style
from training.errors import DataError
from training.scoring.bootstrap import intervals
from training.scoring.reliability import Reliability, reliability
from training.scoring.scores import Scores, f1, score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.entries.record import Record
    from training.progress import Progress
    from worker.anonymizer.anonymizer import Anonymizer
    from worker.classifier.classifier import Classification

#: Texts classified between two steps of the progress bar.
_BATCH = 64
#: Words up to which an entry counts as short, middling, long.
LENGTHS = (20, 60, 150)
LENGTH_NAMES = (*(f"up to {most} words" for most in LENGTHS), f"over {LENGTHS[-1]} words")


class TextClassifier(Protocol):
    """The part of `worker.classifier.classifier.Classifier` that is needed here."""

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
        intervals: 95% intervals of the figures, by their names in `scores`.
        by_length: micro F1 of the entries of up to so many words.
        by_style: micro F1 of the entries written in lower case, as a list, and so on.
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
    by_style: dict[str, dict[str, float]]


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
    answers = answer(
        [record.text for record in records], classifier, anonymizer=anonymizer, progress=progress
    )
    truth = multi_hot((record.labels for record in records), labels)
    predicted = multi_hot((answer.labels for answer in answers), labels) > 0
    probabilities = np.array([answer.scores for answer in answers], dtype=np.float32)
    # A data set that never gives a label tells nothing about it. One without any label holds
    # entries to which nothing applies.
    absent = tuple(label for label in labels if label not in found) if found else ()
    known = ~np.isnan(targets(records, labels)) & [label not in absent for label in labels]
    judged = (truth > 0) & known, predicted & known
    return Evaluation(
        labels=labels,
        truth=truth,
        predicted=predicted & known,
        scores=score(truth, probabilities, predicted, labels, known),
        unknown_labels=unknown,
        unscored_labels=absent,
        reliability=reliability(truth, probabilities, known),
        intervals=intervals(truth, predicted, probabilities, known),
        by_length=_by_length(records, *judged),
        by_style=_by_group([style(record) for record in records], *judged),
    )


def answer(
    texts: list[str],
    classifier: TextClassifier,
    *,
    anonymizer: Anonymizer | None,
    progress: Progress,
) -> list[Classification]:
    """What a worker would say about each text.

    Raises:
        DataError: a text cannot be anonymized.
    """
    if anonymizer is not None:
        progress.begin("anonymizing", len(texts))
        texts = anonymize_texts(texts, anonymizer, advance=progress.advance)
    progress.begin("classifying", len(texts))
    answers: list[Classification] = []
    for start in range(0, len(texts), _BATCH):
        batch = texts[start : start + _BATCH]
        answers += classifier.classify(batch)
        progress.advance(len(batch))
    return answers


def _by_length(
    records: list[Record], true: NDArray[np.bool_], given: NDArray[np.bool_]
) -> dict[str, dict[str, float]]:
    """Micro F1 of the entries up to each length, the shortest first."""
    found = _by_group([length_group(record.text) for record in records], true, given)
    return {name: found[name] for name in LENGTH_NAMES if name in found}


def length_group(text: str) -> str:
    """One of `LENGTH_NAMES`."""
    words = len(text.split())
    return LENGTH_NAMES[sum(words > most for most in LENGTHS)]


def _by_group(
    groups: list[str], true: NDArray[np.bool_], given: NDArray[np.bool_]
) -> dict[str, dict[str, float]]:
    """Micro F1 of each group, the largest group first."""
    found: dict[str, dict[str, float]] = {}
    for name, entries in Counter(groups).most_common():
        rows = np.array([group == name for group in groups])
        hit, false, missed = (
            int((a & b)[rows].sum()) for a, b in ((true, given), (~true, given), (true, ~given))
        )
        found[name] = {"entries": entries, "micro_f1": round(f1(hit, false, missed), 4)}
    return found
