"""Leaks and over-redaction, counted by letters and digits; annotated files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from training.errors import DataError
from training.pii.annotated import read_annotated
from training.pii.scores import score
from worker.anonymizer.offsets import Span

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "Ann Lee met Bo in Ghent."
GOLD = [Span(0, 7, "PERSON"), Span(12, 14, "PERSON"), Span(18, 23, "CITY")]


def test_an_entity_is_protected_only_as_a_whole() -> None:
    scores = score(
        [(TEXT, GOLD, [Span(0, 3, "X"), Span(4, 7, "Y"), Span(18, 22, "Z")])], skip=frozenset()
    )
    assert scores.leaked == {"PERSON": 1, "CITY": 1}
    assert scores.leak_rate == pytest.approx(2 / 3)
    assert scores.characters_leaked == 3
    assert scores.documents_leaked == 1
    assert scores.outside_redacted == 0


def test_redacting_anything_else_is_counted() -> None:
    scores = score(
        [("calm day", [], [Span(0, 4, "X")]), ("calm day", [], [Span(4, 5, "X")])], skip=frozenset()
    )
    assert (scores.clean, scores.clean_altered, scores.outside_redacted) == (2, 1, 4)
    assert scores.over_redaction == pytest.approx(1000 * 4 / 16)


def test_skipped_types_count_neither_way() -> None:
    scores = score([(TEXT, GOLD, [Span(18, 23, "X")])], skip=frozenset({"CITY", "PERSON"}))
    assert (scores.entities.total(), scores.clean_altered) == (0, 0)


def test_annotated_files_are_read(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    row = {"text": "Bo!", "spans": [{"start": 0, "end": 2, "type": "PERSON"}], "style": "title"}
    file.write_text(json.dumps(row) + "\n\n")
    (((example, style)),) = read_annotated(file)
    assert (example.text, example.spans, style) == ("Bo!", (Span(0, 2, "PERSON"),), "title")


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        "[]",
        '{"spans": []}',
        '{"text": 7}',
        '{"text": "Bo", "spans": [{"start": 0}]}',
        '{"text": "Bo", "spans": [{"start": 0, "end": 9, "type": "X"}]}',
    ],
)
def test_a_bad_line_is_named_without_its_content(tmp_path: Path, line: str) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"text": "fine"}\n' + line)
    with pytest.raises(DataError, match=":2: ") as caught:
        read_annotated(file)
    assert "Bo" not in str(caught.value)
