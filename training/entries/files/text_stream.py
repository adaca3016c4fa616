"""From the bytes of a file to its lines: encodings, and files that hold no text at all."""

from __future__ import annotations

import codecs
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from producer.schemas import MAX_TEXT_CHARACTERS
from training.entries.files.rows import MalformedFileError
from training.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import TextIOWrapper
    from pathlib import Path

UTF8 = "utf-8-sig"
#: Longest line: a text of which every character is escaped (`\\ud83d\\ude00`), four times over.
#: It keeps a file without line ends out of memory.
MAX_LINE_CHARACTERS = 4 * 12 * MAX_TEXT_CHARACTERS
#: Halves of surrogate pairs: no character, and what bytes become that are none of the encoding.
HALVES = re.compile("[\ud800-\udfff]")
_BYTES = re.compile("[\udc80-\udcff]")
_HEAD_BYTES = 8_192
#: Byte order marks, the longer ones first.
_MARKS = (
    (codecs.BOM_UTF8, UTF8),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_COMPRESSED = "compressed; unpack it first"
_WORKBOOK = "a workbook of a spreadsheet; save it as CSV (UTF-8)"
#: How files begin that people take for text, and what to do.
_OTHERS = (
    (b"\x1f\x8b", f"{_COMPRESSED} (gunzip)"),
    (b"BZh", f"{_COMPRESSED} (bunzip2)"),
    (b"\xfd7zXZ", f"{_COMPRESSED} (unxz)"),
    (b"\x28\xb5\x2f\xfd", f"{_COMPRESSED} (unzstd)"),
    (b"PK\x03\x04", f"{_WORKBOOK}, or unpack it if it is an archive"),
    (b"\xd0\xcf\x11\xe0", _WORKBOOK),
    (b"PAR1", "Parquet; write it as CSV or JSON lines"),
    (b"ARROW1", "Arrow; write it as CSV or JSON lines"),
    (b"%PDF", "PDF; copy the entries into a CSV"),
    (b"SQLite format 3", "a database; export it as CSV"),
    (b"\x80\x04", "a pickle; write it as CSV or JSON lines"),
)
#: Share of zero bytes at the odd or even places of ASCII text in UTF-16, and in nothing else.
_MANY_ZEROS = 0.7


@contextmanager
def opened(path: Path, encoding: str | None) -> Iterator[TextIOWrapper]:
    """The file as a stream of text; line ends as they are.

    Bytes that are not UTF-8 become lone surrogates, so that only their rows are refused.

    Args:
        path: the file.
        encoding: Python's name of it; None for what the file's beginning tells, or UTF-8.

    Raises:
        DataError: it cannot be read, is empty, no text, or in another encoding.
    """
    try:
        with path.open("rb") as stream:
            found = encoding or _encoding(path, stream)
            try:
                codecs.lookup(found)
            except LookupError:
                raise DataError(f"--encoding {found}: Python knows no such encoding") from None
            stream.seek(0)
        with path.open(encoding=found, errors="surrogateescape", newline="") as text:
            yield text
    except UnicodeError:
        problem = f"not {found}" if encoding else f"not {found.upper()}, as which it begins"
        raise DataError(f"{path}: {problem}; save it as UTF-8") from None
    except OSError as exc:
        raise DataError(f"{path}: {exc.strerror or 'cannot be read'}") from None
    except LookupError:  # a codec that is none of text, such as `rot13`
        raise DataError(f"--encoding {found}: no encoding of text") from None


def halves_told(text: str, encoding: str | None) -> str:
    """What is wrong with a text that holds halves of surrogate pairs.

    Args:
        text: of the file.
        encoding: that was told to be the file's.
    """
    if not _BYTES.search(text):
        return "holds half of a surrogate pair"
    if encoding:
        return f"is not {encoding}"
    return (
        "is not UTF-8; save the file as UTF-8, or name its encoding, as in --encoding cp1252 for "
        "Windows in Western Europe"
    )


def lines(stream: TextIOWrapper) -> Iterator[str]:
    """The lines of a file with their ends.

    Raises:
        MalformedFileError: one is too long to hold.
    """
    number = 0
    while line := stream.readline(MAX_LINE_CHARACTERS + 1):
        number += 1
        if len(line) > MAX_LINE_CHARACTERS:
            raise MalformedFileError(
                number, f"the line is longer than {MAX_LINE_CHARACTERS:,} characters"
            )
        yield line


def _encoding(path: Path, stream: BinaryIO) -> str:
    head = stream.read(_HEAD_BYTES)
    if not head:
        raise DataError(f"{path}: empty")
    for start, advice in _OTHERS:
        if head.startswith(start):
            raise DataError(f"{path}: {advice}")
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    zeros = [half.count(0) / max(1, len(half)) for half in (head[0::2], head[1::2])]
    if max(zeros) > _MANY_ZEROS and min(zeros) < 1 - _MANY_ZEROS:
        return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
    if 0 in head:
        line = head[: head.index(0)].count(b"\n") + 1
        raise DataError(f"{path}:{line}: a zero byte, so this is no text file; save it as UTF-8")
    return UTF8
