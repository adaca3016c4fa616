"""The worker's stages for a peer, and the same answer to an entry that the worker would give.

Whatever serves them, they are loaded as a worker loads them on a CPU, in each process by itself. An
entry comes and its result goes as the JSON that a worker would seal: a peer behind HTTP seals
nothing.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

from tests.bench.peers.servers.unsealed import Kept, Unsealed, tell_ready
from worker.child import factory, process
from worker.child.pipeline import Pipeline
from worker.errors import StartupError
from worker.models.precision import set_threads
from worker.protocol import Claim
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.broker.settlement import Settler

#: As many entries as a worker's child gets at once.
BATCH = 64


class Answerer:
    """Answers batches of entries; made in the process that is to answer them."""

    def __init__(self) -> None:
        self._kept = Kept()
        self._pipeline = pipeline(WorkerSettings.load(), Unsealed(), self._kept)
        tell_ready()

    def answer(self, entries: Sequence[dict[str, str]]) -> list[str]:
        """The results of a batch, as JSON, in the order of the entries.

        Args:
            entries: of each its `entry_id`, and as `entry` the JSON of the whole.
        """
        self._pipeline.run(
            [Claim(entry_id=one["entry_id"], sealed=one["entry"]) for one in entries]
        )
        return self._kept.answers


def pipeline(settings: WorkerSettings, keys: Any, settler: Settler) -> Pipeline:
    """Load the stages in this process and string them together.

    Raises:
        StartupError: a model cannot be loaded, or this is not for a CPU.
    """
    stages = factory.load_ahead(settings)
    if stages is None:
        raise StartupError("peers are compared on a CPU")
    set_threads(settings.threads_per_child)
    process.silence_core_dumps()
    made = Pipeline(
        keys=keys,
        anonymizer=stages.anonymizer,
        classifier=stages.classifier,
        settler=settler,
        forget=stages.memory.forget,
    )
    gc.collect()
    gc.freeze()  # as the worker's children do
    return made


def build(settings: WorkerSettings, settler: Settler) -> tuple[Pipeline, dict[str, str]]:
    """For a Celery worker, whose entries and results are sealed; see `stock_worker.STAGES`."""
    made = pipeline(settings, settings.key_set(), settler)
    tell_ready()
    return made, {}
