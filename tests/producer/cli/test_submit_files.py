"""`journal submit --file`: JSON Lines and plain text, row by row."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from producer.cli import rows, submit, submitter
from producer.schemas import MAX_TEXT_CHARACTERS
from tests.producer.support import QUEUE, jsonl, queued_ids, summary

if TYPE_CHECKING:
    import io
    from pathlib import Path

    import redis

CANARY = "the heron by the mill is only mine to tell"
Journal = Any


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
