"""BentoML: worker processes of one service, each with a dispatcher that adapts its batches.

    python -m bentoml serve tests.bench.peers.servers.bentoml_server:Classify --port PORT

A request that would have to wait longer than `max_latency_ms` is refused.
"""

from __future__ import annotations

import bentoml

from tests.bench.peers.servers.stages import BATCH, Answerer
from worker.settings import WorkerSettings

#: Longer than any request waits here; BentoML's own default.
LATENCY_MS = 60_000
TIMEOUT_SECONDS = 300


@bentoml.service(
    workers=WorkerSettings.load().children,
    traffic={"timeout": TIMEOUT_SECONDS},
    logging={"access": {"enabled": False}},
    metrics={"enabled": False},
)
class Classify:
    """The service."""

    def __init__(self) -> None:
        self._answerer = Answerer()

    @bentoml.api(  # type: ignore[untyped-decorator]
        batchable=True, max_batch_size=BATCH, max_latency_ms=LATENCY_MS
    )
    def classify(self, entries: list[dict[str, str]]) -> list[str]:
        """Answer a batch."""
        return self._answerer.answer(entries)
