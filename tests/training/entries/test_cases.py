"""The files that people have, one by one: read as they were meant, or refused with the remedy.

The entries are the same six in all of `cases/`; only how they are written differs.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from training.entries.files.notes import Notes
from training.entries.files.options import ReadOptions
from training.entries.sources import read_sources
from training.errors import DataError

CASES = Path(__file__).parent / "cases"
MIND, OVER, CATA, SHOULD, DISCOUNT = (
    "Mind Reading",
    "Overgeneralization",
    "Catastrophizing",
    "Should Statements",
    "Discounting the Positive",
)
#: Beginnings of the six texts; none of them may stand in a message.
TEXTS = ("They", "One", "Watered", "A", "Got", "Lunch")
WORDS = ("quiet", "whole year", "ferns", "rings", "short of people", "steps")
PLAIN = ((MIND,), (OVER, CATA), (), (SHOULD,), (DISCOUNT,), ())
ONE_HOT = ((MIND,), (OVER, CATA), (), (SHOULD,), (), ())


class Read(NamedTuple):
    """What comes out: the labels of each entry, and of each note a part."""

    labels: tuple[tuple[str, ...], ...] = PLAIN
    notes: tuple[str, ...] = ()


class Refused(NamedTuple):
    """Parts of the error's only line."""

    parts: tuple[str, ...]


def refused(*parts: str) -> Refused:
    return Refused(parts)


COLUMNS_NOTE = "FILE:1: no column 'labels'; learnt as labels are the columns of 0 and 1"
EXPECTED: dict[str, Read | Refused] = {
    "01_parentheses.csv": Read(
        (
            ("Mind Reading (others)",),
            (OVER, "Catastrophizing (what if)"),
            (),
            (SHOULD,),
            (DISCOUNT,),
            (),
        )
    ),
    "02_underscores.csv": Read(
        (
            ("mind_reading",),
            ("overgeneralization", "catastrophizing"),
            (),
            ("should_statements",),
            ("discounting_the_positive",),
            (),
        )
    ),
    "03_colons.csv": Read(
        (
            ("Jumping to Conclusions: Mind Reading",),
            (OVER, CATA),
            (),
            ("rule:should",),
            (DISCOUNT,),
            (),
        )
    ),
    "04_quotes.csv": Read(
        (
            ('Labeling ("I am a loser")',),
            ("Should's and Must's", CATA),
            (),
            ('"Should" Statements',),
            (DISCOUNT,),
            (),
        )
    ),
    "05_slash_ampersand_digits.csv": Read(
        (
            ("Mind Reading / Fortune Telling",),
            ("5. Overgeneralization & Co.", "Catastrophizing #2"),
            (),
            (SHOULD,),
            (DISCOUNT,),
            (),
        )
    ),
    "06_dashes.csv": Read(
        (
            ("All\u2013or\u2013Nothing Thinking",),
            (OVER, "Self\u2011blame"),
            (),
            ("Should \u2014 Statements",),
            (DISCOUNT,),
            (),
        )
    ),
    "07_non_latin.csv": Read(
        (
            ("读心术",),
            ("Катастрофизация", "सामान्यीकरण"),
            (),
            ("لوم الذات",),
            ("べき思考",),
            (),
        )
    ),
    "08_decomposed_accents.csv": Read(
        (
            ("G\u00e9n\u00e9ralisation",),
            ("G\u00e9n\u00e9ralisation", "Dramatisation"),
            (),
            ("G\u00e9n\u00e9ralisation",),
            ("G\u00e9n\u00e9ralisation",),
            (),
        )
    ),
    "09_numpy_lists.csv": Read(
        ((MIND,), (OVER, CATA), (), (SHOULD, "Self-blame", "Labeling"), (DISCOUNT,), ())
    ),
    "10_one_hot_ints.csv": Read(ONE_HOT, (COLUMNS_NOTE,)),
    "11_one_hot_true_false.csv": Read(ONE_HOT, (COLUMNS_NOTE,)),
    "12_one_hot_floats.csv": Read(ONE_HOT, (COLUMNS_NOTE,)),
    "13_one_hot_shares.csv": Read(ONE_HOT, (COLUMNS_NOTE,)),
    "14_binary_labels_column.csv": refused(
        "FILE:2: column 'labels': a number where names of labels are wanted, as in",
        "the same in lines 3, 4, 5, 6 and 7",
    ),
    "15_nan_cells.csv": Read(
        ((MIND,), (), (), (SHOULD,), (), ()),
        ("FILE:3: column 'labels': nan, None or the like counts as no label (3 rows: lines 3, 4",),
    ),
    "16_nan_in_lists.csv": Read(
        ((MIND,), (), (), (SHOULD,), (DISCOUNT,), ()),
        ("FILE:2: column 'labels': nan, None or the like counts as no label (5 rows: lines 2, 3",),
    ),
    "17_no_distortion.csv": Read(
        ((MIND,), (OVER, CATA), ("No Distortion",), (SHOULD,), (DISCOUNT,), ("No Distortion",)),
        (r"'No Distortion' \(2 entries\) counts as a label; .* --no-label 'No Distortion'",),
    ),
    "18_case_and_space_variants.csv": Read(
        (
            (MIND,),
            ("mind reading", CATA),
            (),
            ("Mind  Reading",),
            ("MIND READING",),
            ("catastrophizing",),
        ),
        (
            (
                r"'Mind Reading' \(1: FILE line 2\), 'mind reading' \(1: FILE line 3\), "
                r"'Mind  Reading' \(1: FILE line 5\) and 'MIND READING' \(1: FILE line 6\); "
                "--merge-labels makes them one"
            ),
            r"'Catastrophizing' \(1: FILE line 3\) and 'catastrophizing' \(1: FILE line 7\)",
        ),
    ),
    "19_semicolon_delimiter.csv": Read(),
    "20_tab_delimiter.csv": Read(),
    "21_tab.tsv": Read(),
    "22_sep_line.csv": Read(),
    "23_upper_case_header.csv": Read(),
    "24_UPPER_EXTENSION.CSV": Read(),
    "25_bom.csv": Read(),
    "26_utf16.csv": Read(),
    "27_cp1252.csv": refused(
        "FILE:2: column 'text' is not UTF-8; save the file as UTF-8, or name its encoding",
        "--encoding cp1252",
        "the same in lines 3, 4, 5, 6 and 7",
    ),
    "28_empty_rows.csv": Read(),
    "29_quoted_newlines.csv": Read(),
    # Within what `journal submit` takes; it was one longer than allowed when that was less.
    "30_very_long_cell.csv": Read(
        notes=("FILE:3: column 'text': 30,040 characters, .* at most 50,000 are allowed",)
    ),
    "31_duplicate_header.csv": refused("FILE:1: more than one column 'text'", "remove all but one"),
    "32_excel_trailing_commas.csv": Read(),
    "33_ragged_trailing_commas.csv": Read(),
    "34_json_array.jsonl": Read(),
    "35_json_array_one_line.jsonl": Read(),
    "36_json_extension.json": Read(),
    "37_jsonl_null_and_string.jsonl": Read(
        notes=("FILE:3: field 'labels': nan, None or the like counts as no label (1 row: line 3)",)
    ),
    "38_label_singular.csv": Read(((MIND,), (OVER,), (), (SHOULD,), (DISCOUNT,), ())),
    "39_pandas_index.csv": Read(),
    "40_commas_between_names.csv": refused(
        "FILE:3: column 'labels': a comma between labels; set them apart by semicolons, or write",
        "--skip-invalid leaves out 1 of 6 rows",
    ),
    "41_header_with_spaces.csv": Read(),
    "42_sets_and_tuples.csv": Read(),
    "43_unclosed_quote.csv": refused('FILE:2: not CSV: a quote " that opens in this row is not'),
    "44_smart_quotes.csv": Read(((MIND,), (OVER, CATA), (), (SHOULD,), (), ())),
}


def test_every_case_is_expected_something_of() -> None:
    assert sorted(path.name for path in CASES.iterdir()) == sorted(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_file_is_read_as_meant_or_refused_with_the_remedy(name: str) -> None:
    path, expected = CASES / name, EXPECTED[name]
    told: list[str] = []
    message = ""
    try:
        records = read_sources((str(path),), notes=Notes(told.append))
    except DataError as exc:
        message = str(exc)
    lines = [
        line.replace(str(path), "FILE").replace(name, "FILE")
        for line in [*told, *message.splitlines()]
    ]
    assert not [line for line in lines for word in WORDS if word in line]
    if isinstance(expected, Refused):
        assert len(lines) == 1
        assert all(part in lines[0] for part in expected.parts), lines
        return
    assert not message
    assert tuple(record.labels for record in records) == expected.labels
    assert tuple(re.match(r"\w+", record.text)[0] for record in records) == TEXTS  # type: ignore[index]
    assert len(lines) == len(expected.notes), lines
    for line, note in zip(lines, expected.notes, strict=True):
        assert note in line or re.search(note, line), line


def test_shares_of_readers_are_learnt_as_shares() -> None:
    records = read_sources((str(CASES / "13_one_hot_shares.csv"),))
    assert [dict(record.shares) for record in records] == [
        {MIND: 0.67},
        {OVER: 0.67, CATA: 0.67},
        {},
        {SHOULD: 0.67},
        {},
        {},
    ]


def test_quoted_line_breaks_and_doubled_quotes_are_kept() -> None:
    text = read_sources((str(CASES / "29_quoted_newlines.csv"),))[0].text
    assert text.startswith("They\nwent quiet")
    assert text.endswith('\n\nSlept "well", then tea.')


def test_a_told_encoding_gives_the_right_letters() -> None:
    file = str(CASES / "27_cp1252.csv")
    records = read_sources((file,), options=ReadOptions(encoding="cp1252"))
    assert records[0].text.endswith("it was about me\u2026 caf\u00e9, it\u2019s")
    assert tuple(record.labels for record in records) == PLAIN


def test_spellings_are_merged_where_that_is_asked_for() -> None:
    told: list[str] = []
    records = read_sources(
        (str(CASES / "18_case_and_space_variants.csv"),),
        options=ReadOptions(merge_labels=True),
        notes=Notes(told.append),
    )
    assert [record.labels for record in records] == [
        (MIND,),
        (MIND, CATA),
        (),
        (MIND,),
        (MIND,),
        (CATA,),
    ]
    assert [line.partition(":")[0] for line in told] == [
        f"one label, '{MIND}'",
        f"one label, '{CATA}'",
    ]


def test_a_name_for_no_label_is_taken_out_where_that_is_asked_for() -> None:
    told: list[str] = []
    records = read_sources(
        (str(CASES / "17_no_distortion.csv"),),
        options=ReadOptions(no_label=("no distortion",)),
        notes=Notes(told.append),
    )
    assert tuple(record.labels for record in records) == PLAIN
    assert told == ["no label: 'No Distortion' (2 entries)"]
