"""The exporter as a process of its own: what it imports, and how it ends."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import urllib.request

from deploy.local.server import free_port
from tests.worker.fresh_process import fresh_environment, run_python

HEAVY = (
    "torch",
    "spacy",
    "presidio_analyzer",
    "presidio_anonymizer",
    "transformers",
    "celery",
    "kombu",
    "thinc",
    "numpy",
)


def test_importing_the_exporter_brings_nothing_heavy() -> None:
    code = (
        "import sys, worker.monitoring.exporter, worker.cli, worker.filters;"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    assert run_python(code).stdout.strip() == "[]"


def test_the_exporter_command_runs_light_and_ends_on_sigterm() -> None:
    """Without a Redis to ask: it has to say so, and not to fail."""
    code = (
        "import sys, atexit;"
        f"atexit.register(lambda: print([name for name in {HEAVY} if name in sys.modules]));"
        "from worker.cli import main; main()"
    )
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            code,
            "exporter",
            "--port",
            "0",
            "--redis-url",
            f"redis://:secretpassword@127.0.0.1:{free_port()}/0",
        ],
        env=fresh_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        watchdog = threading.Timer(60, process.kill)
        watchdog.start()
        line = process.stderr.readline()
        address = re.search(r"http://\S+/metrics", line)
        assert address, line
        with urllib.request.urlopen(address[0], timeout=30) as answer:
            assert "journal_redis_up 0.0" in answer.read().decode()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
        watchdog.cancel()
        assert (process.returncode, out.strip(), err) == (0, "[]", "")
        assert "secretpassword" not in line
