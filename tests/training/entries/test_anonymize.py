"""A CSV is copied whole with one column anonymized, or not at all."""

from __future__ import annotations

import csv
import stat
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from tests.training.conftest import NameRemover
from training.cli import main
from training.entries.anonymize import anonymize_csv
from training.errors import DataError, OutputError

if TYPE_CHECKING:
    from pathlib import Path


def copy(source: Path, target: Path, column: str = "text") -> int:
    return anonymize_csv(
        source,
        target,
        column=column,
        anonymizer=NameRemover(),  # type: ignore[arg-type]
        begin=lambda _: None,
        advance=lambda _: None,
    )


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def test_only_the_chosen_column_is_anonymized(tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    cells = [
        ["id", "text", "note"],
        ["1", 'met Ngozi, "old" friend\nat ten', "Ngozi\rhere"],
        ["2", "alone", " spaced "],
    ]
    with source.open("w", newline="") as stream:
        csv.writer(stream, quoting=csv.QUOTE_ALL).writerows(cells)
    assert copy(source, target) == 2
    cells[1][1] = 'met <PERSON>, "old" friend\nat ten'
    assert rows(target) == cells


def test_the_copy_can_be_read_by_its_owner_only(tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("text\nNgozi\n")
    target.write_text("an older file, for all to read")
    copy(source, target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert target.read_text() == "text\n<PERSON>\n"


def test_a_text_that_cannot_be_anonymized_leaves_no_copy(tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("text\nNgozi\nunreadable heron\n")
    with pytest.raises(DataError) as caught:
        copy(source, target)
    assert "heron" not in str(caught.value)
    assert list(tmp_path.iterdir()) == [source]


def test_missing_column_and_unwritable_target_are_named(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("text\nNgozi\n")
    with pytest.raises(DataError, match="no column 'body'"):
        copy(source, tmp_path / "out.csv", column="body")
    with pytest.raises(OutputError, match="No such file"):
        copy(source, tmp_path / "none" / "out.csv")


def test_command_anonymizes_the_tutorials_sentence(tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    sentence = "My name is Jane Doe, and I live in New York. I had a tough day at work."
    source.write_text(f'text,labels\n"{sentence}",[]\n')
    result: Any = CliRunner().invoke(main, ["anonymize", str(source), str(target)])
    assert result.exit_code == 0, result.output
    expected = "My name is <PERSON>, and I live in <LOCATION>. I had a tough day at work."
    assert rows(target) == [["text", "labels"], [expected, "[]"]]
