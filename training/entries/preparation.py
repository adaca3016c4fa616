"""From records to the two parts of a fit: split without leakage, and anonymized."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from training.entries.anonymize import anonymize_texts
from training.entries.leakage_groups import leakage_groups
from training.entries.multi_hot import multi_hot
from training.entries.sentences import sentences
from training.entries.split import Part, stratified_split
from training.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.entries.record import Record
    from training.options import FitOptions
    from training.progress import Progress
    from worker.anonymizer.anonymizer import Anonymizer


@dataclass(frozen=True, slots=True)
class Parts:
    """What a fit works on.

    Attributes:
        train: to learn from.
        held_out: to choose the epoch and the thresholds with.
        held_out_as_written: the texts of `held_out` before they were anonymized.
        anonymized: whether they were, or were taken as they are.
        validation_given: whether `held_out` is of a file of its own, or set aside.
    """

    train: Part
    held_out: Part
    held_out_as_written: list[str]
    anonymized: bool
    validation_given: bool


def prepare(
    records: list[Record],
    validation: list[Record] | None,
    names: Sequence[str],
    *,
    anonymizer: Anonymizer | None,
    options: FitOptions,
    progress: Progress,
) -> Parts:
    """Part the records in two, add sentences to the part to learn from, and anonymize all texts.

    Args:
        records: to learn from; some of them are set aside unless `validation` is given.
        validation: to choose the epoch and the thresholds with; may be None.
        names: of the labels, in the order of the model's outputs.
        anonymizer: None to take texts as they are.
        options: the share to set aside, and the seed.
        progress: is told about anonymized texts.

    Raises:
        DataError: there are too few entries, or a text cannot be anonymized.
    """
    rows, held_out = _rows(records, validation, names, options)
    everything = [*records, *(validation or [])]
    added = sentences(everything[row] for row in rows)
    rows += range(len(everything), len(everything) + len(added))
    everything += added
    texts = [record.text for record in everything]
    if anonymizer is not None:
        progress.begin("anonymizing", len(texts))
        texts = anonymize_texts(texts, anonymizer, advance=progress.advance)
    return Parts(
        train=replace(Part.of(texts, everything, names, rows), sentences=len(added)),
        held_out=Part.of(texts, everything, names, held_out),
        held_out_as_written=[everything[row].text for row in held_out],
        anonymized=anonymizer is not None,
        validation_given=validation is not None,
    )


def _rows(
    records: list[Record],
    validation: list[Record] | None,
    names: Sequence[str],
    options: FitOptions,
) -> tuple[list[int], list[int]]:
    """Row numbers to learn from and to validate with, of the records and then `validation`."""
    labels = multi_hot((record.labels for record in records), names)
    if validation is None:
        train, held_out = stratified_split(
            labels,
            leakage_groups(records),
            validation_share=options.validation_share,
            seed=options.seed,
        )
    else:
        train = list(range(len(records)))
        held_out = list(range(len(records), len(records) + len(validation)))
    if not labels[train].any(axis=0).all():
        raise DataError("too few entries: some label has none left to learn from")
    return train, held_out
