"""A worker with stand-in stages that notes what it does, in a file of its own and in no metric.

    python -m tests.truth.worker run

Texts are `entry <number>` and some words, or a poison entry of `tests.chaos.light_worker`. While the file
`TRUTH_HOLD` is there, batches are held in the classifier.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from producer.errors import JournalError
from tests.chaos.light_worker import NoAnonymizer, NoClassifier
from tests.truth.diary import BEGIN, END, PADDED, REDACTED_EVERY
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
    from worker.protocol import BatchReport, Claim

HOLD = Path(os.environ.get("TRUTH_HOLD", os.devnull))
DIARY = Path(os.environ.get("TRUTH_DIARY", os.devnull))
#: Seconds that the stand-in anonymizer takes for a text.
SECONDS_PER_TEXT = 0.002
_HELD_SECONDS = 0.05


#: What `Metrics.expect` is told, as it is of a real model.
COUNTED = {"labels": NoClassifier.label_names, "entity_types": ("PERSON",)}


class _Span:
    type = "PERSON"


class Batch:
    """What the stages did for the batch under way."""

    def __init__(self) -> None:
        self.tokens = self.padded = 0
        self.seconds = {"anonymize": 0.0, "classify": 0.0, "settle": 0.0}

    def as_dict(self) -> dict[str, Any]:
        """For the diary."""
        return {"tokens": self.tokens, "padded": self.padded, "seconds": self.seconds}


class Anonymizer(NoAnonymizer):
    """Says of some texts that a name was replaced in them."""

    batch = Batch()

    def anonymize(self, texts: Sequence[str]) -> list[Any]:
        """The texts as they are."""
        began = time.perf_counter()
        found = super().anonymize(texts)
        for one in found:
            one.spans = (_Span(),) if number_of(one.text) % REDACTED_EVERY == 0 else ()
        time.sleep(SECONDS_PER_TEXT * len(texts))
        self.batch.seconds["anonymize"] += time.perf_counter() - began
        return found


class Classifier(NoClassifier):
    """Counts words as tokens, and as many more as padding."""

    batch = Batch()

    def classify(self, texts: Sequence[str], usage: Any = None) -> list[Any]:
        """One finding for each text."""
        began = time.perf_counter()
        while HOLD.is_file():
            time.sleep(_HELD_SECONDS)
        try:
            found = super().classify(texts, usage)
        finally:
            self.batch.seconds["classify"] += time.perf_counter() - began
        tokens = sum(len(text.split()) for text in texts)
        self.batch.tokens += tokens
        self.batch.padded += PADDED * tokens
        if usage is not None:
            usage.tokens += tokens
            usage.padded_tokens += PADDED * tokens
        return found


class NotingPipeline(Pipeline):
    """Notes the begin and the end of each batch."""

    def run(self, claims: Sequence[Claim]) -> BatchReport:
        """As `Pipeline.run`."""
        self.batch = Anonymizer.batch = Classifier.batch = Batch()
        began = note(BEGIN, entries=[claim.entry_id for claim in claims])
        report = super().run(claims)
        note(END, began=began, **self.batch.as_dict())
        return report

    def _settle(self, items: Any) -> list[bool]:
        began = time.perf_counter()
        try:
            return super()._settle(items)
        finally:
            self.batch.seconds["settle"] += time.perf_counter() - began


def note(what: str, **told: Any) -> float:
    """Write a line into the diary; returns the time that it tells."""
    now = time.time()
    line = {
        "what": what,
        "at": now,
        "child": os.getpid(),
        "port": os.environ["JOURNAL_METRICS_PORT"],
        **told,
    }
    with DIARY.open("a", encoding="utf-8") as diary:
        diary.write(json.dumps(line) + "\n")
    return now


def number_of(text: str) -> int:
    """The number of the entry whose text this is; of any other text one that means nothing."""
    words = text.split(maxsplit=2)
    return int(words[1]) if words[0] == "entry" else 1


def build(
    settings: WorkerSettings, settler: Settler | None = None
) -> tuple[Pipeline, dict[str, str]]:
    """The stand-in stages with real sealing and settling."""
    pipeline = NotingPipeline(
        keys=RenewedKeys(settings.key_set),
        anonymizer=Anonymizer(),
        classifier=Classifier(),
        settler=settler or settler_for(settings),
    )
    return pipeline, {"name": "stand-in", "version": "0", "precision": "none", "device": "cpu"}


def main() -> None:
    """Do what `journal-worker run` does, with the stand-ins; settings from the environment."""
    try:
        settings = WorkerSettings.load()
        logs.configure(settings.log_level)
        check_redis(settings)
        code = app.run(settings, build, COUNTED)
    except (WorkerError, JournalError) as exc:
        fail(exc)
    sys.exit(code)


if __name__ == "__main__":
    main()
