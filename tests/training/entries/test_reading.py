"""Files are read whole or refused with their place, and no message holds a text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from producer.cli.rows import READERS, Columns, Row
from producer.schemas import MAX_TEXT_CHARACTERS
from tests.training.conftest import make_rows
from training.entries.reading import SHIPPED_DATA, read_records
from training.entries.record import Record, label_names
from training.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "the heron stood in my kitchen"


def refused(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        read_records(path)
    message = str(caught.value)
    assert "heron" not in message
    return message.replace(str(path), "FILE")


def file(tmp_path: Path, content: str | bytes, name: str = "entries.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_reads_csv_and_ignores_other_columns(tmp_path: Path) -> None:
    path = file(tmp_path, "id,labels,text\n1,\"['A', 'B']\",\"two\nlines, a comma\"\n\n2,[],calm\n")
    assert read_records(path) == [Record("two\nlines, a comma", ("A", "B")), Record("calm", ())]


def test_reads_json_lines(tmp_path: Path) -> None:
    path = file(tmp_path, '{"text": "a", "labels": ["B"], "id": 1}\n\n', "entries.jsonl")
    assert read_records(path) == [Record("a", ("B",))]


@pytest.mark.parametrize("name", ["entries.csv", "entries.jsonl"])
def test_skips_a_byte_order_mark(tmp_path: Path, name: str) -> None:
    content = "text,labels\na,B\n" if name.endswith("csv") else '{"text":"a","labels":["B"]}\n'
    path = file(tmp_path, b"\xef\xbb\xbf" + content.encode(), name)
    assert read_records(path) == [Record("a", ("B",))]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "FILE: empty"),
        ("text,labels\n", "FILE: no entries"),
        ("text,label\na,b\n", "FILE:1: no column 'labels'"),
        ("text,labels,text\na,b,c\n", "FILE:1: more than one column 'text'"),
        (f"text,labels\n{CANARY},[],\n", "FILE:2: 3 columns instead of 2"),
        (f"text,labels\nfine,[]\n{CANARY}\n", "FILE:3: 1 columns instead of 2"),
        ("text,labels\n  ,[]\n", "FILE:2: column 'text' is empty"),
        (f'text,labels\n{CANARY},"[1]"\n', "FILE:2: column 'labels': not a list of labels"),
        (
            f'text,labels\n"{CANARY}\n\n",[]\nx,"__import__(\'os\')"\n',
            "FILE:5: column 'labels': not a list of labels",
        ),
        (f'text,labels\n"{CANARY}" and,[]\n', "FILE:2: not CSV"),
        (f'text,labels\n"{CANARY},[]\n', "FILE:2: not CSV (unexpected end of data)"),
        (f"text,labels\n{CANARY * 1_800},[]\n", "FILE:2: text: String should have at most 50000"),
        (f"text,labels\n{CANARY * 5_000},[]\n", "FILE:2: text: String should have at most 50000"),
        (f"text,labels\n{CANARY * 40_000},[]\n", "FILE:2: not CSV (field larger than"),
        (b"text,labels\nh\xe9ron heron,[]\n", "FILE: not UTF-8"),
    ],
)
def test_names_the_place_of_what_is_wrong_in_a_csv(
    tmp_path: Path, content: str | bytes, message: str
) -> None:
    assert refused(file(tmp_path, content)).startswith(message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "FILE: no entries"),
        (f'{{"text": "{CANARY}"', "FILE:1: not JSON"),
        (f'["{CANARY}"]', "FILE:1: not a JSON object"),
        (f'{{"text": "{CANARY}"}}', "FILE:1: no field 'labels'"),
        ('{"labels": []}', "FILE:1: no field 'text'"),
        ('{"text": 3, "labels": []}', "FILE:1: column 'text' is empty"),
        (f'{{"text": "{CANARY}", "labels": 3}}', "FILE:1: column 'labels': not a list of labels"),
        ('{"a":' * 5_000, "FILE:1: not JSON"),
    ],
)
def test_names_the_place_of_what_is_wrong_in_json_lines(
    tmp_path: Path, content: str, message: str
) -> None:
    assert refused(file(tmp_path, content, "entries.jsonl")).startswith(message)


def test_names_a_missing_file_and_a_strange_one(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.csv") == "FILE: No such file or directory"
    assert refused(tmp_path / "a.parquet") == "FILE: neither .csv nor .jsonl"
    assert refused(_folder(tmp_path)) == "FILE: Is a directory"


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
@pytest.mark.parametrize("character", ["x", "\N{GRINNING FACE}"])
def test_an_entry_may_be_as_long_as_one_to_submit_and_no_longer(
    tmp_path: Path, suffix: str, character: str
) -> None:
    def written(length: int) -> Path:
        text = character * length
        if suffix == "csv":
            return file(tmp_path, f"text,labels\n{text},[]\n")
        return file(tmp_path, json.dumps({"text": text, "labels": []}), "entries.jsonl")

    longest = written(MAX_TEXT_CHARACTERS)
    assert [len(record.text) for record in read_records(longest)] == [MAX_TEXT_CHARACTERS]
    assert submitted(longest).problem == ""
    longer = written(MAX_TEXT_CHARACTERS + 1)
    row = submitted(longer)
    assert refused(longer) == f"FILE:{row.line}: {row.problem}"
    assert row.problem == "text: String should have at most 50000 characters"


def submitted(path: Path) -> Row:
    """The only row of a file, as `journal submit` reads it."""
    with path.open("rb") as stream:
        (row,) = READERS[path.suffix.removeprefix(".")](stream, Columns(), None)
    return row


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "folder.csv"
    folder.mkdir()
    return folder


def test_labels_come_from_the_data() -> None:
    records = [Record("a", ("Z", "B")), Record("b", ()), Record("c", ("B",))]
    assert label_names(records) == ("B", "Z")


def test_shipped_entries_are_as_promised() -> None:
    records = read_records(SHIPPED_DATA)
    names = label_names(records)
    assert len(records) >= 1_200
    assert len(names) == 11
    assert len({record.text for record in records}) == len(records)
    assert sum(not record.labels for record in records) >= len(records) / 3
    for name in names:
        assert sum(name in record.labels for record in records) >= 100


def test_a_csv_gives_the_rows_that_were_written(journals: Path) -> None:
    assert [(r.text, list(r.labels)) for r in read_records(journals)] == make_rows(80)
