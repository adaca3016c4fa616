"""A Python process in which nothing has been imported yet."""

from __future__ import annotations

import os
import subprocess
import sys


def fresh_environment() -> dict[str, str]:
    """The environment of this process, with the import path of this process."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def run_python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own, which must succeed."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env=fresh_environment(),
    )
