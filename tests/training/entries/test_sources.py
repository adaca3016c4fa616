"""Several files, votes, masks, reframes and evidence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training.entries.multi_hot import targets
from training.entries.prepared.sentences import sentences
from training.entries.reading import read_records
from training.entries.record import Record
from training.entries.sources import read_sources, read_validation
from training.entries.window_size import window_for
from training.errors import DataError


def write(path: Path, *rows: dict[str, Any]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_votes_become_shares(tmp_path: Path) -> None:
    file = write(
        tmp_path / "a.jsonl",
        {"text": "x", "labels": ["A"], "votes": {"A": 4, "B": 1}},
        {"text": "y", "labels": ["B"], "votes": {"B": 3}, "annotators": 4},
    )
    found = targets(read_sources((file,)), ("A", "B"))
    assert found.tolist() == [[pytest.approx(0.8), pytest.approx(0.2)], [0.0, 0.75]]


def test_reframes_become_entries_without_labels(tmp_path: Path) -> None:
    row = {"text": "x", "labels": ["A"], "reframes": ["calm", "calmer", "calmest"]}
    file = write(tmp_path / "a.jsonl", row)
    assert [r.text for r in read_sources((file,))] == ["x", "calm", "calmer"]
    assert [r.text for r in read_records(tmp_path / "a.jsonl")] == ["x"]


def test_a_file_that_never_gives_a_label_tells_nothing_about_it(tmp_path: Path) -> None:
    first = write(tmp_path / "a.jsonl", {"text": "x", "labels": ["A"], "reframe": "calm"})
    second = write(
        tmp_path / "b.jsonl", {"text": "y", "labels": ["B"]}, {"text": "z", "labels": []}
    )
    third = write(tmp_path / "c.jsonl", {"text": "plain", "labels": []})
    records = read_sources((first, f"{second}=0.5", third))
    assert [sorted(r.unknown) for r in records] == [["B"], [], ["A"], [], []]
    assert [r.weight for r in records] == [1, 1.5, 0.5, 0.5, 1]


def test_a_validation_file_is_read_as_those_to_learn_from(tmp_path: Path) -> None:
    file = write(
        tmp_path / "v.jsonl",
        {"text": "x", "labels": ["A"], "mask": ["C"], "reframes": ["calm"]},
        {"text": "y", "labels": ["C"]},
    )
    records = read_validation(Path(file), ("A", "B", "C"))
    assert [(r.text, sorted(r.unknown)) for r in records] == [
        ("x", ["B", "C"]),
        ("calm", []),
        ("y", ["B"]),
    ]


@pytest.mark.parametrize(
    "field",
    [
        {"votes": {"A": "many"}},
        {"votes": [1]},
        {"votes": {"A": 1}, "annotators": 0},
        {"mask": "['A"},
        {"evidence": [{"quote": "x"}]},
        {"evidence": 7},
        {"reframes": "calm"},
        {"evidence": [{"label": "B", "quote": "x"}]},
        {"style": 7},
        {"style": "x" * 99},
    ],
)
def test_a_bad_field_is_named_with_its_line(tmp_path: Path, field: dict[str, Any]) -> None:
    file = write(tmp_path / "a.jsonl", {"text": "x", "labels": ["A"], **field})
    with pytest.raises(DataError, match=r"a\.jsonl:1"):
        read_sources((file,))


@pytest.mark.parametrize("weight", ["0", "-1", "inf"])
def test_a_weight_is_above_zero(tmp_path: Path, weight: str) -> None:
    file = write(tmp_path / "a.jsonl", {"text": "x", "labels": ["A"]})
    with pytest.raises(DataError, match="weight"):
        read_sources((f"{file}={weight}",))


def test_masked_labels_are_unknown(tmp_path: Path) -> None:
    file = write(
        tmp_path / "a.jsonl",
        {"text": "x", "labels": ["A"], "mask": ["B"]},
        {"text": "y", "labels": ["B"]},
    )
    found = targets(read_sources((file,)), ("A", "B"))
    assert np.isnan(found).tolist() == [[False, True], [False, False]]


def test_marked_sentences_become_entries() -> None:
    text = "We had lunch outside. Everybody hated my hat, I know it. Then a long walk home."
    quote = "Everybody hated my hat, I know it."
    record = Record(text, ("Mind Reading",), evidence=(("Mind Reading", quote),))
    found = sentences([record, Record("short", ("A",), evidence=(("A", "short"),))])
    assert [(r.text, r.labels) for r in found] == [
        (quote, ("Mind Reading",)),
        ("Then a long walk home.", ()),
        ("We had lunch outside.", ()),
    ]


def test_what_no_evidence_is_marked_for_is_unknown_in_every_sentence() -> None:
    quote = "Everybody hated my hat, I know it."
    text = f"{quote} I am a complete failure in everything. Then a long walk home."
    record = Record(
        text,
        ("Mind Reading", "Labeling"),
        shares={"Self-blame": 0.4},
        evidence=(("Mind Reading", quote),),
    )
    found = sentences([record])
    assert [r.labels for r in found] == [("Mind Reading",), (), ()]
    assert all(r.unknown == {"Labeling", "Self-blame"} for r in found)


def test_a_reframe_gives_the_sentences_that_stand_in_the_place_of_marked_ones() -> None:
    calm, quote = "We had lunch outside, as on Sunday.", "Everybody hated my hat, I know it."
    record = Record(f"{calm} {quote}", ("A",), evidence=(("A", quote),), group="calm:1")
    reframe = Record(f"{calm} Nobody said anything about my hat.", (), weight=1.5, group="calm:1")
    other = Record("Another text, with a group of its own. It has two sentences.", (), group="x:2")
    assert [(r.text, r.labels, r.weight) for r in sentences([record, reframe, other])] == [
        (quote, ("A",), 1.0),
        (calm, (), 0.5),
        ("Nobody said anything about my hat.", (), 1.5),
    ]


def test_evidence_tells_where_to_learn_from(tmp_path: Path) -> None:
    calm, quote = "It rained all day. ", "Nobody will ever come."
    text = calm * 9 + quote
    file = write(
        tmp_path / "a.jsonl",
        {"text": text, "labels": ["A"], "distorted_part": quote},
        {"text": text, "labels": ["A"]},
    )
    marked, plain = read_sources((file,))
    assert text.index(quote) < marked.place * len(text) < len(text)
    assert plain.place == 0.0


@pytest.mark.parametrize(("long", "expected"), [(0, 128), (9, 128), (11, 256), (100, 256)])
def test_the_window_grows_where_many_entries_are_long(long: int, expected: int) -> None:
    records = [Record("word " * (200 if i < long else 20), ()) for i in range(100)]
    assert window_for(records) == expected


def test_the_shipped_entries_cover_every_label_and_many_have_none() -> None:
    records = read_sources(())
    assert len(records) > 6000
    assert len({label for r in records for label in r.labels}) == 11
    assert sum(1 for r in records if not r.labels) / len(records) > 0.45
    assert len({r.text for r in records}) > 0.98 * len(records)
    for record in records:
        assert {label for label, _ in record.evidence} <= set(record.labels)


def test_entries_of_this_project_are_mixed_with_files_by_name(tmp_path: Path) -> None:
    shipped, later = read_sources(("shipped",)), read_sources(("later",))
    assert shipped == read_sources(())
    assert len(later) > 1000
    assert {record.text for record in later}.isdisjoint(record.text for record in shipped)
    both = read_sources(("shipped", "later=0.5"))
    assert [record.text for record in both] == [record.text for record in [*shipped, *later]]
    assert {record.weight for record in both[len(shipped) :]} == {
        0.5 * record.weight for record in later
    }
    file = write(tmp_path / "mine.jsonl", {"text": "x", "labels": ["Mind Reading"]})
    assert read_sources((file, "later"))[0].text == "x"
