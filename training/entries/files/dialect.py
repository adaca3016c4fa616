"""How the cells of a table are set apart.

The header tells: the delimiter is the one at which it falls into the columns that are wanted.
Programs that guess a dialect from the contents (`csv.Sniffer`, clevercsv) do not know what is
wanted: clevercsv 0.8.5 takes a space for the delimiter of quoted prose, whatever delimits it.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from training.entries.files.columns import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

#: Of equal ones the first is taken.
DELIMITERS = ",;\t|"
#: The line with which Excel is told the delimiter of a CSV.
_SEP_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_CALLED = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "upright line"}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the cells of a table are set apart.

    Attributes:
        delimiter: stands between two cells.
        after_space: whether spaces after it belong to no cell.
        quote: stands around cells.
        escape: stands before a quote that is part of a quoted cell; None if it is doubled.
    """

    delimiter: str = ","
    after_space: bool = False
    quote: str = '"'
    escape: str | None = None

    @property
    def called(self) -> str:
        """The delimiter's name, for errors."""
        return _CALLED.get(self.delimiter, f"'{self.delimiter}'")

    def rows(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """The cells of each row.

        Raises:
            csv.Error: the quoting is broken.
        """
        return csv.reader(
            lines,
            strict=True,
            delimiter=self.delimiter,
            quotechar=self.quote,
            skipinitialspace=self.after_space,
            escapechar=self.escape,
            doublequote=self.escape is None,
        )


def told_delimiter(line: str) -> str | None:
    """What a line `sep=;` tells; None if it is no such line."""
    found = _SEP_LINE.fullmatch(line)
    return found[1] if found else None


def dialect_of(beginning: Sequence[str], wanted: Iterable[str], told: str | None) -> Dialect:
    """The dialect of a table.

    Args:
        beginning: its first lines, the header's first.
        wanted: names of columns.
        told: its delimiter, if that is known.
    """
    names = {plain(name) for name in wanted}

    def rank(delimiter: str) -> tuple[int, int]:
        cells = _header(Dialect(delimiter), beginning)
        return len(names & {plain(cell) for cell in cells}), len(cells)

    delimiter = told or max(DELIMITERS, key=rank)
    header = _header(Dialect(delimiter), beginning)
    spaced = any(cell.startswith(" ") for cell in header[1:])
    single = bool(header) and all(_in_single_quotes(cell.strip()) for cell in header)
    plainly = Dialect(delimiter, spaced, "'" if single else '"')
    escaped = replace(plainly, escape="\\")
    backslashes = any(f"\\{plainly.quote}" in line for line in beginning)
    if backslashes and not _fits(plainly, beginning) and _fits(escaped, beginning):
        return escaped
    return plainly


def _in_single_quotes(cell: str) -> bool:
    return len(cell) > 1 and cell[0] == cell[-1] == "'"


def _header(dialect: Dialect, lines: Sequence[str]) -> list[str]:
    try:
        return next(dialect.rows(lines), [])
    except csv.Error:
        return []


def _fits(dialect: Dialect, lines: Sequence[str]) -> bool:
    """Whether the rows have as many cells as the header; the last may be cut off."""
    read = 0
    sizes = set()

    def counted() -> Iterator[str]:
        nonlocal read
        for line in lines:
            read += 1
            yield line

    try:
        for cells in dialect.rows(counted()):
            sizes.add(len(cells))
    except csv.Error:
        if read < len(lines):
            return False
    return len(sizes - {0}) <= 1
