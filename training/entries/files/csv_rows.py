"""Rows of labelled entries in a CSV."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from training.entries.files.columns import (
    LABEL_OPTION,
    TEXT_OPTION,
    label_position,
    missing,
    position,
)
from training.entries.files.one_hot import label_columns, told_columns
from training.entries.files.options import LABELS, TEXT
from training.entries.files.rows import MalformedFileError, Row, first_of
from training.entries.files.tables import opened_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from training.entries.files.options import ReadOptions
    from training.entries.files.tables import Table

#: Rows from which columns of single labels are told.
FIRST_ROWS = 1_000


def csv_rows(
    path: Path, options: ReadOptions, *, labelled: bool, note: Callable[[str], None]
) -> Iterator[Row]:
    """The rows of a CSV.

    Args:
        path: the file.
        options: which columns hold what.
        labelled: whether labels are wanted.
        note: is told which columns were taken for labels.

    Raises:
        DataError: the file cannot be read.
        MalformedFileError: a column is missing, or the quoting is broken.
    """
    wanted = [options.text_column]
    if labelled:
        wanted += [options.label_column] if options.label_column else [LABELS, "label"]
    with opened_table(path, wanted, options.encoding) as table:
        header, line = table.header, table.header_line
        text = position(header, options.text_column, line=line)
        if text is None:
            raise missing(header, options.text_column, TEXT_OPTION, line=line)
        if not labelled:
            yield from _read(table, text, None)
            return
        labels = label_position(header, options.label_column, line=line)
        if labels == text:
            raise MalformedFileError(
                line, f"column '{options.text_column}' cannot hold both text and labels"
            )
        if labels is not None:
            yield from _read(table, text, labels)
        else:
            yield from _one_hot(path, table, text, note)


def _read(table: Table, text: int, labels: int | None) -> Iterator[Row]:
    for line, cells in table.rows():
        fitted = table.fitted(cells)
        if fitted is None:
            yield Row(line, problem=table.misfit(cells))
        elif labels is None:
            yield Row(line, {TEXT: fitted[text]})
        else:
            yield Row(line, {TEXT: fitted[text], LABELS: fitted[labels]})


def _one_hot(path: Path, table: Table, text: int, note: Callable[[str], None]) -> Iterator[Row]:
    first, rows = first_of(table.rows(), FIRST_ROWS)
    header = table.header
    named = [
        dict(zip(header, cells, strict=True)) for _, cells in first if len(cells) == len(header)
    ]
    names = [name for at, name in enumerate(header) if at != text and name.strip()]
    columns = label_columns(dict.fromkeys(names), named)
    if not columns:
        raise missing(header, LABELS, LABEL_OPTION, line=table.header_line)
    for column in columns:
        if names.count(column) > 1:
            raise MalformedFileError(
                table.header_line, f"more than one column '{column}'; rename or remove all but one"
            )
    note(told_columns(f"{path}:{table.header_line}", columns, names))
    places = {column: header.index(column) for column in columns}
    for line, cells in chain(first, rows):
        fitted = table.fitted(cells)
        if fitted is None:
            yield Row(line, problem=table.misfit(cells))
        else:
            values = {column: fitted[at] for column, at in places.items()}
            yield Row(line, {TEXT: fitted[text]}, values)
