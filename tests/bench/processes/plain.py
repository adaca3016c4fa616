"""The bound: the worker's own components in a plain loop, without any queue. Run by `variants`."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING, Any

from tests.bench.processes.pipes import serve
from tests.bench.processes.stages import load, pipeline
from worker.protocol import Claim
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from worker.broker.settlement import Answered


class _Nowhere:
    """Settles nothing: what a pipeline call costs apart from Redis."""

    def settle(self, answers: Sequence[Answered]) -> list[bool]:
        return [True] * len(answers)


def start() -> tuple[dict[str, Any], Callable[[dict[str, Any]], dict[str, Any]]]:
    """Load what a worker's child loads.

    Answers `{"texts": [...]}` (a batch to anonymize and classify) with how many were done, and
    `{"sealed": ..., "entry_id": ...}` (one entry for the whole pipeline) with the seconds it took.
    """
    settings = WorkerSettings.load()
    stages = load(settings)
    whole = pipeline(stages, settings.key_set(), _Nowhere())

    def answer(question: dict[str, Any]) -> dict[str, Any]:
        if "texts" in question:
            anonymized = stages.anonymizer.anonymize(question["texts"])
            found = stages.classifier.classify([one.text for one in anonymized])
            stages.memory.forget()
            return {"done": len(found)}
        claim = Claim(entry_id=question["entry_id"], sealed=question["sealed"])
        started = time.perf_counter()
        report = whole.run([claim])
        return {
            "seconds": time.perf_counter() - started,
            "outcome": report.outcomes[0].value,
        }

    gc.collect()
    gc.freeze()  # as the worker's children do
    return {"precision": stages.classifier.precision.value}, answer


if __name__ == "__main__":
    serve(start)
