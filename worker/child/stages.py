"""An entry on its way through the stages of a batch, the stages themselves, and their failures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from worker.errors import StageBrokenError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from producer.schemas import DeadReason, JournalEntry, JournalResult
    from worker.anonymizer.anonymizer import Anonymized
    from worker.classifier.classifier import Classification
    from worker.protocol import Claim, MissingKey

T = TypeVar("T")
#: A text that any working stage can process.
HARMLESS = "It rained, and we stayed in."


class AnonymizerLike(Protocol):
    """The interface that the pipeline needs of an anonymizer."""

    def anonymize(self, texts: Sequence[str]) -> list[Anonymized]:
        """Anonymize a batch of texts.

        Returns:
            One anonymized text for each text, in the order given.

        Raises:
            AnonymizationError: at least one of the texts could not be anonymized.
        """


class ClassifierLike(Protocol):
    """The interface that the pipeline needs of a classifier."""

    @property
    def label_names(self) -> tuple[str, ...]:
        """Every label that the model knows, in the order of a classification's scores."""

    @property
    def model_version(self) -> str:
        """Name and version of the model."""

    def classify(self, texts: Sequence[str], usage: Any = None) -> list[Classification]:
        """Classify a batch of anonymized texts.

        Args:
            texts: the anonymized texts.
            usage: an object whose `tokens` and `padded_tokens` are increased by what was computed.

        Returns:
            One classification for each text, in the order given.

        Raises:
            ClassificationError: at least one of the texts could not be classified.
        """


@dataclass(slots=True, eq=False, repr=False)
class Item:
    """One entry of a batch and what the stages have made of it.

    An attribute without a default is unset until its stage has succeeded. There is no repr, because
    it would show the text of the entry.

    Attributes:
        claim: the sealed entry and the claim on it.
        traceparent: the trace that it belongs to, if it belongs to one.
        reason: why the entry is not answered: dead-lettered, or left to a worker that has its key;
            None as long as no stage has failed.
        entry: the opened entry.
        anonymized: its anonymized text.
        classification: what the classifier found in the anonymized text.
        result: the answer, which holds no text.
    """

    claim: Claim
    traceparent: str | None = None
    reason: DeadReason | MissingKey | None = None
    entry: JournalEntry = field(init=False)
    anonymized: Anonymized = field(init=False)
    classification: Classification = field(init=False)
    result: JournalResult = field(init=False)


def without_failure(items: Iterable[Item]) -> list[Item]:
    """The items for which no stage has failed so far."""
    return [item for item in items if item.reason is None]


def run_stage(
    stage: Callable[[list[str]], list[T]],
    texts: Sequence[tuple[Item, str]],
    error: type[Exception],
    reason: DeadReason,
) -> list[tuple[Item, T]]:
    """Run a stage over a batch, or over one text after the other if it fails for the batch.

    Args:
        stage: takes texts and returns one output for each, in order.
        texts: the items that have come this far, each with its text for this stage.
        error: what the stage raises when it cannot process a text.
        reason: set on each item whose text alone makes the stage fail.

    Returns:
        The items for which the stage succeeded, each with its output, in the order given.

    Raises:
        StageBrokenError: the stage fails whatever text it is given, so that no entry is at fault.
    """
    if not texts:
        return []
    failures = (error, ValueError)  # ValueError: the stage returned too few or too many outputs
    try:
        outputs = stage([text for _, text in texts])
        return [(item, output) for (item, _), output in zip(texts, outputs, strict=True)]
    except failures:
        pass
    done = []
    for item, text in texts:
        try:
            (output,) = stage([text])
        except failures:
            item.reason = reason
        else:
            done.append((item, output))
    if not done:
        _check_stage(stage, failures, reason)
    return done


def _check_stage(
    stage: Callable[[list[str]], list[T]], failures: tuple[type[Exception], ...], reason: DeadReason
) -> None:
    """Run a stage on a harmless text.

    Raises:
        StageBrokenError: the stage fails for that, too.
    """
    try:
        (_,) = stage([HARMLESS])
    except failures:
        raise StageBrokenError(reason.value) from None
