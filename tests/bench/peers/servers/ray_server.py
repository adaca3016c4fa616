"""Ray Serve: replicas of a deployment, whose `@serve.batch` gathers requests into batches.

python -m tests.bench.peers.servers.ray_server PORT
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import ray
from ray import serve
from ray.serve._private import replica

from tests.bench.peers.servers import RAY_FOLDER
from tests.bench.peers.servers.stages import BATCH, Answerer
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from starlette.requests import Request

#: Ray's default.
WAIT_SECONDS = 0.01
#: Ray reserves a share of all memory for objects, of which there are none here.
OBJECT_STORE_BYTES = 100 * 2**20
#: More than ever wait at once.
MOST_REQUESTS = 1000


class Classify:
    """A replica."""

    def __init__(self) -> None:
        # What replicas tell one another through has no option for its address.
        listen = replica.add_port_to_grpc_server
        replica.add_port_to_grpc_server = lambda server, address: listen(
            server, address.replace("[::]", "127.0.0.1")
        )
        self._answerer = Answerer()

    @serve.batch(  # type: ignore[untyped-decorator]
        max_batch_size=BATCH, batch_wait_timeout_s=WAIT_SECONDS
    )
    async def classify(self, entries: list[dict[str, str]]) -> list[str]:
        """Answer a batch in a thread: the replica's event loop must go on to be sent requests."""
        return await asyncio.to_thread(self._answerer.answer, entries)

    async def __call__(self, request: Request) -> dict[str, Any]:
        """Answer a request."""
        return {"result": await self.classify(await request.json())}


def main() -> None:
    """Serve until stopped."""
    children = WorkerSettings.load().children
    ray.init(
        num_cpus=children,
        include_dashboard=False,
        object_store_memory=OBJECT_STORE_BYTES,
        log_to_driver=False,
        _temp_dir=os.environ[RAY_FOLDER],
    )
    quiet = {"enable_access_log": False, "log_level": "WARNING"}
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])}, logging_config=quiet)
    deployment = serve.deployment(Classify).options(
        num_replicas=children,
        ray_actor_options={"num_cpus": 1},
        max_ongoing_requests=MOST_REQUESTS,
        logging_config=quiet,
    )
    serve.run(deployment.bind(), route_prefix="/")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        signal.pause()
    finally:
        serve.shutdown()
        ray.shutdown()


if __name__ == "__main__":
    main()
