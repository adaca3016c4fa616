"""Logging for worker processes: one line a record, and no library that might print a text."""

from __future__ import annotations

import logging
import sys
import warnings

#: These log what they are given, or say too much to be useful, at the levels below.
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


def configure(level: str) -> None:
    """Log to stderr at `level`; libraries that see entries stay quiet at every level."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s")
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _LIBRARIES:
        logging.getLogger(name).setLevel(level)
    for name, cap in _CAPPED.items():
        logging.getLogger(name).setLevel(cap)
        logging.getLogger(name).propagate = True
    # Celery says at INFO for every task that it came and went: too much at thousands a second.
    if level == "INFO":
        logging.getLogger("celery.worker.strategy").setLevel(logging.WARNING)
        logging.getLogger("celery.app.trace").setLevel(logging.WARNING)
    warnings.simplefilter("ignore")
