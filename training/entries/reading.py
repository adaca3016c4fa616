"""Reading labelled entries; errors name the place and never the text.

bytes ──▶ lines ──▶ rows ──▶ text and labels ──▶ records
  DataError   MalformedFileError    a problem of the row
(text_stream)  (tables, json_rows)  (gathered, told together)
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from producer.schemas import MAX_TEXT_CHARACTERS
from training.entries.annotations import REFRAME_WEIGHT, annotated, reframes
from training.entries.files.csv_rows import csv_rows
from training.entries.files.json_rows import json_rows
from training.entries.files.label_cell import LabelCell, parse_cell
from training.entries.files.label_name import is_missing
from training.entries.files.notes import Notes
from training.entries.files.one_hot import parse_shares
from training.entries.files.options import LABELS, TEXT, ReadOptions
from training.entries.files.problems import NAMED_LINES, Lines, Problems
from training.entries.files.rows import MalformedFileError
from training.entries.files.text_stream import HALVES, halves_told
from training.entries.record import Record
from training.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training.entries.files.rows import Row

#: The data set that is shipped: synthetic entries written for this project.
SHIPPED_DATA = Path(__file__).parents[1] / "data" / "mental_health_journals.csv"
#: A text longer than this is told: it may be the rest of a file behind an open quote.
LONG_TEXT = 20_000
_TABLES, _JSON = {".csv", ".tsv"}, {".jsonl", ".ndjson", ".json"}
#: What other endings mean, and what to do.
_ADVICE = {
    ".xlsx": "a workbook of a spreadsheet; save it as CSV (UTF-8)",
    ".xls": "a workbook of a spreadsheet; save it as CSV (UTF-8)",
    ".ods": "a workbook of a spreadsheet; save it as CSV (UTF-8)",
    ".gz": "compressed; unpack it first (gunzip)",
    ".zip": "compressed; unpack it first (unzip)",
}


def read_records(
    path: Path,
    *,
    with_reframes: bool = False,
    options: ReadOptions | None = None,
    notes: Notes | None = None,
) -> list[Record]:
    """Read labelled entries from a table (`.csv`, `.tsv`) or JSON (`.jsonl`, `.json`).

    JSON may also hold what `training.entries.annotations` reads. Other columns are ignored.

    Args:
        path: the file.
        with_reframes: also take the rows' reframes, as entries without labels.
        options: which columns hold what, and whether bad rows are left out.
        notes: takes what the user should know.

    Raises:
        DataError: the file is missing, empty, malformed, or rows are not what they should be; a
            line for each kind of problem.
    """
    return _Reader(path, options, notes, labelled=True).records(with_reframes=with_reframes)


def read_plain(
    path: Path, *, options: ReadOptions | None = None, notes: Notes | None = None
) -> list[Record]:
    """Read texts to which no label applies: of each row only the text is looked at.

    Raises:
        DataError: as `read_records` does.
    """
    return _Reader(path, options, notes, labelled=False).records(with_reframes=False)


class _Reader:
    """Reads one file.

    Args:
        path: of the file.
        options: how it is read.
        notes: takes what the user should know.
    """

    def __init__(
        self, path: Path, options: ReadOptions | None, notes: Notes | None, *, labelled: bool
    ) -> None:
        self._path = path
        self._options = options or ReadOptions()
        self._notes = notes or Notes()
        self._labelled = labelled
        self._json = path.suffix.lower() in _JSON
        self._noun = "field" if self._json else "column"
        self._problems = Problems(path)
        self._missing = Lines()
        self._missing_texts = Lines()
        self._long: list[tuple[int, int]] = []

    def records(self, *, with_reframes: bool) -> list[Record]:
        """Every entry of the file.

        Raises:
            DataError: see `read_records`.
        """
        records: list[Record] = []
        rows = 0
        try:
            for row in self._rows():
                rows += 1
                try:
                    records += self._records_of(row, rows, with_reframes=with_reframes)
                except DataError as exc:
                    self._problems.add(row.line, str(exc))
        except MalformedFileError as exc:
            self._problems.add(exc.line, str(exc))
            raise DataError("\n".join(self._problems.told())) from None
        self._tell_problems(rows)
        if not records:
            raise DataError(f"{self._path}: no entries")
        self._tell_notes()
        return records

    def _rows(self) -> Iterator[Row]:
        suffix = self._path.suffix.lower()
        if suffix not in _TABLES | _JSON:
            advice = _ADVICE.get(suffix, "neither .csv, .tsv, .jsonl nor .json")
            raise DataError(f"{self._path}: {advice}")
        rows = json_rows if self._json else csv_rows
        return rows(self._path, self._options, labelled=self._labelled, note=self._notes.say)

    def _records_of(self, row: Row, number: int, *, with_reframes: bool) -> list[Record]:
        """The entry of a row, and its reframes.

        Args:
            row: the row.
            number: of the row in the file, counted from 1.
            with_reframes: whether these are wanted.

        Raises:
            DataError: the row breaks a rule.
        """
        if row.problem:
            raise DataError(row.problem)
        text = self._checked_text(row.fields[TEXT], self._options.text_column)
        if not self._labelled:
            return [Record(text, ())]
        shares: dict[str, float] = {}
        missing = 0
        if row.columns is not None:
            labels, shares = parse_shares(row.columns)
        else:
            labels, missing = self._parsed_labels(row.fields[LABELS])
        found = [Record(text, labels, shares)]
        if self._json:
            group = f"{self._path}:{number}"
            found = [annotated(Record(text, labels, shares, group=group), row.fields)]
            if with_reframes:
                found += [
                    Record(
                        self._checked_text(it, "reframes"), (), weight=REFRAME_WEIGHT, group=group
                    )
                    for it in reframes(row.fields)
                ]
        # Only of what is read: rows that are left out are told of as such.
        if missing:
            self._missing.add(row.line)
        if is_missing(text):
            self._missing_texts.add(row.line)
        if len(text) > LONG_TEXT:
            self._long.append((row.line, len(text)))
        self._notes.saw(labels, self._path, row.line)
        return found

    def _checked_text(self, text: Any, name: str) -> str:
        place = f"{self._noun} '{name}'"
        if isinstance(text, dict | list):
            raise DataError(f"{place} holds no text but an object; write one object for each entry")
        if not isinstance(text, str) or not text.strip():
            raise DataError(f"{place} is empty")
        if HALVES.search(text):
            raise DataError(f"{place} {halves_told(text, self._options.encoding)}")
        if "\0" in text:
            raise DataError(f"{place} holds a zero character")
        if len(text) > MAX_TEXT_CHARACTERS:
            raise DataError(
                f"{place}: {len(text):,} characters; at most {MAX_TEXT_CHARACTERS:,} are allowed"
            )
        return text

    def _parsed_labels(self, cell: Any) -> LabelCell:
        place = f"{self._noun} '{self._options.label_column or LABELS}'"
        if isinstance(cell, str) and HALVES.search(cell):
            raise DataError(f"{place} {halves_told(cell, self._options.encoding)}")
        try:
            return parse_cell(cell)
        except DataError as exc:
            raise DataError(f"{place}: {exc}") from None

    def _tell_problems(self, rows: int) -> None:
        """Tell of the rows that break a rule, or raise what they are.

        Raises:
            DataError: there are some, and they are not to be left out.
        """
        bad = self._problems.rows
        if not bad:
            return
        some = f"{bad:,} of {rows:,} rows" if bad > 1 else f"1 of {rows:,} rows"
        if self._options.skip_invalid and bad < rows:
            for line in self._problems.told(hint=f"{some} left out"):
                self._notes.say(line)
            return
        hint = f"--skip-invalid leaves out {some}" if bad < rows else ""
        raise DataError("\n".join(self._problems.told(hint=hint)))

    def _tell_notes(self) -> None:
        """Tell what was read, and is perhaps not what was meant."""
        name, text = self._options.label_column or LABELS, self._options.text_column
        if self._missing.count:
            self._notes.say(
                f"{self._path}:{self._missing.first[0]}: {self._noun} '{name}': nan, None or the "
                f"like counts as no label ({self._missing})"
            )
        if self._missing_texts.count:
            self._notes.say(
                f"{self._path}:{self._missing_texts.first[0]}: {self._noun} '{text}': nan, None or "
                f"the like is taken for a text ({self._missing_texts})"
            )
        for line, length in self._long[:NAMED_LINES]:
            self._notes.say(
                f"{self._path}:{line}: {self._noun} '{text}': {length:,} characters, which is much "
                f"for one entry; at most {MAX_TEXT_CHARACTERS:,} are allowed"
            )
