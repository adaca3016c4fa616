"""Light stages for the filters; processes that are spawned import them by name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from worker.errors import AnonymizationError, ModelFolderError

if TYPE_CHECKING:
    from collections.abc import Callable

Records = list[dict[str, Any]]


def shouting(**_: Any) -> Callable[[Records], Records]:
    """Tells the text in capitals, and which process did it."""
    pid = os.getpid()
    return lambda records: [
        {"id": record["id"], "text": record["text"].upper(), "pid": pid} for record in records
    ]


def failing() -> Callable[[Records], Records]:
    """Cannot work on a text with the word canary."""

    def stage(records: Records) -> Records:
        if any("canary" in record["text"] for record in records):
            raise AnonymizationError("ValueError")
        return records

    return stage


def missing() -> Callable[[Records], Records]:
    """Cannot be loaded."""
    raise ModelFolderError("model folder not found: nowhere")


def crashing() -> Callable[[Records], Records]:
    """Is not even an error of ours."""
    raise ImportError("no module named torch")
