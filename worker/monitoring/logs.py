"""Logging of worker processes; libraries that see the text of entries log errors only."""

from __future__ import annotations

import logging
import sys
import warnings
from typing import Literal

from pythonjsonlogger.json import JsonFormatter

#: Libraries that may log the text they are given, or that log too much: only from these levels on.
_CAPPED = {
    "presidio-analyzer": logging.ERROR,
    "presidio-anonymizer": logging.ERROR,
    "spacy": logging.ERROR,
    "transformers": logging.ERROR,
    "torch": logging.ERROR,
    "py.warnings": logging.ERROR,
    "filelock": logging.WARNING,
    "urllib3": logging.WARNING,
    "asyncio": logging.WARNING,
}
_LIBRARIES = ("celery", "kombu", "redis", "amqp")


#: One object a line, with the time in UTC.
_JSON = JsonFormatter(
    ["levelname", "process", "name", "message"],
    timestamp="time",
    rename_fields={"levelname": "level", "process": "pid", "name": "logger"},
)
_TEXT = logging.Formatter("%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s")


def configure(level: str, form: Literal["text", "json"] = "text") -> None:
    """Set up logging to stderr for the whole process.

    Args:
        level: the level of the worker's own records and of Celery, kombu and redis. Libraries that
            see the text of entries log errors only, whatever the level.
        form: lines for people, or a JSON object a line.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JSON if form == "json" else _TEXT)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _LIBRARIES:
        logging.getLogger(name).setLevel(level)
    for name, cap in _CAPPED.items():
        logging.getLogger(name).setLevel(cap)
        logging.getLogger(name).propagate = True
    # At INFO Celery logs the start and the end of every task: thousands of lines a second.
    if level == "INFO":
        logging.getLogger("celery.worker.strategy").setLevel(logging.WARNING)
        logging.getLogger("celery.app.trace").setLevel(logging.WARNING)
        # And every connection, of which there may be many until an outage of Redis ends.
        logging.getLogger("celery.worker.consumer.connection").setLevel(logging.WARNING)
    warnings.simplefilter("ignore")
