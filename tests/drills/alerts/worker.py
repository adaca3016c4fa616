"""A worker with stand-in stages that is out of order in ways an operator can mend.

    python -m tests.drills.alerts.worker run

It serves the model version `DRILL_VERSION`. With `DRILL_BROKEN=1` its classifier raises for every
text. Its children find memory for `DRILL_CHILDREN` of them; where there are to be more, each is
killed before it is ready.
"""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any

from tests.chaos.light_worker import (
    LOADING_SECONDS,
    NoClassifier,
    model,
    pipeline_of,
    run,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.broker.settlement import Settler
    from worker.child.pipeline import Pipeline
    from worker.settings import WorkerSettings

VERSION = os.environ.get("DRILL_VERSION", "1")
BROKEN = os.environ.get("DRILL_BROKEN") == "1"
CHILDREN = int(os.environ.get("DRILL_CHILDREN", "100"))


class Classifier(NoClassifier):
    """Answers, unless it is broken."""

    def classify(self, texts: Sequence[str], usage: Any = None) -> list[Any]:
        """One finding for each text."""
        if BROKEN:
            raise LookupError("a file of the model is missing")
        return super().classify(texts, usage)


def build(
    settings: WorkerSettings, settler: Settler | None = None
) -> tuple[Pipeline, dict[str, str]]:
    """The stand-in stages with real sealing and settling."""
    if settings.children > CHILDREN:
        time.sleep(LOADING_SECONDS)
        os.kill(os.getpid(), signal.SIGKILL)
    return pipeline_of(settings, settler, Classifier()), model(VERSION)


if __name__ == "__main__":
    run(build)
