"""What keeps a worker from starting is one clear line and an exit code, no traceback."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from deploy.local.server import free_port
from producer.sealing import new_key, write_key_file

if TYPE_CHECKING:
    from pathlib import Path


def run(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "worker.cli", "run", "--metrics-port", "0"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("unknown redis", "Redis cannot be reached"),
        ("no redis url", "not a redis"),
        ("silent Sentinels", "no Sentinel answers"),
        ("no keys", "JOURNAL_KEYS_FILE is not set"),
        ("missing key file", "No such file"),
        ("wrong key", "128 bits, not 256"),
        ("missing model", "model folder not found"),
        ("altered model", "altered"),
        ("wrong value", "concurrency"),
    ],
)
def test_what_keeps_a_worker_from_starting_is_one_line(
    what: str, words: str, environment: dict[str, str], tiny_model: Path, tmp_path: Path
) -> None:
    import os

    settings = {**os.environ, **environment}
    if what == "unknown redis":
        settings["JOURNAL_REDIS_URL"] = f"redis://:secretpassword@127.0.0.1:{free_port()}/0"
    elif what == "silent Sentinels":
        place = f"127.0.0.1:{free_port()}/main?sentinel_password=secretpassword"
        settings["JOURNAL_REDIS_URL"] = f"redis+sentinel://:secretpassword@{place}"
    elif what == "no redis url":
        settings["JOURNAL_REDIS_URL"] = "http://secretpassword"
    elif what == "no keys":
        del settings["JOURNAL_KEYS_FILE"]
    elif what == "missing key file":
        settings["JOURNAL_KEYS_FILE"] = str(tmp_path / "none.json")
    elif what == "wrong key":
        key = {**new_key(), "k": "AAAAAAAAAAAAAAAAAAAAAA"}
        write_key_file(tmp_path / "short.json", [key])
        settings["JOURNAL_KEYS_FILE"] = str(tmp_path / "short.json")
    elif what == "missing model":
        settings["JOURNAL_MODEL"] = str(tmp_path / "none")
    elif what == "altered model":
        altered = tmp_path / "altered"
        shutil.copytree(tiny_model, altered)
        with (altered / "model.safetensors").open("r+b") as weights:
            weights.seek(-1, 2)
            weights.write(b"\xff")
        settings["JOURNAL_MODEL"] = str(altered)
    else:
        settings["JOURNAL_CONCURRENCY"] = "many"
    done = run(settings)
    assert done.returncode == (4 if what in {"unknown redis", "silent Sentinels"} else 2)
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "secretpassword" not in done.stderr
