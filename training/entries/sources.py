"""Several files of entries as one set to learn from, each with a weight."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from training.entries.files.label_spellings import with_labels_as_told
from training.entries.files.notes import Notes
from training.entries.files.options import ReadOptions
from training.entries.reading import SHIPPED_DATA, read_records
from training.entries.record import Record, label_names
from training.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

#: Stands for what comes with journal-stream: its entries, or (as a base) its model.
SHIPPED = "shipped"
#: Stands for the entries written since the large model and the tagger were made, which learnt from
#: the shipped ones and would be others with more.
LATER = "later"


def read_sources(
    sources: tuple[str, ...], *, options: ReadOptions | None = None, notes: Notes | None = None
) -> list[Record]:
    """Read files to learn from, `FILE` or `FILE=WEIGHT` each.

    `shipped` stands for the shipped entries, `later` for those that came after them.

    Data sets rarely know the same labels. Of several files, one that gives some labels but never
    a certain other tells nothing about that one: there it counts as unknown, not as absent. A
    file without any label is one of entries to which nothing applies.

    Args:
        sources: the files; nothing for the shipped entries.
        options: how files are read, the shipped ones aside.
        notes: takes what the user should know.

    Raises:
        DataError: a file cannot be read, a weight is no number above 0, or `no_label` names a
            label that no entry has.
    """
    options, notes = options or ReadOptions(), notes or Notes()
    files = [_parsed(source) for source in sources or (SHIPPED,)]
    read = []
    for name, weight in files:
        if name in OWN:
            records = OWN[name]()
        else:
            records = read_records(Path(name), with_reframes=True, options=options, notes=notes)
        read.append([replace(record, weight=weight * record.weight) for record in records])
    told = with_labels_as_told(
        [record for records in read for record in records], options, notes=notes
    )
    everything = set(label_names(told))
    found, rest = [], iter(told)
    for records in read:
        found += _masked(list(islice(rest, len(records))), everything)
    return found


def read_validation(
    path: Path,
    names: Iterable[str],
    *,
    options: ReadOptions | None = None,
    notes: Notes | None = None,
) -> list[Record]:
    """Read a file to choose epoch and thresholds with, in the way of `read_sources`.

    Of the labels to learn (`names`), one that the file never gives is unknown there, not absent.

    Raises:
        DataError: the file cannot be read.
    """
    return _masked(
        read_told(path, names, with_reframes=True, options=options, notes=notes), set(names)
    )


def read_told(
    path: Path,
    names: Iterable[str],
    *,
    with_reframes: bool = False,
    options: ReadOptions | None = None,
    notes: Notes | None = None,
) -> list[Record]:
    """Read a file for a model that knows certain labels (`names`).

    Raises:
        DataError: the file cannot be read.
    """
    options, notes = options or ReadOptions(), notes or Notes()
    records = read_records(path, with_reframes=with_reframes, options=options, notes=notes)
    return with_labels_as_told(records, options, notes=notes, known=tuple(names))


def _masked(records: list[Record], names: set[str]) -> list[Record]:
    own = set(label_names(records))
    unknown = frozenset(names - own) if own else frozenset()
    # A text known to be free of distortions (a reframe) is free of all of them.
    return [
        replace(record, unknown=record.unknown | unknown)
        if record.labels or record.shares
        else record
        for record in records
    ]


def read_shipped() -> list[Record]:
    """The entries that come with journal-stream, all written for it, with their reframes."""
    return read_records(SHIPPED_DATA) + _in_folder(SHIPPED_DATA.parent)


def read_later() -> list[Record]:
    """The entries written since the large model and the tagger were made, with their reframes."""
    return _in_folder(SHIPPED_DATA.parent / LATER)


#: The entries of this project, by what stands for them.
OWN: Mapping[str, Callable[[], list[Record]]] = {SHIPPED: read_shipped, LATER: read_later}


def _in_folder(folder: Path) -> list[Record]:
    return [
        record
        for file in sorted(folder.glob("*.jsonl"))
        for record in read_records(file, with_reframes=True)
    ]


def source_name(source: str) -> str:
    """The file, or the name of entries of this project, that `FILE` or `FILE=WEIGHT` stands for."""
    return _parsed(source)[0]


def _parsed(source: str) -> tuple[str, float]:
    name, _, weight = source.rpartition("=")
    if not name:
        name, weight = source, "1"
    try:
        number = float(weight)
    except ValueError:
        name, number = source, 1.0
    if not 0 < number < float("inf"):
        raise DataError(f"{name}: the weight must be a number above 0")
    return name, number
