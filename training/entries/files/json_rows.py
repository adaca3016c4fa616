"""Rows of labelled entries in JSON: lines of an object each, or one array of objects."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Any

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
from training.entries.files.text_stream import lines, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from io import TextIOWrapper
    from pathlib import Path

    from training.entries.files.options import ReadOptions

#: Rows from which the fields are told.
FIRST_ROWS = 1_000
_ONE_OBJECT = "one whole object must stand on each line, or all of them in one array"


def json_rows(
    path: Path, options: ReadOptions, *, labelled: bool, note: Callable[[str], None]
) -> Iterator[Row]:
    """The rows of JSON lines, or of a JSON array; every field, text and labels by these names.

    Args:
        path: the file.
        options: which fields hold what.
        labelled: whether labels are wanted.
        note: is told which fields were taken for labels.

    Raises:
        DataError: the file cannot be read.
        MalformedFileError: a field is missing in every row, or the array is broken.
    """
    with opened(path, options.encoding) as stream:
        first, rows = first_of(_objects(stream), FIRST_ROWS)
        names = list(dict.fromkeys(name for row in first for name in row.fields))
        if not names:
            yield from chain(first, rows)
            return
        line = next(row.line for row in first if row.fields)
        at = position(names, options.text_column, line=line, noun="field")
        if at is None:
            raise missing(names, options.text_column, TEXT_OPTION, line=line, noun="field")
        text = names[at]
        labels, columns = (
            _label_fields(names, text, first, options, line) if labelled else (None, [])
        )
        if columns:
            note(told_columns(f"{path}:{line}", columns, [n for n in names if n != text]))
        for row in chain(first, rows):
            if row.problem:
                yield row
            else:
                yield _row(row, text, labels, columns, labelled=labelled)


def _label_fields(
    names: list[str], text: str, first: Sequence[Row], options: ReadOptions, line: int
) -> tuple[str | None, list[str]]:
    """The field of the labels, or else the fields of single labels."""
    found = label_position(names, options.label_column, line=line, noun="field")
    if found is not None and names[found] == text:
        raise MalformedFileError(line, f"field '{text}' cannot hold both text and labels")
    if found is not None:
        return names[found], []
    others = [name for name in names if name != text]
    columns = label_columns(others, [row.fields for row in first])
    if not columns:
        raise missing(names, LABELS, LABEL_OPTION, line=line, noun="field")
    return None, columns


def _row(row: Row, text: str, labels: str | None, columns: list[str], *, labelled: bool) -> Row:
    needed = [text, *([labels] if labels else columns)] if labelled else [text]
    for name in needed:
        if name not in row.fields:
            return Row(row.line, problem=f"no field '{name}'")
    fields = {**row.fields, TEXT: row.fields[text]}
    if labels:
        fields[LABELS] = row.fields[labels]
    values = {name: row.fields[name] for name in columns}
    return Row(row.line, fields, values or None)


def _objects(stream: TextIOWrapper) -> Iterator[Row]:
    """A row for each object, whatever its fields."""
    source = enumerate(lines(stream), 1)
    for number, line in source:
        if not line.strip():
            continue
        if line.lstrip().startswith("["):
            yield from _array(line, number, stream)
            return
        yield _parsed(number, line)
        break
    for number, line in source:
        if line.strip():
            yield _parsed(number, line)


def _parsed(number: int, line: str) -> Row:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return Row(number, problem=f"not JSON; {_ONE_OBJECT}")
    return _object(number, value)


def _object(number: int, value: Any) -> Row:
    if not isinstance(value, dict):
        return Row(number, problem="not a JSON object")
    if not value:
        return Row(number, problem="a JSON object without any field")
    return Row(number, value)


def _array(line: str, number: int, stream: TextIOWrapper) -> Iterator[Row]:
    """The rows of an array that begins in this line."""
    text = line + stream.read()
    decoder = json.JSONDecoder()
    at, counted = text.index("[") + 1, 0
    while True:
        at = _after_space(text, at)
        number, counted = number + text.count("\n", counted, at), at
        if text[at : at + 1] == "]":
            break
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            raise MalformedFileError(number, f"not JSON; {_ONE_OBJECT}") from None
        yield _object(number, value)
        at = _after_space(text, at)
        if text[at : at + 1] not in (",", "]") or at >= len(text):
            raise MalformedFileError(
                number + text.count("\n", counted, at), "not JSON: the array is not closed"
            )
        at += text[at] == ","
    if text[at + 1 :].strip():
        raise MalformedFileError(
            number + text.count("\n", counted, at), "more than one JSON array; write one"
        )


def _after_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at
