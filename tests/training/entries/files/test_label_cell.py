"""Labels come out of a cell as names, and nothing in a cell is ever run."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

import pytest

from training.entries.files.label_cell import MAX_CELL_CHARACTERS, parse_cell, parse_labels
from training.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("cell", "labels"),
    [
        ("['Mind Reading', 'Self-blame']", ("Mind Reading", "Self-blame")),
        ('["Mind Reading"]', ("Mind Reading",)),
        ("('Mind Reading',)", ("Mind Reading",)),
        ("Mind Reading", ("Mind Reading",)),
        ("'Mind Reading'", ("Mind Reading",)),
        ("'A', 'B'", ("A", "B")),
        ("Mind Reading; Self-blame;", ("Mind Reading", "Self-blame")),
        ("A|B", ("A", "B")),
        ("A\nB", ("A", "B")),
        ("['A';'B']", ("A", "B")),
        ("[]", ()),
        ("", ()),
        ("   ", ()),
        ("['A', 'B', 'A']", ("A", "B")),
        (["All-or-Nothing Thinking"], ("All-or-Nothing Thinking",)),
        ('["\\u00c9motion"]', ("Émotion",)),
        ('["a \\ud83d\\ude00"]', ("a \N{GRINNING FACE}",)),
        # what NumPy and pandas print
        ("['A b' 'C']", ("A b", "C")),
        ("['A'\n 'B']", ("A", "B")),
        ("[\"Should's\" 'B']", ("Should's", "B")),
        ("array(['A', 'B'], dtype='<U16')", ("A", "B")),
        ("array(['A', 'B'], dtype=object)", ("A", "B")),
        ("array([], dtype=object)", ()),
        ("[np.str_('A'), np.str_('B c')]", ("A", "B c")),
        ("[np.str_('A') np.str_('B')]", ("A", "B")),
        # sets and tuples
        ("{'A'}", ("A",)),
        ("set()", ()),
        ("()", ()),
        ("{}", ()),
        ("frozenset({'A', 'B'})", ("A", "B")),
        # quotes inside and around
        ("['Should's and Must's', 'B']", ("Should's and Must's", "B")),
        ('["Labeling (\\"I am\\")"]', ('Labeling ("I am")',)),
        ('"Should" Statements', ('"Should" Statements',)),
        ('[""Labeling""]', ("Labeling",)),
        ("[\u2018Mind Reading\u2019]", ("Mind Reading",)),
        ("[\u201cO\u2019Neil\u2019s\u201d, \u201cC\u201d]", ("O\u2019Neil\u2019s", "C")),
        ("\u201eA\u201c; \u00abB\u00bb", ("A", "B")),
        ("[\u201cA\u201c]", ("A",)),
    ],
)
def test_reads_lists_in_every_spelling(cell: object, labels: tuple[str, ...]) -> None:
    assert parse_labels(cell) == labels


@pytest.mark.parametrize(
    "name",
    [
        "Mind Reading (others)",
        "mind_reading",
        "Jumping to Conclusions: Mind Reading",
        "5. Overgeneralization & Co.",
        "Catastrophizing #2",
        "All\u2013or\u2013Nothing",
        "Self\u2011blame",
        "50% guilt, 50% shame",
        "A/B + C = D*",
        "सामान्यीकरण",
        "می\u200cخواهم",
        "לחשוב",
        "ความคิด",
        "生각",
    ],
)
def test_a_name_stays_as_it_was_written(name: str) -> None:
    assert parse_labels(repr([name])) == (name,)
    assert parse_labels([name]) == (name,)
    if "," not in name:
        assert parse_labels(name) == (name,)


def test_accents_are_composed() -> None:
    assert parse_labels("Ge\u0301ne\u0301ral; G\u00e9n\u00e9ral") == ("G\u00e9n\u00e9ral",)


@pytest.mark.parametrize(
    ("cell", "labels", "missing"),
    [
        ("nan", (), 1),
        ("None", (), 1),
        ("<NA>", (), 1),
        (None, (), 1),
        (float("nan"), (), 1),
        ("['A', nan]", ("A",), 1),
        ("['A' nan]", ("A",), 1),
        ("['nan', None, '', 'A']", ("A",), 3),
        (["A", None, float("nan"), ""], ("A",), 3),
    ],
)
def test_what_stands_for_nothing_is_no_label_and_is_counted(
    cell: object, labels: tuple[str, ...], missing: int
) -> None:
    assert parse_cell(cell) == (labels, missing)


@pytest.mark.parametrize(
    ("cell", "remedy"),
    [
        ("__import__('os').system('touch hacked')", "code where names"),
        ("[__import__('os').system('touch hacked')]", "code where names"),
        ("[x for x in 'abc']", "no quotes around"),
        ("[A, B]", "no quotes around"),
        ("Mind Reading, Self-blame", "set them apart by semicolons"),
        ("['a'] * 10**9", "write names between semicolons, or a list"),
        ("1", "a number where names of labels are wanted, as in"),
        ("0;1", "a number"),
        ("1.0", "a number"),
        ("0,67", "a comma"),
        ("[1, 2]", "a number"),
        ("['1']", "a number"),
        ([1], "a number"),
        (7, "a number"),
        ("True", "true or false"),
        ("['no']", "true or false"),
        ("[['nested']]", "no quotes around"),
        ([["nested"]], "a list or an object"),
        ("['A' ... 'B']", "cut short"),
        ("['a'", "not a list of labels"),
        ("['A''B']", "not a list of labels"),
        ("['A',,'B']", "no quotes around"),
        ("[" * 2_000, "not a list of labels"),
        ("(" * 2_000, "not a list of labels"),
        ("{'a': 1}", "not a list of labels"),
        ({"a": 1}, "an object"),
        ("['<script>']", "in its name"),
        ("Mind Reading]", "in its name"),
        ("['a\\nb']", "invisible character or a line break"),
        ("['a\u202eb']", "invisible character"),
        ("-", "without any letter"),
        ("['" + "a" * 65 + "']", "65 characters; at most 64"),
        ("a" * (MAX_CELL_CHARACTERS + 1), "4,097 characters are too many"),
    ],
)
def test_refuses_anything_else_with_the_remedy_and_without_repeating_it(
    cell: object, remedy: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=re.escape(remedy)) as caught:
        parse_cell(cell)
    message = str(caught.value).replace("as in ['Mind Reading', 'Labeling']", "")
    assert "os" not in re.findall(r"\w+", message)
    assert "nested" not in message
    assert not list(tmp_path.iterdir())  # the working folder


@pytest.mark.parametrize("cell", ["'" * 4_000, "['a' " * 800 + "]", "[" + "'a," * 1_000 + "]"])
def test_a_hostile_cell_takes_no_time(cell: str) -> None:
    with contextlib.suppress(DataError):
        parse_cell(cell)
