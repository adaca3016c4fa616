"""Reading entries from JSON Lines, CSV or plain text, row by row, however long the file is.

    bytes ──▶ line ──▶ text, id, context ──▶ JournalEntry
      MalformedFileError        Row.problem
   (where rows begin is lost)   (this row only)

Errors name the line number and the rule, never the row's content.
"""

from __future__ import annotations

import csv
import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from producer.errors import ValidationError
from producer.schemas import MAX_TEXT_CHARACTERS, JournalEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: A JSON escape of a character beyond the basic plane takes twelve bytes (`\\ud83d\\ude00`);
#: four times that leaves room for other fields, and keeps a file without line ends out of memory.
MAX_LINE_BYTES = 4 * 12 * MAX_TEXT_CHARACTERS
ID_COLUMNS = ("entry_id", "id")


class MalformedFileError(ValidationError):
    """The file cannot be read beyond this line, because where its rows begin is not known."""

    def __init__(self, line: int, problem: str) -> None:
        self.line = line
        super().__init__(problem)


@dataclass(frozen=True, slots=True)
class Columns:
    """Which field or column holds what.

    Attributes:
        text: the entry itself.
        entry_id: its id; by default `entry_id`, or else `id`, if the row has one.
        context: what is returned with the result; by default nothing.
    """

    text: str = "text"
    entry_id: str | None = None
    context: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row: an entry, or what is wrong with it.

    Attributes:
        line: where it begins in the file, counted from 1.
        entry: the entry, unless the row breaks a rule.
        problem: the rule it breaks, without any of its content.
        own_id: whether the id is the row's; otherwise the entry has a random one.
    """

    line: int
    entry: JournalEntry | None = None
    problem: str = ""
    own_id: bool = True


def read_jsonl(stream: BinaryIO, columns: Columns, context: str | None = None) -> Iterator[Row]:
    """Rows of JSON Lines: one object a line; blank lines are skipped."""
    for number, line in _lines(stream):
        if line is None:
            yield Row(number, problem=f"the line is longer than {MAX_LINE_BYTES} bytes")
            continue
        try:
            fields = json.loads(line.decode()) if line.strip() else None
        except UnicodeDecodeError:
            yield Row(number, problem="the line is not UTF-8")
        except (ValueError, RecursionError):
            yield Row(number, problem="the line is not JSON")
        else:
            if isinstance(fields, dict):
                yield _row(number, fields.get, columns, context)
            elif line.strip():
                yield Row(number, problem="the line is not a JSON object")


def read_csv(stream: BinaryIO, columns: Columns, context: str | None = None) -> Iterator[Row]:
    """Rows of CSV with a header; a row may run over several lines.

    Raises:
        MalformedFileError: the header lacks a column that was asked for, or the quoting is broken.
    """
    csv.field_size_limit(MAX_LINE_BYTES)  # a longer cell is refused with its row, by the schema
    # Bytes that are not UTF-8 become lone surrogates, which the schema refuses for their row.
    reader = csv.reader(
        (
            _whole(number, line).decode("utf-8", "surrogateescape")
            for number, line in _lines(stream)
        ),
        strict=True,
    )
    header: list[str] | None = None
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as exc:
            raise MalformedFileError(number, f"not CSV: {exc}") from None
        if cells is None:
            return
        if header is None:
            header = cells
            for asked in (columns.text, columns.entry_id, columns.context):
                if asked is not None and asked not in header:
                    raise MalformedFileError(number, f"the header has no column {asked!r}")
        elif len(cells) == len(header):
            # An empty cell is how CSV writes that there is no value.
            fields = {name: cell or None for name, cell in zip(header, cells, strict=True)}
            yield _row(number, fields.get, columns, context)
        elif cells:
            yield Row(number, problem=f"{len(cells)} cells under a header of {len(header)}")


def read_text(stream: BinaryIO, columns: Columns, context: str | None = None) -> Iterator[Row]:
    """Plain text: every line that is not blank is an entry."""
    for number, line in _lines(stream):
        if line is None:
            yield Row(number, problem=f"the line is longer than {MAX_LINE_BYTES} bytes")
        elif line.strip():
            fields = {columns.text: line.rstrip(b"\r\n").decode("utf-8", "surrogateescape")}
            yield _row(number, fields.get, Columns(columns.text), context)


READERS: dict[str, Callable[[BinaryIO, Columns, str | None], Iterator[Row]]] = {
    "jsonl": read_jsonl,
    "csv": read_csv,
    "text": read_text,
}
SUFFIXES = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".csv": "csv", ".txt": "text"}


def read(
    stream: BinaryIO,
    name: str,
    columns: Columns,
    context: str | None = None,
    *,
    form: str | None = None,
) -> Iterator[Row]:
    """Rows of a file.

    Args:
        stream: the file, opened for reading bytes.
        name: of the file, for errors.
        columns: which field or column holds what.
        context: of every entry, unless `columns` names a column for it.
        form: a key of `READERS`; by default from the suffix of `name`, or else JSON Lines.

    Raises:
        ValidationError: the file cannot be read on; the message begins with name and line.
    """
    reader = READERS[form or SUFFIXES.get(Path(name).suffix.lower(), "jsonl")]
    try:
        yield from reader(stream, columns, context)
    except MalformedFileError as exc:
        raise ValidationError(f"{name}:{exc.line}: {exc}") from None


def _row(number: int, get: Callable[[str], Any], columns: Columns, context: str | None) -> Row:
    text = get(columns.text)
    if text is None:
        return Row(number, problem=f"no {columns.text!r}")
    entry_id = None
    for name in (columns.entry_id,) if columns.entry_id else ID_COLUMNS:
        entry_id = get(name) if entry_id is None else entry_id
    if entry_id is None and columns.entry_id:
        return Row(number, problem=f"no {columns.entry_id!r}")
    own_id = entry_id is not None
    if isinstance(entry_id, int) and not isinstance(entry_id, bool):
        entry_id = str(entry_id)
    if columns.context:
        context = get(columns.context)
    try:
        entry = JournalEntry(
            entry_id=entry_id if own_id else uuid.uuid4().hex, text=text, context=context
        )
    except ValidationError as exc:
        return Row(number, problem=str(exc), own_id=own_id)
    return Row(number, entry, own_id=own_id)


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Numbered lines; None in place of one that is too long to hold."""
    number = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if len(line) <= MAX_LINE_BYTES:
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(MAX_LINE_BYTES)
        yield number, None


def _whole(number: int, line: bytes | None) -> bytes:
    if line is None:
        raise MalformedFileError(number, f"the line is longer than {MAX_LINE_BYTES} bytes")
    return line
