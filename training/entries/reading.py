"""Reading labelled entries from CSV or JSON lines; errors name the place and never the text."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from producer.schemas import MAX_TEXT_CHARACTERS
from training.entries.annotations import REFRAME_WEIGHT, annotated, reframes
from training.entries.label_parsing import parse_labels
from training.entries.record import Record
from training.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT, LABELS = "text", "labels"
#: Not a name that a file could use: it is set here.
_GROUP = " group"
#: The data set that is shipped: synthetic entries written for this project.
SHIPPED_DATA = Path(__file__).parents[1] / "data" / "mental_health_journals.csv"
#: Characters of a cell; a quote that is never closed makes one cell of the rest of a file.
LONGEST_CELL = 20 * MAX_TEXT_CHARACTERS


def read_records(path: Path, *, with_reframes: bool = False) -> list[Record]:
    """Read a `.csv` with the columns `text` and `labels`, or `.jsonl` with these fields.

    JSON lines may also hold what `training.entries.annotations` reads. Other columns are ignored.
    A UTF-8 byte order mark is skipped.

    Args:
        path: the file.
        with_reframes: also take the rows' reframes, as entries without labels.

    Raises:
        DataError: the file is missing, empty, malformed, or a cell is not what it should be.
    """
    return _read(path, (TEXT, LABELS), with_reframes=with_reframes)


def read_plain(path: Path) -> list[Record]:
    """Read texts to which no label applies: of each row only `text` is looked at.

    Raises:
        DataError: as `read_records` does.
    """
    return _read(path, (TEXT,), with_reframes=False)


def _read(path: Path, wanted: tuple[str, ...], *, with_reframes: bool) -> list[Record]:
    if path.suffix == ".jsonl":
        rows = _jsonl_rows(path, wanted, with_reframes=with_reframes)
    elif path.suffix == ".csv":
        rows = _csv_rows(path, wanted)
    else:
        raise DataError(f"{path}: neither .csv nor .jsonl")
    if LABELS not in wanted:
        rows = ((line, {TEXT: row[TEXT], LABELS: []}) for line, row in rows)
    try:
        records = [_record(row, f"{path}:{line}") for line, row in rows]
    except UnicodeDecodeError:
        raise DataError(f"{path}: not UTF-8") from None
    except OSError as exc:
        raise DataError(f"{path}: {exc.strerror or 'cannot be read'}") from None
    if not records:
        raise DataError(f"{path}: no entries")
    return records


def _record(row: dict[str, Any], place: str) -> Record:
    text = row[TEXT]
    if not isinstance(text, str) or not text.strip():
        raise DataError(f"{place}: column '{TEXT}' is empty")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise DataError(f"{place}: column '{TEXT}' holds half of a surrogate pair")
    if len(text) > MAX_TEXT_CHARACTERS:
        # The words of `journal submit` for the same text.
        raise DataError(
            f"{place}: {TEXT}: String should have at most {MAX_TEXT_CHARACTERS} characters"
        )
    try:
        labels = parse_labels(row[LABELS])
    except DataError as exc:
        raise DataError(f"{place}: column '{LABELS}': {exc}") from None
    try:
        return annotated(Record(text, labels, group=row.get(_GROUP, "")), row)
    except DataError as exc:
        raise DataError(f"{place}: {exc}") from None


def _csv_rows(path: Path, wanted: tuple[str, ...]) -> Iterator[tuple[int, dict[str, Any]]]:
    # A text over the limit has an error of its own; only what cannot be a cell is "not CSV".
    csv.field_size_limit(LONGEST_CELL)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, strict=True)
        try:
            header = next(reader, None)
            if header is None:
                raise DataError(f"{path}: empty")
            columns = column_positions(header, wanted, path)
            last = reader.line_num
            for cells in reader:
                line, last = last + 1, reader.line_num  # a quoted cell may span lines
                if not cells:
                    continue  # a blank line
                if len(cells) != len(header):
                    raise DataError(f"{path}:{line}: {len(cells)} columns instead of {len(header)}")
                yield line, {name: cells[at] for name, at in columns.items()}
        except csv.Error as exc:
            raise DataError(f"{path}:{reader.line_num}: not CSV ({exc})") from None


def column_positions(header: list[str], wanted: tuple[str, ...], path: Path) -> dict[str, int]:
    """Where each wanted column stands in a CSV's header.

    Raises:
        DataError: a column is missing or stands there twice.
    """
    for name in wanted:
        if header.count(name) != 1:
            problem = "no column" if name not in header else "more than one column"
            raise DataError(f"{path}:1: {problem} '{name}'")
    return {name: header.index(name) for name in wanted}


def _jsonl_rows(
    path: Path, wanted: tuple[str, ...], *, with_reframes: bool
) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding="utf-8-sig") as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                raise DataError(f"{path}:{number}: not JSON") from None
            if not isinstance(row, dict):
                raise DataError(f"{path}:{number}: not a JSON object")
            for name in wanted:
                if name not in row:
                    raise DataError(f"{path}:{number}: no field '{name}'")
            place = f"{path}:{number}"
            yield number, {**row, _GROUP: place}
            if with_reframes:
                for reframe in reframes(row, place):
                    yield (
                        number,
                        {TEXT: reframe, LABELS: [], "weight": REFRAME_WEIGHT, _GROUP: place},
                    )
