"""Labels come out of a cell as names, and nothing in a cell is ever run."""

from __future__ import annotations

import pytest

from training.entries.label_parsing import MAX_CELL_CHARACTERS, parse_labels
from training.errors import DataError


@pytest.mark.parametrize(
    ("cell", "labels"),
    [
        ("['Mind Reading', 'Self-blame']", ("Mind Reading", "Self-blame")),
        ('["Mind Reading"]', ("Mind Reading",)),
        ("('Mind Reading',)", ("Mind Reading",)),
        ("Mind Reading", ("Mind Reading",)),
        ("Mind Reading; Self-blame;", ("Mind Reading", "Self-blame")),
        ("[]", ()),
        ("", ()),
        ("   ", ()),
        ("['A', 'B', 'A']", ("A", "B")),
        (["All-or-Nothing Thinking"], ("All-or-Nothing Thinking",)),
        ('["\\u00c9motion"]', ("Émotion",)),
    ],
)
def test_reads_lists_in_every_spelling(cell: object, labels: tuple[str, ...]) -> None:
    assert parse_labels(cell) == labels


@pytest.mark.parametrize(
    "cell",
    [
        "__import__('os').system('touch hacked')",
        "[__import__('os').system('touch hacked')]",
        "[x for x in 'abc']",
        "Mind Reading, Self-blame",
        "nan",
        "None",
        "['a'] * 10**9",
        "[1, 2]",
        "[['nested']]",
        "[None]",
        "['']",
        "['a'",
        "[" * 2_000,
        "(" * 2_000,
        "{'a': 1}",
        "'Mind Reading'",
        "['<script>']",
        "['" + "a" * 65 + "']",
        "a" * (MAX_CELL_CHARACTERS + 1),
        None,
        7,
        {"a": 1},
    ],
)
def test_refuses_anything_else_without_repeating_it(cell: object, tmp_path: object) -> None:
    with pytest.raises(DataError) as caught:
        parse_labels(cell)
    message = str(caught.value)
    assert message in {
        "not a list of labels",
        "too long for a list of labels",
        "a comma between labels; set them apart by semicolons, or write a list",
    }
    assert not list(tmp_path.iterdir())  # type: ignore[attr-defined] - the working folder
