"""Anonymizing a column of a CSV; the result appears whole or not at all."""

from __future__ import annotations

import csv
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from training.entries.files.columns import missing, position
from training.entries.files.problems import Problems
from training.entries.files.rows import MalformedFileError
from training.entries.files.tables import opened_table
from training.entries.files.text_stream import HALVES, halves_told
from training.errors import DataError, OutputError
from worker.errors import AnonymizationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from worker.anonymizer.anonymizer import Anonymizer

#: Texts handed to the anonymizer at once, and the step of the progress bar.
BATCH_TEXTS = 64


def anonymize_texts(
    texts: Sequence[str], anonymizer: Anonymizer, *, advance: Callable[[int], None]
) -> list[str]:
    """The texts without personal data, in the same order.

    Args:
        texts: as they were written.
        anonymizer: the worker's own.
        advance: called with the number of texts done since its last call.

    Raises:
        DataError: a text could not be anonymized; nothing goes on without that.
    """
    done: list[str] = []
    for start in range(0, len(texts), BATCH_TEXTS):
        batch = texts[start : start + BATCH_TEXTS]
        try:
            done += [found.text for found in anonymizer.anonymize(batch)]
        except AnonymizationError as exc:
            raise DataError(
                f"entries {start + 1} to {start + len(batch)} could not be anonymized ({exc})"
            ) from None
        advance(len(batch))
    return done


def anonymize_csv(
    source: Path,
    target: Path,
    *,
    column: str,
    encoding: str | None = None,
    anonymizer: Anonymizer,
    begin: Callable[[int], None],
    advance: Callable[[int], None],
) -> int:
    """Write a copy of a CSV with one column anonymized and every other cell as it was.

    Whatever delimits and encodes the source, the copy has commas and is UTF-8. It is for its
    owner's eyes only (mode 0600).

    Args:
        source: the CSV to read.
        target: the CSV to write; an older one is replaced at the end.
        column: the column to anonymize.
        encoding: of the source; None for what its beginning tells, or UTF-8.
        anonymizer: the worker's own.
        begin: called once with the number of entries.
        advance: called with the number of entries done since its last call.

    Returns:
        The number of entries.

    Raises:
        DataError: the source is malformed or an entry cannot be anonymized.
        OutputError: the target cannot be written.
    """
    header, rows, at = _read(source, column, encoding)
    begin(len(rows))
    texts = anonymize_texts([row[at] for row in rows], anonymizer, advance=advance)
    for row, text in zip(rows, texts, strict=True):
        row[at] = text
    _write(target, [header, *rows])
    return len(rows)


def _read(path: Path, column: str, encoding: str | None) -> tuple[list[str], list[list[str]], int]:
    """The header, the rows that are not blank, and where the column stands."""
    problems = Problems(path)
    try:
        with opened_table(path, (column,), encoding) as table:
            at = position(table.header, column, line=table.header_line)
            if at is None:
                raise missing(table.header, column, "--column", line=table.header_line)
            rows = []
            for line, cells in table.rows():
                fitted = table.fitted(cells)
                if fitted is None:
                    problems.add(line, table.misfit(cells))
                elif bad := [cell for cell in fitted if HALVES.search(cell)]:
                    problems.add(line, f"a cell {halves_told(bad[0], encoding)}")
                else:
                    rows.append(fitted)
        if not problems.rows:
            return table.header, rows, at
    except MalformedFileError as exc:
        problems.add(exc.line, str(exc))
    raise DataError("\n".join(problems.told()))


def _write(path: Path, rows: list[list[str]]) -> None:
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
        temporary = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            plain = csv.writer(stream, lineterminator="\n")
            # Left to itself the writer does not quote a lone carriage return, which splits a row.
            quoted = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
            for row in rows:
                (quoted if any("\r" in cell for cell in row) else plain).writerow(row)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as exc:
        raise OutputError(f"{path}: {exc.strerror or 'cannot be written'}") from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
