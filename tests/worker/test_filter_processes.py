"""The filters as processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.worker.test_filters import MANY, lines, rows


def start(*arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
    )


def test_all_cores_serve_a_long_file_and_any_terminal_shows_it() -> None:
    text = "Jane Doe ate 🍰 in Köln. "
    stdin = b"".join(
        json.dumps({"id": f"ü{i}", "text": f"{text} {i}"}).encode() + b"\n" for i in range(200)
    )
    process = start(
        "-m", "worker.cli", "anonymize", "--jobs", "2", PYTHONIOENCODING="ascii", PYTHONUTF8="0"
    )
    out, err = process.communicate(stdin, timeout=120)
    assert (process.returncode, err) == (0, b"")
    found = rows(out.decode())
    assert [row["id"] for row in found] == [f"ü{i}" for i in range(200)]
    assert all("Jane" not in row["anonymized"] and "🍰" in row["anonymized"] for row in found)


LIGHT = """
import worker.filters
from tests.worker import filter_stages
worker.filters.anonymize_lines = filter_stages.shouting
from worker.cli import main
main()
"""


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_reader_that_goes_away_ends_it_quietly(jobs: str) -> None:
    with start("-c", LIGHT, "anonymize", "--jobs", jobs) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()  # as `head` does when it has seen enough
        process.stdin.write(lines(MANY))
        process.stdin.close()
        assert process.wait(timeout=90) == 1
        assert process.stderr.read() == b""
