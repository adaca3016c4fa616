"""A peer of a few lines, for the tests: two processes that accept from one socket.

python -m tests.bench.peers.fake_peer PORT [BIND]
"""

from __future__ import annotations

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from tests.bench.peers.servers.unsealed import Kept, Unsealed, tell_ready
from tests.chaos.light_worker import NoAnonymizer, NoClassifier
from worker.child.pipeline import Pipeline
from worker.protocol import Claim

if TYPE_CHECKING:
    from typing import Any


class Answering(BaseHTTPRequestHandler):
    """Answers an entry a request."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Take an entry through the stand-in stages."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        kept = Kept()
        stages: dict[str, Any] = {"anonymizer": NoAnonymizer(), "classifier": NoClassifier()}
        pipeline = Pipeline(keys=Unsealed(), settler=kept, **stages)
        pipeline.run([Claim(entry_id=asked["entry_id"], sealed=asked["entry"])])
        body = json.dumps({"result": kept.answers[0]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: a request holds a text."""


class Server(ThreadingHTTPServer):
    """Lets many wait for a connection."""

    request_queue_size = 512


def main() -> None:
    """Serve until killed."""
    port, *bind = sys.argv[1:]
    server = Server((bind[0] if bind else "127.0.0.1", int(port)), Answering)
    children = []
    for _ in range(2):
        if (pid := os.fork()) == 0:
            tell_ready()
            server.serve_forever()
        children.append(pid)
    for pid in children:
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
