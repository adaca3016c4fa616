"""The children of a worker can use a GPU: nothing touches CUDA before the fork."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.integration.conftest import ROOT, Backend, wait_until
from tests.integration.fake_cuda import CONTEXT_MADE

if TYPE_CHECKING:
    from pathlib import Path


def test_a_child_of_a_worker_on_a_machine_with_cuda_starts(
    environment: dict[str, str], backend: Backend, tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    settings = {
        **os.environ,
        **environment,
        "JOURNAL_CONCURRENCY": "1",
        "JOURNAL_METRICS_PORT": "0",
        "JOURNAL_DEVICE": "cuda",
        "JOURNAL_PRECISION": "fp32",
        "PYTHONPATH": str(ROOT),
    }
    with log.open("wb") as stream:
        worker = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.fake_cuda", "run"],
            env=settings,
            stdout=stream,
            stderr=stream,
            cwd=ROOT,
        )
    try:
        backend.ask(["Olumide never writes back."])
        wait_until(
            lambda: worker.poll() is not None or backend.client.status().results == 1,
            "an answer, or the worker's end",
        )
        said = log.read_text()
        assert worker.poll() is None, said
        made_by = {line.split()[-1] for line in said.splitlines() if CONTEXT_MADE in line}
        assert made_by
        assert str(worker.pid) not in made_by
    finally:
        worker.terminate()
        worker.wait(timeout=60)
