"""Files are read whole or refused with their place, and no message holds a text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from producer.cli.rows import READERS, Columns, Row
from producer.schemas import MAX_TEXT_CHARACTERS
from tests.training.conftest import make_rows
from training.entries.files.notes import Notes
from training.entries.files.options import ReadOptions
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
        ("\n \n", "FILE: empty"),
        ("text,labels\n", "FILE: no entries"),
        ("text,mood\na,b\n", "FILE:1: no column 'labels', but 'text' and 'mood'; rename one, or"),
        ("text,labels,text\na,b,c\n", "FILE:1: more than one column 'text'; rename or remove"),
        (f"text,labels\n{CANARY},[],x\n", "FILE:2: 3 columns instead of 2; a text that holds a"),
        (f"text,labels\nfine,[]\n{CANARY}\n", "FILE:3: 1 columns instead of 2"),
        ("text,labels\n  ,[]\n", "FILE:2: column 'text' is empty"),
        (f'text,labels\n{CANARY},"[1]"\n', "FILE:2: column 'labels': a number where names of"),
        (
            f'text,labels\n"{CANARY}\n\n",[]\nx,"__import__(\'os\')"\n',
            "FILE:5: column 'labels': code where names of labels are wanted",
        ),
        (f'text,labels\n"{CANARY}" and,[]\n', 'FILE:2: not CSV: a quote " inside a quoted cell'),
        (f'text,labels\n"{CANARY},[]\n', 'FILE:2: not CSV: a quote " that opens in this row is'),
        (f"text,labels\n{CANARY * 1_800},[]\n", "FILE:2: column 'text': 52,200 characters; at"),
        (f"text,labels\n{CANARY * 5_000},[]\n", "FILE:2: column 'text': 145,000 characters; at"),
        (f"text,labels\n{CANARY * 40_000},[]\n", "FILE:2: not CSV: a cell of more than 1,000,000"),
        (f"text,labels\n{CANARY * 90_000},[]\n", "FILE:2: the line is longer than 2,400,000"),
        (b"text,labels\nh\xe9ron heron,[]\n", "FILE:2: column 'text' is not UTF-8; save the file"),
        (b"text,labels\na,h\xe9ron\n", "FILE:2: column 'labels' is not UTF-8; save the file"),
        (
            "text,labels\n" + 3_000 * "a,B\n" + "a\0heron,B\n",
            "FILE:3002: column 'text' holds a zero",
        ),
    ],
)
def test_names_the_place_of_what_is_wrong_in_a_csv(
    tmp_path: Path, content: str | bytes, message: str
) -> None:
    assert refused(file(tmp_path, content)).startswith(message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "FILE: empty"),
        (" \n", "FILE: no entries"),
        (f'{{"text": "{CANARY}"', "FILE:1: not JSON; one whole object must stand on each line"),
        (f'["{CANARY}"]', "FILE:1: not a JSON object"),
        (f'[{{"text": "{CANARY}", "labels": []}}', "FILE:1: not JSON: the array is not closed"),
        (f'{{"text": "{CANARY}"}}', "FILE:1: no field 'labels', but 'text'; rename one"),
        ('{"text": "a", "labels": []}\n{"text": "heron"}', "FILE:2: no field 'labels'"),
        ('{"labels": []}', "FILE:1: no field 'text'"),
        ('{"text": 3, "labels": []}', "FILE:1: field 'text' is empty"),
        (f'{{"text": "{CANARY}", "labels": 3}}', "FILE:1: field 'labels': a number where names"),
        ('{"text": {"0": "heron"}, "labels": {}}', "FILE:1: field 'text' holds no text but an"),
        ('{"a":' * 5_000, "FILE:1: not JSON"),
    ],
)
def test_names_the_place_of_what_is_wrong_in_json_lines(
    tmp_path: Path, content: str, message: str
) -> None:
    assert refused(file(tmp_path, content, "entries.jsonl")).startswith(message)


def test_names_a_missing_file_and_a_strange_one(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.csv") == "FILE: No such file or directory"
    assert refused(tmp_path / "a.parquet") == "FILE: neither .csv, .tsv, .jsonl nor .json"
    assert (
        refused(tmp_path / "a.xlsx") == "FILE: a workbook of a spreadsheet; save it as CSV (UTF-8)"
    )
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
    noun = "column" if suffix == "csv" else "field"
    problem = f"{noun} 'text': 50,001 characters; at most 50,000 are allowed"
    assert refused(longer) == f"FILE:{row.line}: {problem}"
    assert row.problem == "text: String should have at most 50000 characters"


def test_all_bad_rows_are_told_at_once_each_kind_in_a_line(tmp_path: Path) -> None:
    path = file(tmp_path, BAD_ROWS)
    assert refused(path).splitlines() == [
        "FILE:2: column 'text' is empty; the same in lines 3 and 12",
        (
            "FILE:4: column 'labels': a number where names of labels are wanted, as in "
            "['Mind Reading', 'Labeling']; the same in lines 5, 6, 7, 8, 9 and 1 more"
        ),
        "FILE:11: 3 columns instead of 2; a text that holds a comma must stand in quotes",
        "FILE: --skip-invalid leaves out 11 of 12 rows",
    ]


#: Rows 2 to 13 of a file, of which the last is good.
BAD_ROWS = "text,labels\n,A\n,A\n" + 7 * "heron,1\n" + "I, heron,A\n,A\nheron,A\n"


def test_bad_rows_are_left_out_and_told_where_that_is_asked_for(tmp_path: Path) -> None:
    path, told = file(tmp_path, BAD_ROWS), []
    records = read_records(path, options=ReadOptions(skip_invalid=True), notes=Notes(told.append))
    assert records == [Record("heron", ("A",))]
    assert len(told) == 4
    assert told[0].endswith("entries.csv:2: column 'text' is empty; the same in lines 3 and 12")
    assert told[-1].endswith("entries.csv: 11 of 12 rows left out")


def test_a_file_of_bad_rows_alone_is_refused_whatever_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="column 'labels': a number"):
        read_records(file(tmp_path, "text,labels\na,1\n"), options=ReadOptions(skip_invalid=True))


def test_a_broken_quote_is_told_with_the_bad_rows_before_it(tmp_path: Path) -> None:
    lines = refused(file(tmp_path, 'text,labels\na,1\n"heron,A\n')).splitlines()
    assert [line[:7] for line in lines] == ["FILE:2:", "FILE:3:"]


def test_columns_are_read_from_where_they_are_told_to_be(tmp_path: Path) -> None:
    options = ReadOptions(text_column="body", label_column="tags")
    path = file(tmp_path, "text,body,labels,tags\nx,a,C,B\n")
    assert read_records(path, options=options) == [Record("a", ("B",))]
    path = file(tmp_path, '{"text": "x", "body": "a", "tags": ["B"]}', "entries.jsonl")
    assert read_records(path, options=options) == [Record("a", ("B",))]
    path = file(tmp_path, "text,body\nx,a\n")
    with pytest.raises(DataError, match=r"entries.csv:1: no column 'tags', .* --label-column"):
        read_records(path, options=options)


def test_texts_that_stand_for_nothing_are_told(tmp_path: Path) -> None:
    told: list[str] = []
    path = file(tmp_path, "text,labels\nnan,A\nx,A\nNone,A\n")
    assert len(read_records(path, notes=Notes(told.append))) == 3
    assert [line.replace(str(path), "FILE") for line in told] == [
        "FILE:2: column 'text': nan, None or the like is taken for a text (2 rows: lines 2 and 4)"
    ]


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
