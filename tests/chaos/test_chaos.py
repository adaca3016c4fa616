"""A short run of the chaos harness."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_chaos_loses_and_doubles_nothing() -> None:
    options = (
        "--duration 12 --kills 4 --failovers 1 --pauses 1 --redis-kills 1 --rate 150 --interval 0.8"
    )
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos.run", *options.split()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=220,
        check=False,
    )
    outcome = json.loads(done.stdout.strip().splitlines()[-1])
    assert outcome["submitted"] > 1000
    assert outcome["kills"] > 3
    assert outcome["failovers"] > 0
    assert (outcome["lost"], outcome["duplicated"], outcome["stuck"]) == (0, 0, 0), outcome
    # By themselves, so that a failure shows the whole of them.
    assert outcome["last_lines"] == []
    assert (outcome["exits"], outcome["not_ready"], outcome["texts_in_logs"]) == (0, 0, 0), outcome
    assert done.returncode == 0
