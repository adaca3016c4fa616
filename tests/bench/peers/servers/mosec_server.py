"""mosec: worker processes behind a server of its own, which gathers requests into batches.

    python -m tests.bench.peers.servers.mosec_server --address 127.0.0.1 --port PORT

A request waits up to ten milliseconds for its batch to fill, as in mosec's own examples.
"""

from __future__ import annotations

from typing import Any

from mosec import Server, Worker

from tests.bench.peers.servers.stages import BATCH, Answerer
from worker.settings import WorkerSettings

WAIT_MS = 10


class Classify(Worker):  # type: ignore[misc]
    """One worker process."""

    def __init__(self) -> None:
        super().__init__()
        self._answerer = Answerer()

    def forward(self, data: list[dict[str, str]]) -> list[dict[str, Any]]:
        """Answer a batch."""
        return [{"result": result} for result in self._answerer.answer(data)]


def main() -> None:
    """Serve until stopped."""
    server = Server()
    server.append_worker(
        Classify,
        num=WorkerSettings.load().children,
        max_batch_size=BATCH,
        max_wait_time=WAIT_MS,
    )
    server.run()


if __name__ == "__main__":
    main()
