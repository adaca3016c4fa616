"""What is missing on a machine is one line at the end of a run, and no skip is hidden."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import needs
from tests.needs import NEEDS, summary_of_skips

ROOT = Path(__file__).parents[1]


def reason_for(need: str) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CI", raising=False)
        with pytest.raises(pytest.skip.Exception) as skipped:
            needs.missing(need)
    return str(skipped.value)


def test_needs_are_told_once_with_one_installation_for_all() -> None:
    reasons = [reason_for("promtool")] * 3 + [reason_for("redis-server")] * 20
    reasons += [reason_for("prometheus")]  # comes with promtool
    assert summary_of_skips([*reasons, reason_for("public data sets")]) == (
        "25 tests skipped: redis-server, promtool, prometheus "
        "(apt-get install redis-server prometheus); "
        "public data sets (JOURNAL_DATA=folder)"
    )


@pytest.mark.parametrize("need", NEEDS)
def test_a_single_skip_says_what_brings_its_need(need: str) -> None:
    assert summary_of_skips([reason_for(need)]) == (
        "1 test skipped: " + reason_for(need).removeprefix("needs ")
    )


def test_a_reason_that_is_not_known_is_told_as_it_is() -> None:
    reasons = ["no kernel\nfor this", "needs a moon", "needs a moon", reason_for("promtool"), ""]
    assert summary_of_skips(reasons) == (
        "5 tests skipped: promtool (apt-get install prometheus); no kernel for this [1]; "
        "needs a moon [2]; no reason given [1]"
    )


def test_what_is_missing_in_ci_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="needs promtool"):
        needs.missing("promtool")


STRANGE = """
import pytest

def test_of_another_kernel() -> None:
    pytest.skip("not this kernel")

@pytest.mark.skipif(True, reason="not this phase")
def test_of_the_moon() -> None:
    pass

def test_that_fails() -> None:
    raise AssertionError("on purpose")
"""


def test_a_run_ends_with_one_line_of_skips_and_names_its_failures(tmp_path: Path) -> None:
    strange = tmp_path / "test_strange.py"
    strange.write_text(STRANGE)
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "-c",
            ROOT / "pyproject.toml",
            "--rootdir",
            ROOT,
            ROOT / "tests/deploy/test_prometheus.py",
            strange,
            "-k",
            "rules or alerts or test_strange",
        ],
        env={**environment, "PATH": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    (line,) = (line for line in done.stdout.splitlines() if "skipped: " in line)
    assert line.endswith(
        "promtool (apt-get install prometheus); not this kernel [1]; not this phase [1]"
    )
    assert "FAILED" in done.stdout
    assert "SKIPPED" not in done.stdout
    assert f", {line.partition(' ')[0]} skipped" in done.stdout.splitlines()[-1]
