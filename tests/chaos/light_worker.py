"""A worker with stand-in stages: everything real but the models, so that it starts in a second.

    python -m tests.chaos.light_worker run

A poison entry is one whose text begins with `POISON-KILL` (it kills its child), `POISON-HANG` (the
classifier never returns) or `POISON-RAISE` (the classifier raises).
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from producer.errors import JournalError
from worker import app
from worker.broker.settlement import settler_for
from worker.child.keys import RenewedKeys
from worker.child.pipeline import Pipeline
from worker.cli import check_redis, fail
from worker.errors import WorkerError
from worker.monitoring import health, logs
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.app import Build
    from worker.broker.settlement import Settler

KILL, HANG, RAISE = "POISON-KILL", "POISON-HANG", "POISON-RAISE"
#: Seconds that the stand-in classifier takes for an entry.
SECONDS_PER_ENTRY = float(os.environ.get("CHAOS_SECONDS_PER_ENTRY", "0.0005"))
#: Whether it computes in that time, as a real stage does, or sleeps.
BURN = os.environ.get("CHAOS_BURN") == "1"
#: After how many seconds without a tick the event loop counts as hanging.
LOOP_SECONDS = float(os.environ.get("CHAOS_LOOP_SECONDS", str(health.LOOP_SECONDS)))
#: Seconds until a child with a failed start dies; an earlier death is noticed by Celery itself.
LOADING_SECONDS = 0.5
#: As long as this file exists, every child dies before it is ready, as if out of memory.
DEADLY_START = Path(os.environ.get("CHAOS_DEADLY_START", os.devnull))


class _Unmapped:
    """An offset map of a text in which nothing was replaced."""

    def to_submitted(self, start: int, end: int) -> tuple[int, int]:
        return start, end


class _Untouched:
    """A text in which nothing was replaced."""

    spans = ()
    offsets = _Unmapped()

    def __init__(self, text: str) -> None:
        self.text = text


class NoAnonymizer:
    """Replaces nothing."""

    def anonymize(self, texts: Sequence[str]) -> list[Any]:
        """The texts as they are."""
        return [_Untouched(text) for text in texts]


class _Found:
    scores = (0.9, 0.1)
    labels = ("Even",)
    evidence = (((0, 1),),)


class NoClassifier:
    """Gives every text the same label after `SECONDS_PER_ENTRY`, unless it is a poison entry."""

    label_names = ("Even", "Odd")
    model_version = "stand-in@0"

    def classify(self, texts: Sequence[str], usage: Any = None) -> list[Any]:
        """One finding for each text."""
        for text in texts:
            if text.startswith(KILL):
                os.kill(os.getpid(), signal.SIGKILL)
            if text.startswith(HANG):
                time.sleep(3600)
            if text.startswith(RAISE):
                raise LookupError(text)
        _spend(SECONDS_PER_ENTRY * len(texts))
        return [_Found() for _ in texts]


def _spend(seconds: float) -> None:
    if not BURN:
        time.sleep(seconds)
        return
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def build(
    settings: WorkerSettings, settler: Settler | None = None
) -> tuple[Pipeline, dict[str, str]]:
    """The stand-in stages with real sealing; settles as a worker does where not told how."""
    if DEADLY_START.is_file():
        time.sleep(LOADING_SECONDS)
        os.kill(os.getpid(), signal.SIGKILL)
    return pipeline_of(settings, settler, NoClassifier()), model("0")


def pipeline_of(
    settings: WorkerSettings, settler: Settler | None, classifier: NoClassifier
) -> Pipeline:
    """A pipeline with real sealing, which replaces nothing."""
    return Pipeline(
        keys=RenewedKeys(settings.key_set),
        anonymizer=NoAnonymizer(),
        classifier=classifier,
        settler=settler or settler_for(settings),
    )


def model(version: str) -> dict[str, str]:
    """What a worker tells of its model."""
    return {"name": "stand-in", "version": version, "precision": "none", "device": "cpu"}


def main() -> None:
    """Run a worker with the stand-ins."""
    health.LOOP_SECONDS = LOOP_SECONDS
    run(build)


def run(build: Build) -> NoReturn:
    """Do what `journal-worker run` does, with other stages; settings from the environment."""
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
