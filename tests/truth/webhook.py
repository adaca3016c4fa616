"""An endpoint for webhooks that counts what it gets; the first try it refuses."""

from __future__ import annotations

import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class Endpoint:
    """A server on this machine, for as long as the block.

    Attributes:
        taken, refused: when each try came that was answered with success, or not.
        url: where it is.
    """

    def __init__(self) -> None:
        self.taken: list[float] = []
        self.refused: list[float] = []
        self._lock = threading.Lock()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(endpoint.status())
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def status(self) -> HTTPStatus:
        """What the next try is answered."""
        with self._lock:
            first = not (self.taken or self.refused)
            (self.refused if first else self.taken).append(time.time())
        return HTTPStatus.INTERNAL_SERVER_ERROR if first else HTTPStatus.OK
