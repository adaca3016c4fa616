"""The HTTP pages /metrics, /healthz and /readyz, served from a thread of the process."""

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


class _Server(ThreadingHTTPServer):
    """Answers each path in `pages` with what its function returns: status, body, content type.

    Attributes:
        sent: told the path of each answer that was sent whole.
    """

    pages: dict[str, Callable[[], tuple[HTTPStatus, bytes, str]]]
    sent: Callable[[str], None]


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version = "journal-stream"
    sys_version = ""
    timeout = 10  # seconds, so that a client that sends nothing does not keep its thread

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        status, body, content_type = self.server.pages.get(path, _not_found)()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.server.sent(path)

    def log_message(self, *_: object) -> None:
        """Log nothing: scrapes would fill the log."""


def _not_found() -> tuple[HTTPStatus, bytes, str]:
    return HTTPStatus.NOT_FOUND, b"not found\n", "text/plain"


def _verdict(check: Check) -> tuple[HTTPStatus, bytes, str]:
    """200 and "ok", or 503 and the problem that the check returns."""
    problem = check()
    status = HTTPStatus.SERVICE_UNAVAILABLE if problem else HTTPStatus.OK
    return status, f"{problem or 'ok'}\n".encode(), "text/plain"


class Probes:
    """An HTTP server with the pages /metrics, /healthz and /readyz.

    Args:
        registry: its metrics are what /metrics shows.
        alive: for /healthz; returns None, or why this process should be restarted.
        ready: for /readyz; returns None, or why this process cannot work now.
        host: the address to listen on.
        port: the port to listen on; 0 takes a free one.

    Raises:
        StartupError: the address or the port cannot be listened on.
    """

    def __init__(
        self, registry: CollectorRegistry, *, alive: Check, ready: Check, host: str, port: int
    ) -> None:
        try:
            self._server = _Server((host, port), _Handler)
        except (OSError, OverflowError) as exc:
            reason = getattr(exc, "strerror", None) or type(exc).__name__
            raise StartupError(f"cannot listen on {host}:{port}: {reason}") from None
        self._registry = registry
        self._scraped = False
        #: Which figures they are: those of a worker's life, and the last ones. A request keeps the
        #: number that it began with.
        self._figures = 0
        self._request = threading.local()
        self._last_read = threading.Event()
        self._server.sent = self._sent
        self._server.pages = {
            "/metrics": self._metrics,
            "/healthz": lambda: _verdict(alive),
            "/readyz": lambda: _verdict(ready),
        }

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Serve from a daemon thread."""
        threading.Thread(target=self._server.serve_forever, name="probes", daemon=True).start()

    def stop(self) -> None:
        """Stop serving and free the port."""
        self._server.shutdown()
        self._server.server_close()

    def linger(self, seconds: float) -> None:
        """Wait until the figures are read once more, as they do not change any more.

        Args:
            seconds: the longest to wait; not at all where nobody has ever read them.
        """
        if not (seconds and self._scraped):
            return
        self._figures += 1
        self._last_read.clear()
        self._last_read.wait(seconds)

    def _metrics(self) -> tuple[HTTPStatus, bytes, str]:
        self._request.figures = self._figures
        return HTTPStatus.OK, generate_latest(self._registry), CONTENT_TYPE_LATEST

    def _sent(self, path: str) -> None:
        if path == "/metrics":
            self._scraped = True
            if self._request.figures == self._figures:
                self._last_read.set()

    def close_inherited(self) -> None:
        """In a forked child: close the socket, so that the port is freed when the parent ends."""
        self._server.socket.close()
