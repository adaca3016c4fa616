"""`journal submit --file` of CSV."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from producer.cli import rows
from tests.producer.support import QUEUE, jsonl, summary

if TYPE_CHECKING:
    import redis

CANARY = "the heron by the mill is only mine to tell"
Journal = Any


def test_csv_columns_are_chosen_and_cells_may_run_over_lines(
    journal: Journal, raw: redis.Redis, worker: Any, wait_until: Any
) -> None:
    table = 'nr,body,who\r\np1,"One,\r\n""two"".",x\r\n\r\np2,Grüße,y\r\n'
    with worker() as seen:
        result = journal(
            "submit",
            "--file",
            "-",
            "--format",
            "csv",
            "--text-column",
            "body",
            "--id-column",
            "nr",
            "--context-column",
            "who",
            stdin=table,
        )
        assert summary(result)["queued"] == 2
        wait_until(lambda: len(seen) == 2)
    assert [(entry.entry_id, entry.text, entry.context) for entry in seen] == [
        ("p1", 'One,\r\n"two".', "x"),
        ("p2", "Grüße", "y"),
    ]


@pytest.mark.parametrize(
    ("table", "line", "problem"),
    [
        ("text,id\nfine,1\nsplit, by a comma,2\n", 3, "3 cells under a header of 2"),
        ("text,id\nfine,1\n,2\n", 3, "no 'text'"),
        ("text,id\nfine,1\nalone\n", 3, "1 cells under a header of 2"),
        (b"text,id\nfine,1\n\xff,2\n", 3, "text: .*unicode"),
        ("text,id\nfine,a b\n", 2, "entry_id: String should match"),
    ],
)
def test_a_bad_row_of_csv_is_told_by_its_line(
    journal: Journal, table: str | bytes, line: int, problem: str
) -> None:
    result = journal("submit", "--file", "-", "--format", "csv", stdin=table)
    assert result.exit_code == 2
    assert re.match(rf"^journal: stdin:{line}: {problem}", result.stderr)


@pytest.mark.parametrize(
    ("table", "line", "problem"),
    [
        (f"{CANARY}\nmore\n", 1, "the header has no column 'text'"),
        (f'text\nfine\n"{CANARY}\nand no end', 3, "not CSV: unexpected end of data"),
        (f'text\nfine\n"{CANARY}" and more\n', 3, "not CSV: "),
        (f'text\nfine\n"{(CANARY + chr(10)) * 99_999}"\n', 3, "not CSV: field larger than field"),
        ("text\nfine\n" + "x" * rows.MAX_LINE_BYTES + "x\n", 3, "the line is longer than"),
    ],
)
def test_broken_csv_is_never_read_on_even_when_skipping(
    journal: Journal, raw: redis.Redis, table: str, line: int, problem: str
) -> None:
    result = journal("submit", "--file", "-", "--format", "csv", "--skip-invalid", stdin=table)
    assert result.exit_code == 2
    assert f"journal: stdin:{line}: {problem}" in result.stderr
    assert CANARY not in result.output
    assert raw.llen(QUEUE) == 0


def test_a_cell_that_is_too_long_is_skipped_with_its_row_alone(
    journal: Journal, raw: redis.Redis
) -> None:
    table = f'text,note\nfine,\n"{CANARY * 4000}",\nfine too,{"x" * 200_000}\n'
    result = journal("submit", "--file", "-", "--format", "csv", "--skip-invalid", stdin=table)
    assert result.exit_code == 0, result.stderr
    assert result.stderr.count("skipped") == 1
    assert "stdin:3: text" in result.stderr
    assert raw.llen(QUEUE) == 2


def test_a_missing_id_column_is_told(journal: Journal) -> None:
    arguments = ("submit", "--file", "-", "--id-column", "nr")
    assert (
        "header has no column 'nr'"
        in journal(*arguments, "--format", "csv", stdin="text\nx\n").stderr
    )
    assert "stdin:1: no 'nr'" in journal(*arguments, stdin=jsonl({"text": "x"})).stderr
