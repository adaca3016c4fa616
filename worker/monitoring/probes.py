"""The pages for machines: /metrics, /healthz and /readyz, on a thread of the parent."""

from __future__ import annotations

import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from worker.errors import StartupError

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client import CollectorRegistry

    Check = Callable[[], str | None]


class Probes:
    """An HTTP server with three pages.

    Args:
        registry: what /metrics shows.
        alive: returns None, or why this process should be restarted.
        ready: returns None, or why it cannot work yet.
    """

    def __init__(
        self, registry: CollectorRegistry, *, alive: Check, ready: Check, host: str, port: int
    ) -> None:
        class Handler(BaseHTTPRequestHandler):
            server_version = "journal-stream"
            sys_version = ""
            timeout = 10  # seconds: a client that says nothing holds no thread for ever

            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                if path == "/metrics":
                    self._answer(HTTPStatus.OK, generate_latest(registry), CONTENT_TYPE_LATEST)
                elif path in ("/healthz", "/readyz"):
                    problem = alive() if path == "/healthz" else ready()
                    status = HTTPStatus.SERVICE_UNAVAILABLE if problem else HTTPStatus.OK
                    self._answer(status, f"{problem or 'ok'}\n".encode(), "text/plain")
                else:
                    self._answer(HTTPStatus.NOT_FOUND, b"not found\n", "text/plain")

            def _answer(self, status: HTTPStatus, body: bytes, kind: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Scrapes are no news."""

        try:
            self._server = ThreadingHTTPServer((host, port), Handler)
        except (OSError, OverflowError) as exc:
            reason = getattr(exc, "strerror", None) or type(exc).__name__
            raise StartupError(f"cannot listen on {host}:{port}: {reason}") from None
        self._server.daemon_threads = True

    @property
    def port(self) -> int:
        """The port listened on (of use with port 0)."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Serve from a daemon thread."""
        threading.Thread(target=self._server.serve_forever, name="probes", daemon=True).start()

    def stop(self) -> None:
        """Stop serving and free the port."""
        self._server.shutdown()
        self._server.server_close()

    def close_inherited(self) -> None:
        """In a forked child: let go of the parent's socket, so that the port dies with it."""
        self._server.socket.close()
