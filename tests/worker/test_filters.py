"""The two stages as filters: order, processes, lines that are none."""

from __future__ import annotations

import io
import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

import worker.filters as module
from tests.tiny_model import LABELS
from tests.worker import filter_stages
from worker.anonymizer.anonymizer import Anonymizer
from worker.cli import main
from worker.errors import AnonymizationError, WorkerError
from worker.filters import CHUNK_LINES, LineError, read_records, run_filter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from worker.models.compute import Compute

MANY = 5 * CHUNK_LINES + 7


@pytest.fixture
def command(anonymizer: Anonymizer, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run `journal-worker` in this process, with the anonymizer that is loaded already."""
    monkeypatch.setattr(Anonymizer, "load", classmethod(lambda *_, **__: anonymizer))

    def run(*arguments: str, stdin: bytes | str = b"") -> Result:
        return CliRunner().invoke(main, arguments, input=stdin)

    return run


def lines(count: int, **more: Any) -> bytes:
    return b"".join(
        json.dumps({"id": i, "text": f"entry {i}", **more}).encode() + b"\n" for i in range(count)
    )


def rows(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def run_stage(
    stage: Any, stdin: bytes, capsys: pytest.CaptureFixture[str], **options: Any
) -> list[dict[str, Any]]:
    capsys.readouterr()
    run_filter(stage, source=io.BytesIO(stdin), **options)
    return rows(capsys.readouterr().out)


# In order, whatever the processes do


@pytest.mark.parametrize("count", [0, 1, CHUNK_LINES, MANY])
def test_lines_come_out_in_order(count: int, capsys: pytest.CaptureFixture[str]) -> None:
    found = run_stage(filter_stages.shouting, lines(count), capsys, jobs=1)
    assert [(row["id"], row["text"]) for row in found] == [(i, f"ENTRY {i}") for i in range(count)]


def test_long_input_is_spread_over_processes_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    found = run_stage(filter_stages.shouting, lines(MANY), capsys, jobs=2)
    assert [row["id"] for row in found] == list(range(MANY))
    pids = {row["pid"] for row in found}
    assert os.getpid() not in pids


def test_short_input_stays_in_this_process(capsys: pytest.CaptureFixture[str]) -> None:
    found = run_stage(filter_stages.shouting, lines(10), capsys, jobs=2)
    assert {row["pid"] for row in found} == {os.getpid()}


# What goes wrong


@pytest.mark.parametrize(
    ("bad", "before"), [(0, 0), (3, 3), (CHUNK_LINES + 5, CHUNK_LINES + 5), (200, 200)]
)
def test_a_bad_line_stops_after_the_lines_before_it(
    bad: int, before: int, capsys: pytest.CaptureFixture[str]
) -> None:
    content = lines(300).splitlines(keepends=True)
    content[bad] = b'{"id": 1, "txt": "canary"}\n'
    with pytest.raises(LineError) as caught:
        run_filter(filter_stages.shouting, source=io.BytesIO(b"".join(content)), jobs=1)
    assert f"line {bad + 1}:" in str(caught.value)
    assert "canary" not in str(caught.value)
    assert [row["id"] for row in rows(capsys.readouterr().out)] == list(range(before))


def test_a_bad_line_stops_several_processes_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(LineError, match=f"line {MANY + 1}:"):
        run_filter(filter_stages.shouting, source=io.BytesIO(lines(MANY) + b"bad\n"), jobs=2)
    assert len(rows(capsys.readouterr().out)) == MANY


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("stage", [filter_stages.missing, filter_stages.crashing])
@pytest.mark.timeout(90)
def test_a_stage_that_cannot_be_loaded_ends_it(stage: Any, jobs: int) -> None:
    with pytest.raises((WorkerError, ImportError)):
        run_filter(stage, source=io.BytesIO(lines(MANY)), jobs=jobs)


def test_a_text_that_cannot_be_anonymized_ends_it_after_the_lines_before(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stdin = lines(CHUNK_LINES) + b'{"id": "c", "text": "canary"}\n'
    with pytest.raises(AnonymizationError):
        run_filter(filter_stages.failing, source=io.BytesIO(stdin), jobs=1)
    assert len(rows(capsys.readouterr().out)) == CHUNK_LINES


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b"7",
        b"[]",
        b"null",
        b'"text"',
        b'{"id": 1}',
        b'{"text": "x"}',
        b'{"id": 1, "text": 5}',
        b'{"id": 1, "text": null}',
        b'{"id": 1, "text": ["x"]}',
        b'{"id": 1, "text": "\\ud800"}',
        b'{"id": "\\ud800", "text": "x"}',
        b"\xff\xfe",
        b'{"id": 1, "text": "\xff"}',
        b"[" * 100_000,
        b'{"id": 1, "text": "x"',
    ],
)
def test_a_line_that_is_no_record_is_named_by_number(line: bytes) -> None:
    records = read_records([b'{"id": 1, "text": "x"}', b"", line])
    assert next(records) == {"id": 1, "text": "x"}
    with pytest.raises(LineError, match="line 3:"):
        next(records)


def test_other_fields_are_ignored_and_blank_lines_skipped() -> None:
    given = [
        b'{"text": "x", "labels": [1], "id": {"a": [1]}}\r\n',
        b"  \n",
        b'{"id":null,"text":""}',
    ]
    assert list(read_records(given)) == [{"id": {"a": [1]}, "text": "x"}, {"id": None, "text": ""}]


# The commands


def test_anonymize(command: Callable[..., Result]) -> None:
    text = "😀 My name is Jane Doe, and I live in New York."
    stdin = json.dumps({"id": "a", "text": text, "mood": 3}) + "\n"
    done = command("anonymize", stdin=stdin)
    assert done.exit_code == 0
    (row,) = rows(done.stdout)
    assert list(row) == ["id", "anonymized", "spans"]
    assert row["anonymized"] == "😀 My name is <PERSON>, and I live in <LOCATION>."
    assert [(text[s["start"] : s["end"]], s["type"]) for s in row["spans"]] == [
        ("Jane Doe", "PERSON"),
        ("New York", "LOCATION"),
    ]


@pytest.mark.parametrize(
    ("options", "expected"),
    [((), ("cpu", "fp16")), (("--precision", "fp32", "--device", "auto"), ("auto", "fp32"))],
)
def test_the_anonymizer_runs_where_and_as_precisely_as_it_is_told(
    monkeypatch: pytest.MonkeyPatch,
    anonymizer: Anonymizer,
    options: tuple[str, ...],
    expected: tuple[str, str],
) -> None:
    asked = []

    def load(_: Path | None, compute: Compute, **__: Any) -> Anonymizer:
        asked.append((compute.device, compute.precision))
        return anonymizer

    monkeypatch.setattr(Anonymizer, "load", load)
    monkeypatch.setenv("JOURNAL_DEVICE", "cpu")
    monkeypatch.setenv("JOURNAL_PRECISION", "fp16")
    done = CliRunner().invoke(main, ["anonymize", *options], input=lines(1))
    assert done.exit_code == 0, done.stderr
    assert asked == [expected]


def test_nothing_in_is_nothing_out(command: Callable[..., Result], tiny_model: Path) -> None:
    assert (command("anonymize").exit_code, command("anonymize").output) == (0, "")
    done = command("classify", "--model", str(tiny_model))
    assert (done.exit_code, done.output) == (0, "")


@pytest.mark.parametrize("raw", [True, False])
def test_classify_tells_ranges_of_the_text_as_it_came(
    command: Callable[..., Result], tiny_model: Path, raw: bool
) -> None:
    texts = ["My name is Jane Doe. I know they all hate me. " * 9, "😀", "It rained."]
    stdin = "".join(json.dumps({"id": i, "text": t}) + "\n" for i, t in enumerate(texts))
    flags = ["--raw"] if raw else []
    done = command(
        "classify", "--model", str(tiny_model), "--precision", "fp32", *flags, stdin=stdin
    )
    assert done.exit_code == 0, done.stderr
    found = rows(done.stdout)
    assert [row["id"] for row in found] == [0, 1, 2]
    for row, text in zip(found, texts, strict=True):
        assert list(row) == ["id", "labels", "scores"]
        assert set(row["scores"]) == set(LABELS)
        for label in row["labels"]:
            assert label["score"] == row["scores"][label["label"]] >= 0.5
            for piece in label["evidence"]:
                assert 0 <= piece["start"] < piece["end"] <= len(text)
    assert found[1] == {"id": 1, "labels": [], "scores": dict.fromkeys(LABELS, 0.0)}
    assert found[0]["labels"]


def test_classify_anonymizes_unless_told_otherwise(
    command: Callable[..., Result], tiny_model: Path
) -> None:
    def scores(text: str, *flags: str) -> Any:
        stdin = json.dumps({"id": 1, "text": text}) + "\n"
        done = command(
            "classify", "--model", str(tiny_model), "--precision", "fp32", *flags, stdin=stdin
        )
        return rows(done.stdout)[0]["scores"]

    text, cleaned = "My name is Jane Doe.", "My name is <PERSON>."
    assert scores(text) == scores(cleaned, "--raw") != scores(text, "--raw")


def one_line(done: Result | subprocess.CompletedProcess[str]) -> str:
    """What a command that could not do its work said: one line, no traceback."""
    code = done.exit_code if hasattr(done, "exit_code") else done.returncode
    assert code == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("journal-worker: ")
    return str(line)


@pytest.mark.parametrize("name", ["anonymize", "classify"])
def test_a_bad_line_is_exit_code_2_and_its_number(
    command: Callable[..., Result], tiny_model: Path, name: str
) -> None:
    arguments = ["--model", str(tiny_model)] if name == "classify" else []
    done = command(name, *arguments, stdin=lines(3) + b'{"id": 1, "text": canary}\n' + lines(2))
    line = one_line(done)
    assert "line 4" in line
    assert "canary" not in line
    assert [row["id"] for row in rows(done.stdout)] == [0, 1, 2]


@pytest.mark.parametrize("count", [1, MANY])
def test_a_missing_model_is_one_line(
    command: Callable[..., Result], tmp_path: Path, count: int
) -> None:
    done = command("classify", "--model", str(tmp_path / "nowhere"), stdin=lines(count))
    assert "nowhere" in one_line(done)
    assert done.stdout == ""


def test_a_failing_anonymizer_is_one_line_without_the_text(
    command: Callable[..., Result], anonymizer: Anonymizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise ValueError("canary")

    monkeypatch.setattr(anonymizer, "_find", fail)
    done = command("anonymize", stdin=b'{"id": 1, "text": "canary"}\n')
    assert "canary" not in one_line(done) + done.stdout


def test_the_number_of_cores_is_asked_where_no_jobs_are_given(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "available_cores", lambda: 1)
    found = run_stage(filter_stages.shouting, lines(MANY), capsys)
    assert {row["pid"] for row in found} == {os.getpid()}
