"""From records to the two parts of a fit: split without leakage, and anonymized."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from training.entries.leakage_groups import leakage_groups
from training.entries.multi_hot import multi_hot
from training.entries.prepared.anonymized_records import anonymized_records
from training.entries.prepared.composed import composed
from training.entries.prepared.seen_earlier import seen_earlier, validated_earlier
from training.entries.prepared.sentences import sentences
from training.entries.prepared.soft_labels import softened
from training.entries.split import Part, stratified_split
from training.entries.styles import kinds
from training.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

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
        held_out_kinds: how each of these is written, or that it is a reframe.
        anonymized: whether they were, or were taken as they are.
        validation_given: whether `held_out` is of a file of its own, or set aside.
    """

    train: Part
    held_out: Part
    held_out_as_written: list[str]
    held_out_kinds: list[str]
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
    """Part the records in two, anonymize them, and add what is made of those to learn from.

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
    written = [*records, *(validation or [])]
    shown = written
    if anonymizer is not None:
        progress.begin("anonymizing", len(written))
        shown = anonymized_records(written, anonymizer, advance=progress.advance)
    learnt = [shown[row] for row in rows]
    cut, made = sentences(learnt), composed(learnt, options.composed, seed=options.seed)
    train = replace(Part.of([*learnt, *cut, *made], names), sentences=len(cut), composed=len(made))
    if options.soft_labels:
        targets, soft = softened(train.texts, train.targets, names, options.soft_labels)
        train = replace(train, targets=targets, soft=soft)
    validated = [written[row] for row in held_out]
    return Parts(
        train=train,
        held_out=Part.of([shown[row] for row in held_out], names),
        held_out_as_written=[record.text for record in validated],
        held_out_kinds=kinds(validated),
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
    if validation is not None:
        train = list(range(len(records)))
        held_out = list(range(len(records), len(records) + len(validation)))
    elif options.with_earlier:
        train, held_out = _split_with_earlier(records, labels, options)
    else:
        train, held_out = stratified_split(
            labels,
            leakage_groups(records),
            validation_share=options.validation_share,
            seed=options.seed,
        )
    if not labels[train].any(axis=0).all():
        raise DataError("too few entries: some label has none left to learn from")
    return train, held_out


def _split_with_earlier(
    records: list[Record], labels: NDArray[np.float32], options: FitOptions
) -> tuple[list[int], list[int]]:
    """Row numbers to learn from and to validate with, where the earlier model saw some of them.

    What validated it validates again, and what it learnt from is learnt from again; of groups that
    are new, if there are any, the usual share is set aside.

    Raises:
        DataError: nothing is left to validate with.
    """
    groups = leakage_groups(records)
    seen = np.array([seen_earlier(record.text) for record in records])
    validated = np.array([validated_earlier(record.text) for record in records])
    apart = np.isin(groups, groups[validated])
    new = np.flatnonzero(~np.isin(groups, groups[seen | validated]))
    if len(new):
        _, set_aside = stratified_split(
            labels[new],
            np.unique(groups[new], return_inverse=True)[1],
            validation_share=options.validation_share,
            seed=options.seed,
        )
        apart[new[set_aside]] = True
    held_out = np.flatnonzero(apart & ~seen).tolist()
    if not held_out:
        raise DataError("the earlier model learnt from all entries: none is left to validate with")
    return np.flatnonzero(~apart).tolist(), held_out
