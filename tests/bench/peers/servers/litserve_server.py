"""LitServe: worker processes behind uvicorn, which gathers requests into batches.

    python -m tests.bench.peers.servers.litserve_server PORT

A request waits up to ten milliseconds for its batch to fill, as in LitServe's documents. A worker
that dies is started again; by default the whole server would end with it.
"""

from __future__ import annotations

import sys

import litserve

from tests.bench.peers.servers.stages import BATCH, Answerer
from worker.settings import WorkerSettings

WAIT_SECONDS = 0.01
#: Longer than any request waits here.
TIMEOUT_SECONDS = 300


class Classify(litserve.LitAPI):  # type: ignore[misc]
    """What each worker process does."""

    def setup(self, device: str) -> None:
        """Load the stages."""
        self._answerer = Answerer()

    def decode_request(self, request: dict[str, str]) -> dict[str, str]:
        """An entry as it came."""
        return request

    def batch(self, inputs: list[dict[str, str]]) -> list[dict[str, str]]:
        """Entries side by side; the stages put them into tensors."""
        return inputs

    def predict(self, x: list[dict[str, str]]) -> list[str]:
        """Answer a batch."""
        return self._answerer.answer(x)

    def unbatch(self, output: list[str]) -> list[str]:
        """The results, one by one."""
        return output

    def encode_response(self, output: str) -> dict[str, str]:
        """The body of an answer."""
        return {"result": output}


def main() -> None:
    """Serve until stopped."""
    server = litserve.LitServer(
        Classify(max_batch_size=BATCH, batch_timeout=WAIT_SECONDS),
        accelerator="cpu",
        workers_per_device=WorkerSettings.load().children,
        timeout=TIMEOUT_SECONDS,
        restart_workers=True,
    )
    server.run(
        host="127.0.0.1",
        port=int(sys.argv[1]),
        num_api_servers=1,
        log_level="warning",
        access_log=False,
        generate_client_file=False,
        pretty_logs=False,
    )


if __name__ == "__main__":
    main()
