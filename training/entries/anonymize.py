"""Anonymizing a column of a CSV; the result appears whole or not at all."""

from __future__ import annotations

import csv
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from training.entries.reading import LONGEST_CELL, column_positions
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
    anonymizer: Anonymizer,
    begin: Callable[[int], None],
    advance: Callable[[int], None],
) -> int:
    """Write a copy of a CSV with one column anonymized and every other cell as it was.

    The copy is for its owner's eyes only (mode 0600).

    Args:
        source: the CSV to read.
        target: the CSV to write; an older one is replaced at the end.
        column: the column to anonymize.
        anonymizer: the worker's own.
        begin: called once with the number of entries.
        advance: called with the number of entries done since its last call.

    Returns:
        The number of entries.

    Raises:
        DataError: the source is malformed or an entry cannot be anonymized.
        OutputError: the target cannot be written.
    """
    header, rows = _read(source)
    at = column_positions(header, (column,), source)[column]
    begin(len(rows))
    texts = anonymize_texts([row[at] for row in rows], anonymizer, advance=advance)
    for row, text in zip(rows, texts, strict=True):
        row[at] = text
    _write(target, [header, *rows])
    return len(rows)


def _read(path: Path) -> tuple[list[str], list[list[str]]]:
    rows: list[list[str]] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            csv.field_size_limit(LONGEST_CELL)
            reader = csv.reader(stream, strict=True)
            for row in reader:
                if row and rows and len(row) != len(rows[0]):
                    raise DataError(
                        f"{path}:{reader.line_num}: {len(row)} columns instead of {len(rows[0])}"
                    )
                if row:
                    rows.append(row)
    except csv.Error as exc:
        raise DataError(f"{path}:{reader.line_num}: not CSV ({exc})") from None
    except UnicodeDecodeError:
        raise DataError(f"{path}: not UTF-8") from None
    except OSError as exc:
        raise DataError(f"{path}: {exc.strerror or 'cannot be read'}") from None
    if not rows:
        raise DataError(f"{path}: empty")
    return rows[0], rows[1:]


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
