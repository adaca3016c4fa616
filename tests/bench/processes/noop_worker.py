"""A worker whose children settle a fixed answer at once: what is left is the way of an entry.

    python -m tests.bench.processes.noop_worker run

Takes the JOURNAL_* settings of a worker, and in BENCH_BATCH_SECONDS how long a batch takes, if it
shall take time without computing, as on a device. Run by `tests.bench.noop` and `tests.bench.lanes`.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, cast

from producer.errors import JournalError
from worker import app
from worker.broker.settlement import settler_for
from worker.errors import WorkerError
from worker.monitoring import logs
from worker.protocol import BatchReport, Outcome, Stage
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.broker.settlement import Settler
    from worker.child.pipeline import Pipeline
    from worker.protocol import Claim

#: Characters of a sealed result with eleven scores, a label and its evidence.
SEALED_CHARACTERS = 1_100
#: The environment variable with the seconds of a batch.
BATCH_SECONDS = "BENCH_BATCH_SECONDS"


class NoopPipeline:
    """Answers every claim with the same sealed text, unopened.

    Args:
        settler: publishes the answers, as a worker's does.
    """

    def __init__(self, settler: Settler) -> None:
        self._settler = settler
        self._answer = "x" * SEALED_CHARACTERS
        self._seconds = float(os.environ.get(BATCH_SECONDS, "0"))

    def run(self, claims: Sequence[Claim]) -> BatchReport:
        """Settle a batch."""
        report = BatchReport()
        if self._seconds:
            time.sleep(self._seconds)
        with report.stage(Stage.SETTLE):
            held = self._settler.settle([(claim, self._answer) for claim in claims])
        report.outcomes = [Outcome.ANSWERED if ours else Outcome.LEASE_LOST for ours in held]
        return report


def build(
    settings: WorkerSettings, settler: Settler | None = None
) -> tuple[Pipeline, dict[str, str]]:
    """In place of `worker.child.factory.build`; settles as a worker does where not told how."""
    pipeline = cast("Pipeline", NoopPipeline(settler or settler_for(settings)))
    return pipeline, {"name": "noop", "version": "0", "precision": "none", "device": "none"}


def main() -> int:
    """Run a worker with `build` in its children."""
    try:
        settings = WorkerSettings.load()
        logs.configure(settings.log_level)
        return app.run(settings, build)
    except (WorkerError, JournalError) as exc:
        print(f"noop worker: {exc}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
