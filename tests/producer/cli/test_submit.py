from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from producer.cli import rows, submit, submitter
from producer.schemas import MAX_TEXT_CHARACTERS

if TYPE_CHECKING:
    import io
    from collections.abc import Callable
    from pathlib import Path

    import redis

QUEUE = "journal.entries"
CANARY = "the heron by the mill is only mine to tell"
Journal = Any


def queued_ids(raw: redis.Redis) -> list[str]:
    return [json.loads(element)["headers"]["id"] for element in reversed(raw.lrange(QUEUE, 0, -1))]


def summary(result: Any) -> dict[str, int]:
    counts: dict[str, int] = json.loads(result.stdout)
    return counts


def jsonl(*rows: Any) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_each_argument_is_an_entry(journal: Journal, raw: redis.Redis) -> None:
    result = journal("submit", "Soup again.", "Rain again.")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["status"] for line in lines] == ["queued", "queued"]
    assert queued_ids(raw) == [line["entry_id"] for line in lines]


def test_an_argument_may_have_an_id_and_come_twice(journal: Journal, raw: redis.Redis) -> None:
    for status in ("queued", "duplicate"):
        result = journal("submit", "Soup again.", "--entry-id", "e1", "--context", "shelf 3")
        assert json.loads(result.stdout) == {"entry_id": "e1", "status": status}
    assert queued_ids(raw) == ["e1"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["text", "--file", "-"],
        ["one", "two", "--entry-id", "e1"],
        ["--file", "-", "--entry-id", "e1"],
        ["--file", "no.jsonl"],
    ],
)
def test_arguments_that_do_not_go_together_are_a_usage_error(
    journal: Journal, arguments: list[str]
) -> None:
    assert journal("submit", *arguments).exit_code == 2


def test_one_bad_argument_enqueues_none(journal: Journal, raw: redis.Redis) -> None:
    result = journal("submit", CANARY, " ")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "journal: text: Value error, text is blank\n"
    assert raw.llen(QUEUE) == 0


def test_jsonl_rows_keep_their_ids_and_others_get_random_ones(
    journal: Journal, raw: redis.Redis, tmp_path: Path
) -> None:
    path = tmp_path / "entries.jsonl"
    path.write_text(
        "\ufeff"
        + jsonl({"entry_id": "a", "text": "One."}, {"id": 17, "text": "Two.", "mood": 3})
        + "\n  \n"
        + jsonl({"text": "Three."})
    )
    result = journal("submit", "--file", str(path))
    assert (result.exit_code, result.stderr) == (0, "")
    assert summary(result) == {"queued": 3, "duplicates": 0, "invalid": 0}
    first, second, third = queued_ids(raw)
    assert (first, second, len(third)) == ("a", "17", 32)
    # Again: what has an id is known.
    assert summary(journal("submit", "--file", str(path))) == {
        "queued": 1,
        "duplicates": 2,
        "invalid": 0,
    }


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


def test_plain_text_is_an_entry_a_line(journal: Journal, worker: Any, wait_until: Any) -> None:
    with worker() as seen:
        result = journal(
            "submit",
            "--file",
            "-",
            "--format",
            "text",
            "--context",
            "c",
            stdin="One.\n\n  Two. \r\nThree.",
        )
        assert summary(result)["queued"] == 3
        wait_until(lambda: len(seen) == 3)
    assert [entry.text for entry in seen] == ["One.", "  Two. ", "Three."]
    assert {entry.context for entry in seen} == {"c"}


BAD_ROWS = [
    (b"{not json " + CANARY.encode() + b"}", "not JSON"),
    (b'"' + CANARY.encode() + b'"', "not a JSON object"),
    (b'{"text": "' + CANARY.encode() + b'\xff"}', "not UTF-8"),
    (b'{"text": "' + CANARY.encode() + b'\\ud800"}', "text: .*unicode"),
    (b'{"words": "' + CANARY.encode() + b'"}', "no 'text'"),
    (b'{"text": ["' + CANARY.encode() + b'"]}', "text: Input should be a valid string"),
    (b'{"text": "x", "entry_id": "' + CANARY.encode() + b'"}', "entry_id: String should match"),
    (b'{"text": "x", "entry_id": true}', "entry_id: Input should be a valid string"),
    (b'{"text": "' + b"x" * (MAX_TEXT_CHARACTERS + 1) + b'"}', "text: String should have at most"),
    (b'{"text": "' + b"x" * rows.MAX_LINE_BYTES + b'"}', "longer than"),
    (b"[" * 100_000, "not JSON"),
    (b'{"text": "x", "n": ' + b"9" * 10_000 + b"}", "not JSON"),
]


@pytest.mark.parametrize(("row", "problem"), BAD_ROWS)
def test_a_bad_row_stops_before_its_chunk_with_its_line_and_without_its_text(
    journal: Journal, raw: redis.Redis, tmp_path: Path, row: bytes, problem: str
) -> None:
    path = tmp_path / "entries.jsonl"
    path.write_bytes(jsonl({"id": "a", "text": "One."}).encode() + row + b"\n")
    result = journal("submit", "--file", str(path))
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"journal: {path}:2: ")
    assert line.endswith("; 0 enqueued before; running again is safe")
    assert re.search(problem, line)
    assert CANARY not in result.output
    assert summary(result) == {"queued": 0, "duplicates": 0, "invalid": 1}
    assert raw.llen(QUEUE) == 0


def test_chunks_before_a_bad_row_are_in_and_running_again_is_safe(
    journal: Journal, raw: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submit, "SUBMIT_CHUNK", 2)
    source = jsonl({"id": "a", "text": "1"}, {"text": "2"}, {"id": "c", "text": "3"}, {"id": "d"})
    result = journal("submit", "--file", "-", stdin=source)
    assert result.stderr == (
        "journal: stdin:4: no 'text'; 2 enqueued before; running again is safe, "
        "except for 1 rows without an id, which would come twice\n"
    )
    assert summary(result) == {"queued": 2, "duplicates": 0, "invalid": 1}
    assert queued_ids(raw)[0] == "a"
    mended = source.replace('{"id": "d"}', '{"id": "d", "text": "4"}').replace(
        '"2"', '"2", "id": "b"'
    )
    assert summary(journal("submit", "--file", "-", stdin=mended)) == {
        "queued": 3,
        "duplicates": 1,
        "invalid": 0,
    }


def test_skip_invalid_counts_and_goes_on(journal: Journal, raw: redis.Redis) -> None:
    source = b"\n".join(
        [b'{"id": "a", "text": "1"}', *(row for row, _ in BAD_ROWS), b'{"id": "z", "text": "2"}']
    )
    result = journal("submit", "--file", "-", "--skip-invalid", stdin=source)
    assert result.exit_code == 0
    assert summary(result) == {"queued": 2, "duplicates": 0, "invalid": len(BAD_ROWS)}
    assert queued_ids(raw) == ["a", "z"]
    assert len(result.stderr.splitlines()) == len(BAD_ROWS)
    assert "journal: stdin:13: the line is not JSON; skipped" in result.stderr
    assert CANARY not in result.output


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


def test_a_file_is_read_chunk_by_chunk(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0
    furthest: list[int] = []

    def counted(stream: io.BufferedIOBase, columns: Any, context: Any) -> Any:
        nonlocal read
        for row in rows.read_jsonl(stream, columns, context):  # type: ignore[arg-type]
            read += 1
            yield row

    send = submitter.Submitter.send

    def spy(self: Any, entries: Any) -> Any:
        furthest.append(read)
        return send(self, entries)

    monkeypatch.setitem(rows.READERS, "jsonl", counted)
    monkeypatch.setattr(submitter.Submitter, "send", spy)
    source = jsonl(*({"id": f"e{i}", "text": "x"} for i in range(1000)))
    assert summary(journal("submit", "--file", "-", stdin=source))["queued"] == 1000
    assert furthest[:3] == [128, 256, 384]


def test_a_full_queue_exits_3_when_not_to_wait(
    journal: Journal, raw: redis.Redis, limited_queue: Callable[[int], None]
) -> None:
    limited_queue(2)
    source = jsonl(*({"id": name, "text": "x"} for name in "abc"))
    result = journal("submit", "--file", "-", "--no-wait", stdin=source)
    assert result.exit_code == 3
    assert result.stderr.startswith("journal: the queue holds 2 entries; 2 enqueued before")
    assert summary(result) == {"queued": 2, "duplicates": 0, "invalid": 0}
    assert journal("submit", "one more", "--no-wait").exit_code == 3


def test_a_full_queue_is_waited_out(
    journal: Journal,
    limited_queue: Callable[[int], None],
    raw: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limited_queue(3)
    raw.lpush(QUEUE, *["full"] * 3)
    naps = 0

    def nap(_: float) -> None:
        nonlocal naps
        naps += 1
        raw.delete(QUEUE) if naps == 1 else raw.rpop(QUEUE)

    monkeypatch.setattr(submitter.time, "sleep", nap)
    source = jsonl(*({"id": name, "text": "x"} for name in "abcbde"))
    result = journal("submit", "--file", "-", stdin=source)
    assert result.exit_code == 0
    assert summary(result) == {"queued": 5, "duplicates": 1, "invalid": 0}
    assert result.stderr == "journal: queue full, waiting\n"
    assert naps == 3


def test_redis_out_of_memory_exits_3(journal: Journal, full_store: Callable[[], None]) -> None:
    full_store()
    result = journal("submit", "Soup again.")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "out of memory" in result.stderr
