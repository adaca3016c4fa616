"""Delimiters, quotes, encodings and headers of the programs that people use."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import pytest

from training.entries.files.options import ReadOptions
from training.entries.reading import read_records
from training.entries.record import Record
from training.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

AB = [Record("a, b", ("A", "B")), Record("c", ())]


def read(
    tmp_path: Path, content: str | bytes, name: str = "entries.csv", **options: Any
) -> list[Record]:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_records(path, options=ReadOptions(**options))


def refused(tmp_path: Path, content: str | bytes, name: str = "entries.csv", **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        read(tmp_path, content, name, **options)
    message = str(caught.value)
    assert "heron" not in message
    return message.replace(str(tmp_path / name), "FILE")


@pytest.mark.parametrize(
    "content",
    [
        "text,labels\n\"a, b\",\"['A', 'B']\"\nc,\n",
        "text;labels\na, b;['A', 'B']\nc;\n",
        'text;labels\n"a, b";"A; B"\nc;\n',
        "text\tlabels\na, b\tA; B\nc\t\n",
        "text|labels\na, b|['A', 'B']\nc|\n",
        "id;text;labels\n1;a, b;A|B\n2;c;\n",
        # spaces after the delimiter, from the header on
        "text, labels\n\"a, b\", \"['A', 'B']\"\nc, []\n",
        # the delimiter that is told
        "sep=;\r\ntext;labels\r\na, b;['A', 'B']\r\nc;\r\n",
        '"sep=\t"\ntext\tlabels\na, b\tA; B\nc\t\n',
        # line ends of old Macintosh programs
        'text,labels\r"a, b",A; B\rc,\r',
        # blank lines before the header, rows of nothing
        '\n\ntext,labels\n,\n"a, b",A; B\n,,\nc,\n\n',
        # single quotes, quotes escaped by a backslash
        "'text','labels'\n'a, b','A; B'\n'c',''\n",
        # R: the rows have numbers, the header has no column for them
        '"text","labels"\n"1","a, b","A; B"\n"2","c",""\n',
        # pandas: a column without a name, and another index
        ',text,Unnamed: 0,labels\n0,"a, b",5,A; B\n1,c,6,\n',
        # names of columns with marks and spaces around them
        '\ufeff Text ,"LABELS "\n"a, b",A; B\nc,\n',
        'TEXT,Label\n"a, b",A; B\nc,\n',
    ],
)
def test_a_table_is_read_however_it_is_written(tmp_path: Path, content: str) -> None:
    assert read(tmp_path, content) == AB


def test_quotes_escaped_by_a_backslash_are_read(tmp_path: Path) -> None:
    content = 'text,labels\n"She said \\"no\\", twice","[\\"A\\"]"\n"c:\\\\d",\n'
    assert read(tmp_path, content) == [Record('She said "no", twice', ("A",)), Record("c:\\d", ())]


def test_a_backslash_before_a_doubled_quote_is_a_backslash(tmp_path: Path) -> None:
    content = 'text,labels\n"x","[""\\""Should\\"" Statements""]"\n'
    assert read(tmp_path, content) == [Record("x", ('"Should" Statements',))]


def test_numbers_before_a_text_with_a_comma_are_not_taken_for_those_of_rows(tmp_path: Path) -> None:
    message = refused(tmp_path, "text,labels\n5, maybe 6,A\n7,B\n")
    assert message.startswith("FILE:2: 3 columns instead of 2")


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8"]
)
@pytest.mark.parametrize("name", ["entries.csv", "entries.jsonl"])
def test_an_encoding_of_unicode_is_recognized(tmp_path: Path, encoding: str, name: str) -> None:
    csv, line = "text,labels\nI saw a caf\u00e9,A\n", '{"text": "I saw a caf\u00e9", "labels": "A"}'
    content = (csv if name.endswith("csv") else line).encode(encoding)
    assert read(tmp_path, content, name) == [Record("I saw a caf\u00e9", ("A",))]


@pytest.mark.parametrize("encoding", ["cp1252", "cp1251", "latin-1", "shift_jis", "gb18030"])
def test_another_encoding_is_read_when_it_is_told(tmp_path: Path, encoding: str) -> None:
    text = {"cp1251": "всё", "shift_jis": "心の読み", "gb18030": "读心"}.get(encoding, "caf\u00e9")
    content = f"text,labels\n{text},{text}\n".encode(encoding)
    assert read(tmp_path, content, encoding=encoding) == [Record(text, (text,))]


@pytest.mark.parametrize(
    ("encoding", "message"),
    [
        ("nosuch", "--encoding nosuch: Python knows no such encoding"),
        ("rot13", "--encoding rot13: no encoding of text"),
        ("utf-16", "FILE: not utf-16; save it as UTF-8"),
        ("ascii", "FILE:2: column 'text' is not ascii"),
    ],
)
def test_an_encoding_that_does_not_fit_is_told(tmp_path: Path, encoding: str, message: str) -> None:
    assert refused(tmp_path, "text,labels\nh\u00e9ron,AB\n", encoding=encoding) == message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            gzip.compress(b"text,labels\nheron,A\n", mtime=0),
            "FILE: compressed; unpack it first (gunzip)",
        ),
        (b"PK\x03\x04" + bytes(90), "FILE: a workbook of a spreadsheet; save it as CSV (UTF-8)"),
        (b"PAR1" + bytes(90), "FILE: Parquet; write it as CSV or JSON lines"),
        (bytes(range(256)) * 40, "FILE:1: a zero byte, so this is no text file"),
        (b"text,labels\nthe heron\0 came,A\n", "FILE:2: a zero byte, so this is no text file"),
        (b"\xff\xfet\0e\0x", "FILE: not UTF-16, as which it begins; save it as UTF-8"),
        (b"The heron came and went again.", "FILE:1: no column 'text'; the first line must name"),
        (b"heron,Labeling\nheron,\n", "FILE:1: no column 'text'; the first line must name the"),
        (b"body,tags\nheron,A\n", "FILE:1: no column 'text', but 'body' and 'tags'; rename one"),
        (b"Text,TEXT,labels\nheron,b,C\n", "FILE:1: more than one column 'text'; rename"),
    ],
)
def test_what_is_no_table_of_entries_is_told_with_the_remedy(
    tmp_path: Path, content: bytes, message: str
) -> None:
    assert refused(tmp_path, content).startswith(message)


def test_one_column_cannot_hold_both(tmp_path: Path) -> None:
    content = "body,labels\nheron,A\n"
    assert "cannot hold both" in refused(tmp_path, content, text_column="body", label_column="body")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('[{"text": "a, b", "labels": ["A", "B"]},\n{"text": "c", "labels": null}]', AB),
        ('\n[ {"text": "a, b", "labels": "A; B"}\n,{"text": "c", "labels": NaN},]\n', AB),
        ('{"Text": "a, b", "label": "[\'A\', \'B\']"}\n{"Text": "c", "label": []}', AB),
    ],
)
def test_json_is_read_by_lines_and_as_an_array(
    tmp_path: Path, content: str, expected: list[Record]
) -> None:
    for name in ("entries.json", "entries.jsonl", "entries.NDJSON"):
        assert read(tmp_path, content, name) == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"text": "a", "labels": []},\n{"text": "heron" 3}]', "FILE:2: not JSON"),
        ('[{"text": "a", "labels": []},\n{"text": "heron"}', "FILE:2: no field 'labels'"),
        ('[{"text": "a", "labels": []}]\n\n[{"text": "heron"}]', "FILE:1: more than one JSON"),
        ('{\n"text": "heron"\n}', "FILE:1: not JSON; one whole object must stand on each line"),
        ('{"data": [{"text": "heron"}]}', "FILE:1: no field 'text'; rename a field"),
        ("[" * 100_000, "FILE:1: not JSON"),
        ('{"text": "a", "labels": [], "n": ' + "9" * 5_000 + "}", "FILE:1: not JSON"),
    ],
)
def test_what_is_wrong_in_json_is_told_by_its_line(
    tmp_path: Path, content: str, message: str
) -> None:
    assert refused(tmp_path, content, "entries.json").startswith(message)
