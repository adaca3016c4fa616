"""Labels that are probably not what was meant are told, and changed only when asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from training.entries.files.label_spellings import key_of
from training.entries.files.notes import Notes
from training.entries.files.options import ReadOptions
from training.entries.sources import read_sources, read_told, read_validation
from training.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from training.entries.record import Record


def csv(tmp_path: Path, *labels: str, name: str = "entries.csv") -> Path:
    path = tmp_path / name
    rows = "".join(f"entry {row},{label}\n" for row, label in enumerate(labels))
    path.write_text(f"text,labels\n{rows}")
    return path


def read(path: Path, **options: Any) -> tuple[list[Record], list[str]]:
    told: list[str] = []
    records = read_sources((str(path),), options=ReadOptions(**options), notes=Notes(told.append))
    return records, told


def labels_of(records: list[Record]) -> list[str]:
    return ["; ".join(record.labels) for record in records]


@pytest.mark.parametrize(
    "name", ["mind reading", "MIND  READING", "mind_reading", "Mind\u2011Reading"]
)
def test_spellings_share_a_key(name: str) -> None:
    assert key_of(name) == key_of("Mind-Reading")


@pytest.mark.parametrize(("a", "b"), [("A+", "A"), ("Type 1", "Type 2"), ("C#", "C")])
def test_other_labels_do_not(a: str, b: str) -> None:
    assert key_of(a) != key_of(b)


def test_the_most_frequent_spelling_is_kept_in_all_that_an_entry_says(tmp_path: Path) -> None:
    path = tmp_path / "entries.jsonl"
    rows: list[dict[str, Any]] = [
        {
            "text": "x",
            "labels": ["mind reading"],
            "votes": {"mind reading": 4},
            "mask": ["LABELING"],
        },
        {"text": "y", "labels": ["Mind Reading"], "mask": ["labeling"]},
        {
            "text": "z w",
            "labels": ["Mind Reading"],
            "evidence": [{"label": "Mind Reading", "quote": "z"}],
        },
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    records, _ = read(path, merge_labels=True)
    assert {label for record in records for label in record.labels} == {"Mind Reading"}
    assert dict(records[0].shares) == {"Mind Reading": 0.8}
    assert len({label for record in records for label in record.unknown}) == 1
    assert records[2].evidence == (("Mind Reading", "z"),)


def test_spellings_of_several_files_are_one_label(tmp_path: Path) -> None:
    first = csv(tmp_path, "Labeling", "Labeling", name="a.csv")
    second = csv(tmp_path, "labeling", "", name="b.csv")
    told: list[str] = []
    records = read_sources(
        (str(first), str(second)),
        options=ReadOptions(merge_labels=True),
        notes=Notes(told.append),
    )
    assert labels_of(records) == ["Labeling", "Labeling", "Labeling", ""]
    assert not any(record.unknown for record in records)
    assert told == [
        "one label, 'Labeling': 'Labeling' (2: a.csv lines 2 and 3) and 'labeling' (1: b.csv line 2)"
    ]


def test_names_that_say_that_there_is_none_are_told(tmp_path: Path) -> None:
    names = ["No Distortion", "none of these", "Not distorted", "neutral", "Normal", "Labeling"]
    _, told = read(csv(tmp_path, *names))
    assert sorted(line.split("'")[1] for line in told) == sorted(names[:-1])


def test_several_names_for_none_are_taken_out(tmp_path: Path) -> None:
    records, told = read(
        csv(tmp_path, "No Distortion; Labeling", "neutral", "Labeling"),
        no_label=("no distortion", "NEUTRAL"),
    )
    assert labels_of(records) == ["Labeling", "", "Labeling"]
    assert told == ["no label: 'No Distortion' and 'neutral' (2 entries)"]


def test_a_name_for_none_that_no_entry_has_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--no-label: no entry has the label Nothing"):
        read(csv(tmp_path, "Labeling"), no_label=("Nothing",))


def test_labels_that_differ_in_a_letter_are_told_and_stay_two(tmp_path: Path) -> None:
    records, told = read(
        csv(tmp_path, "Overgeneralisation", "Overgeneralization", "Type 1", "Type 2", "Should"),
        merge_labels=True,
    )
    assert len(set(labels_of(records))) == 5
    assert told == [
        (
            "'Overgeneralisation' (1) and 'Overgeneralization' (1) differ in one letter and count as "
            "two labels"
        )
    ]


def test_a_file_for_a_model_takes_the_spelling_that_the_model_knows(tmp_path: Path) -> None:
    path, told = csv(tmp_path, "mind reading", "mind reading"), []
    notes = Notes(told.append)
    assert labels_of(read_told(path, ["Mind Reading"], notes=notes)) == 2 * ["mind reading"]
    assert told == [
        (
            "the model knows 'Mind Reading', the file 'mind reading' (2: entries.csv lines 2 and 3); "
            "--merge-labels makes them one"
        )
    ]
    merged = ReadOptions(merge_labels=True, no_label=("Nothing",))
    assert labels_of(read_told(path, ["Mind Reading"], options=merged)) == 2 * ["Mind Reading"]
    validation = read_validation(path, ["Mind Reading"], options=merged)
    assert not validation[0].unknown


def test_a_column_of_sentences_is_not_learnt_as_labels(tmp_path: Path) -> None:
    letters = "abcdefghijklm"
    names = [f"saw heron {a}{b}" for a in letters for b in letters]
    with pytest.raises(DataError, match=r"169 different labels in 169 .* --label-column") as caught:
        read(csv(tmp_path, *names))
    assert "heron" not in str(caught.value)
