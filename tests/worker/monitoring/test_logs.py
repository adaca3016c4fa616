"""Logging, in a process of its own, because it is set up once for the whole process."""

from __future__ import annotations

import json

from tests.worker.fresh_process import run_python

LOGGERS = """
import logging, sys
from worker.monitoring import logs
logs.configure(sys.argv[1])
for name in ("worker.child.process", "presidio-analyzer", "spacy.x", "transformers.y", "celery.worker"):
    for level in ("DEBUG", "INFO", "WARNING", "ERROR"):
        logging.getLogger(name).log(getattr(logging, level), "%s", f"said {name} {level}")
"""


def logged(level: str) -> list[str]:
    lines = run_python(LOGGERS, level).stderr.splitlines()
    return [line.split("said ")[1] for line in lines]


def test_libraries_that_see_entries_log_errors_only_at_every_level() -> None:
    said = logged("DEBUG")
    for name in ("presidio-analyzer", "spacy.x", "transformers.y"):
        assert [line for line in said if line.startswith(name)] == [f"{name} ERROR"]
    assert len([line for line in said if line.startswith("worker.child.process")]) == 4
    assert [line for line in logged("WARNING") if line.startswith("celery")] == [
        "celery.worker WARNING",
        "celery.worker ERROR",
    ]


def test_json_is_one_object_a_line_whatever_a_message_holds() -> None:
    lines = run_python(
        """
import logging
from worker.monitoring import logs
logs.configure("INFO", "json")
log = logging.getLogger("worker")
log.warning("two\\nlines and a \\"quote\\"")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("failed")
"""
    ).stderr.splitlines()
    first, second = (json.loads(line) for line in lines)
    assert first["message"] == 'two\nlines and a "quote"'
    assert (first["level"], first["logger"]) == ("WARNING", "worker")
    assert first["time"].endswith("+00:00")
    assert "ZeroDivisionError" in second["exc_info"]
