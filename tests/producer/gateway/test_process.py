"""`journal-gateway run` as a real process: it serves, says nothing of entries, and ends in order."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.producer.gateway.support import TEXT, Worker, caller

ROOT = Path(__file__).parents[3]


def test_a_process_serves_and_ends_in_order_and_logs_nothing_of_entries(
    redis_url: str, keys_file: Path, api_keys_file: Path, app_key: str, answering: Worker
) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "JOURNAL_REDIS_URL": redis_url,
        "JOURNAL_KEYS_FILE": str(keys_file),
        "JOURNAL_GATEWAY_API_KEYS_FILE": str(api_keys_file),
        "JOURNAL_GATEWAY_DRAIN_SECONDS": "0",
    }
    command = [sys.executable, "-m", "producer.gateway.cli", "run", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        log = ""
        while (found := re.search(r"running on (http://[\d.:]+)", log)) is None:
            line = process.stderr.readline()
            assert line, log
            log += line
        with caller(found[1], app_key) as client, ThreadPoolExecutor(1) as pool:
            path = "/v1/entries?wait=10&secret=Zebulon"
            answer = client.post(path, json={"text": TEXT}, headers={"Idempotency-Key": "an-id"})
            assert answer.status_code == 200
            assert client.post("/v1/entries", json={"text": [TEXT]}).status_code == 422
            with client.stream("GET", "/v1/results") as stream:
                lines = stream.iter_lines()
                next(lines)
                rest = pool.submit(list, lines)
                process.send_signal(signal.SIGTERM)
                assert "event: result" not in rest.result(timeout=20)
        log += process.stderr.read()
        assert process.wait(20) == 0, log
    for private in ("Zebulon", "an-id", app_key, "/v1/entries"):
        assert private not in log
