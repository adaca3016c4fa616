"""A column for each label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from training.entries.files.notes import Notes
from training.entries.files.one_hot import share_of
from training.entries.files.options import ReadOptions
from training.entries.record import Record
from training.entries.sources import read_sources
from training.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path


def read(
    tmp_path: Path, content: str, name: str = "entries.csv", **options: Any
) -> tuple[list[Record], list[str]]:
    path, told = tmp_path / name, []
    path.write_text(content)
    notes = Notes(lambda line: told.append(line.replace(str(path), "FILE")))
    return read_sources((str(path),), options=ReadOptions(**options), notes=notes), told


def test_columns_of_shares_are_told_from_others(tmp_path: Path) -> None:
    content = (
        "id,text,Mind Reading,written,Labeling,mood,\n"
        "17,a,1,2020-01-02,0,5,0\n"
        "18,b,0,2020-01-03,no,1,1\n"
        "19,c,TRUE,2020-01-04,0.8,3,2\n"
    )
    records, told = read(tmp_path, content)
    assert [record.labels for record in records] == [
        ("Mind Reading",),
        (),
        ("Mind Reading", "Labeling"),
    ]
    assert [dict(record.shares) for record in records] == [{}, {}, {"Labeling": 0.8}]
    assert told == [
        (
            "FILE:1: no column 'labels'; learnt as labels are the columns of 0 and 1: Mind Reading, "
            "Labeling; not looked at: id, written, mood. --no-label NAME takes one out"
        )
    ]


def test_a_share_below_a_half_is_learnt_and_gives_no_label(tmp_path: Path) -> None:
    records, _ = read(tmp_path, "text;A;B\na, b;0,33;0,5\nc;1,0;0\n")
    assert [record.labels for record in records] == [("B",), ("A",)]
    assert dict(records[0].shares) == {"A": 0.33, "B": 0.5}


def test_fields_of_json_may_be_labels(tmp_path: Path) -> None:
    content = '{"text": "a", "A": 1, "B": false, "weight": 1}\n{"text": "b", "A": 0, "B": true}\n'
    records, _ = read(tmp_path, content, "entries.jsonl")
    assert [record.labels for record in records] == [("A",), ("B",)]


def test_a_column_that_is_no_label_can_be_taken_out(tmp_path: Path) -> None:
    records, _ = read(tmp_path, "text,A,member\na,1,1\nb,0,1\n", no_label=("member",))
    assert [record.labels for record in records] == [("A",), ()]


def test_cells_that_are_empty_or_something_else_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, "text,A,B\na,1,0\nb,0,\nc,2,0\nd,0,1\n")
    first, second, last = str(caught.value).splitlines()
    assert ":3: column 'B' is empty; write 0 where the label does not apply" in first
    assert ":4: column 'A' holds something else than 0, 1 or a share of them" in second
    assert "--skip-invalid leaves out 2 of 4 rows" in last


def test_a_label_that_stands_there_twice_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="more than one column 'A'"):
        read(tmp_path, "text,A,A\na,1,0\n")


@pytest.mark.parametrize(
    ("cell", "share"),
    [
        ("1", 1.0),
        (" 0.0 ", 0.0),
        ("0,67", 0.67),
        ("False", 0.0),
        ("yes", 1.0),
        (True, 1.0),
        (0.5, 0.5),
        ("2", None),
        (-1, None),
        ("nan", None),
        (float("nan"), None),
        ("", None),
        ("x", None),
        (None, None),
        ([1], None),
    ],
)
def test_a_cell_says_a_share_or_nothing(cell: object, share: float | None) -> None:
    assert share_of(cell) == share
