"""Processes of this machine end when told to, and with their children when they do not."""

from __future__ import annotations

import contextlib
import signal
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from deploy.local.processes import ModuleProcess, Process

if TYPE_CHECKING:
    from pathlib import Path

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("child", child.pid, flush=True)
time.sleep(600)
"""


def wait_for_line(process: ModuleProcess, word: str) -> str:
    deadline = time.monotonic() + 30
    while word not in process.last_line():
        assert process.running, process.last_line()
        assert time.monotonic() < deadline, process.last_line()
        time.sleep(0.02)
    return process.last_line()


def test_a_process_that_ignores_sigterm_is_killed_with_its_children(tmp_path: Path) -> None:
    (tmp_path / "stubborn.py").write_text(STUBBORN)
    environment = {"PYTHONPATH": str(tmp_path)}
    process = ModuleProcess("stubborn", environment=environment, log=tmp_path / "log")
    with process:
        child = psutil.Process(int(wait_for_line(process, "child").split()[1]))
        try:
            assert process.stop(seconds=0.2) == -signal.SIGKILL
            assert not process.running
            assert psutil.wait_procs([child], timeout=10)[1] == []
        finally:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()


def test_a_process_that_drains_tells_its_exit_code(tmp_path: Path) -> None:
    (tmp_path / "drains.py").write_text(
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))\n"
        "print('ready', flush=True)\n"
        "time.sleep(600)\n"
    )
    environment = {"PYTHONPATH": str(tmp_path)}
    with ModuleProcess("drains", environment=environment, log=tmp_path / "log") as process:
        wait_for_line(process, "ready")
        assert process.stop() == 3


def test_a_command_that_ends_before_it_is_ready_is_told_by_its_last_line(tmp_path: Path) -> None:
    environment = {"JOURNAL_REDIS_URL": "http://127.0.0.1"}
    with (
        Process("exporter", environment, log=tmp_path / "log") as process,
        pytest.raises(SystemExit, match=r"it ended: .*JOURNAL_REDIS_URL is not"),
    ):
        process.wait_ready()
