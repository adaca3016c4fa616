"""Tables: CSV in the ways in which programs write it."""

from __future__ import annotations

import csv
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING

from producer.schemas import MAX_TEXT_CHARACTERS
from training.entries.files.dialect import Dialect, dialect_of, told_delimiter
from training.entries.files.rows import MalformedFileError
from training.entries.files.text_stream import lines, opened
from training.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

#: Characters of a cell; a quote that is never closed makes one cell of the rest of a file.
LONGEST_CELL = 20 * MAX_TEXT_CHARACTERS
#: Lines from which the dialect is told.
_BEGINNING = 200


@dataclass(slots=True)
class Table:
    """A table while it is read.

    Attributes:
        header: names of the columns.
        header_line: where it stands, counted from 1.
        dialect: how the cells are set apart.
    """

    header: list[str]
    header_line: int
    dialect: Dialect
    _rows: Iterator[list[str]] = field(repr=False)
    _numbers: _Numbered = field(repr=False)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Every row after the header with the line where it begins; blank ones are left out.

        Raises:
            MalformedFileError: the quoting is broken.
        """
        while True:
            line = self._numbers.read + 1
            try:
                cells = next(self._rows, None)
            except csv.Error as exc:
                raise MalformedFileError(line, self._broken(str(exc), line)) from None
            if cells is None:
                return
            if any(cell.strip() for cell in cells):
                yield line, cells

    def fitted(self, cells: list[str]) -> list[str] | None:
        """The cells of a row, one for each column; None if there are more or fewer.

        Empty cells beyond the last column are nothing.
        """
        surplus = cells[len(self.header) :]
        if len(cells) < len(self.header) or any(cell.strip() for cell in surplus):
            return None
        return cells[: len(self.header)]

    def misfit(self, cells: list[str]) -> str:
        """What is wrong with a row that does not fit."""
        problem = f"{len(cells)} columns instead of {len(self.header)}"
        if len(cells) < len(self.header):
            return problem
        return f"{problem}; a text that holds a {self.dialect.called} must stand in quotes"

    def _broken(self, error: str, line: int) -> str:
        """What a message of the csv module means."""
        quote = self.dialect.quote
        if "field limit" in error:
            return (
                f"not CSV: a cell of more than {LONGEST_CELL:,} characters; "
                f"a quote {quote} that opens in this row is never closed"
            )
        if "unexpected end" in error:
            return f"not CSV: a quote {quote} that opens in this row is never closed"
        if "expected after" in error and self._numbers.read > line:
            return (
                f"not CSV: a quote {quote} that opens in this row is not closed in its line, and "
                f"in line {self._numbers.read} something follows the next quote; "
                "close it, or double the quotes inside"
            )
        if "expected after" in error:
            return f"not CSV: a quote {quote} inside a quoted cell; double it, as in {quote * 2}"
        return f"not CSV ({error})"


@contextmanager
def opened_table(path: Path, wanted: Iterable[str], encoding: str | None) -> Iterator[Table]:
    """A table and its header.

    Args:
        path: the file.
        wanted: names of columns, by which the delimiter is recognized.
        encoding: None for what the file's beginning tells.

    Raises:
        DataError: it cannot be read, or is empty.
        MalformedFileError: its beginning is no table.
    """
    csv.field_size_limit(LONGEST_CELL)  # a text over the limit has an error of its own
    with opened(path, encoding) as stream:
        source = lines(stream)
        blank, told, beginning = 0, None, []
        for line in source:
            if line.strip() and told is None and (told := told_delimiter(line)):
                blank += 1
            elif line.strip():
                beginning = [line, *islice(source, _BEGINNING)]
                break
            else:
                blank += 1
        if not beginning:
            raise DataError(f"{path}: empty")
        dialect = dialect_of(beginning, wanted, told)
        numbers = _Numbered(chain(beginning, source), blank)
        rows = dialect.rows(numbers)
        table = Table([], blank + 1, dialect, rows, numbers)
        for line_number, cells in islice(table.rows(), 1):
            table.header, table.header_line = cells, line_number
        if _are_numbered(len(table.header), dialect, beginning):
            table.header = ["", *table.header]
        yield table


def _are_numbered(columns: int, dialect: Dialect, beginning: Sequence[str]) -> bool:
    """Whether the rows begin with their numbers, for which the header has no column, as R's do."""
    try:
        first = list(islice(dialect.rows(beginning), 1, 3))
    except csv.Error:
        return False
    numbers = [cells[0] for cells in first if len(cells) == columns + 1]
    return numbers in (["0", "1"], ["1", "2"])


class _Numbered:
    """Lines, and how many were read.

    Args:
        source: the lines.
        read: how many were before them.
    """

    def __init__(self, source: Iterable[str], read: int) -> None:
        self._source = iter(source)
        self.read = read

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._source)
        self.read += 1
        return line
