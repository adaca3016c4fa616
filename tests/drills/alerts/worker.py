"""A worker with stand-in stages that is out of order in ways an operator can mend.

    python -m tests.drills.alerts.worker run

It serves the model version `DRILL_VERSION`. With `DRILL_BROKEN=1` its classifier raises for every
text. Its children find memory for `DRILL_CHILDREN` of them; where there are to be more, each is
killed before it is ready.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

from producer.errors import JournalError
from tests.chaos.light_worker import LOADING_SECONDS, NoAnonymizer, NoClassifier
from worker import app
from worker.broker.settlement import settler_for
from worker.child.keys import RenewedKeys
from worker.child.pipeline import Pipeline
from worker.cli import check_redis, fail
from worker.errors import WorkerError
from worker.monitoring import logs
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.broker.settlement import Settler

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
    pipeline = Pipeline(
        keys=RenewedKeys(settings.key_set),
        anonymizer=NoAnonymizer(),
        classifier=Classifier(),
        settler=settler or settler_for(settings),
    )
    model = {"name": "stand-in", "version": VERSION, "precision": "none", "device": "cpu"}
    return pipeline, model


def main() -> None:
    """Do what `journal-worker run` does, with the stand-ins; settings from the environment."""
    try:
        settings = WorkerSettings.load()
        logs.configure(settings.log_level)
        check_redis(settings)
        code = app.run(settings, build)
    except (WorkerError, JournalError) as exc:
        fail(exc)
    sys.exit(code)


if __name__ == "__main__":
    main()
