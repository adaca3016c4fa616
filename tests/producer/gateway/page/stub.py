"""A stand-in for the gateway: its API and the page, answers and failures as the test wants them."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

PACKAGE = Path(__file__).parents[4] / "producer/gateway"
KEY = "jsk_demo_c2VjcmV0"
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css"}
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
#: The first answer to an entry that waits comes sooner than it was asked for.
FIRST_WAIT_SECONDS = 0.1
LIVE = {"waiting": 3, "claimed": 8, "results": 0, "dead": 0, "workers": 2, "rate": 41.5}


def result(*labels: tuple[str, float, list[tuple[int, int]]], **redactions: int) -> dict[str, Any]:
    """An answer: each label with its score and the ranges of its evidence."""
    return {
        "labels": [
            {
                "label": label,
                "score": score,
                "evidence": [{"start": start, "end": end} for start, end in ranges],
            }
            for label, score, ranges in labels
        ],
        "scores": {label: score for label, score, _ in labels} | {"Mental Filter": 0.08},
        "redactions": redactions,
        "model": "distortions@test",
        "submitted_at": "2026-11-28T12:00:00Z",
        "completed_at": "2026-11-28T12:00:00.084Z",
        "deliveries": 1,
        "context": None,
    }


class StubGateway:
    """Serves on a port of its own until it is stopped; `start` serves on the same port again.

    Attributes:
        answered: while it is not set, entries wait.
        outcome: what entries become: the fields beside `id` of an entry object.
        longest_wait: seconds that it waits for an answer, however long it is asked to.
        refusals: (status, headers, detail) for the next requests on `/v1/entries`.
        refused_method: the only HTTP method that is refused; without one any is.
        live: the figures; None: they cannot be had.
        texts: of each entry that was taken, by id.
    """

    def __init__(self) -> None:
        self.answered = threading.Event()
        self.answered.set()
        self.outcome: dict[str, Any] = {"status": "done", "result": result()}
        self.longest_wait = 60.0
        self.refusals: list[tuple[int, dict[str, str], str]] = []
        self.refused_method: str | None = None
        self.live: dict[str, Any] | None = LIVE | {"p50": 0.084, "p95": 0.31}
        self.texts: dict[str, str] = {}
        self.cancelled: set[str] = set()
        self.requests: list[str] = []
        self.connections: set[socket.socket] = set()
        self._port = 0
        self.start()

    def start(self) -> None:
        handler = type("Handler", (_Handler,), {"gateway": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), handler)
        self._server.daemon_threads = True
        self._port = self._server.server_port
        self._running = True
        # A short interval lets `stop` return at once.
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Close the port and cut every request under way."""
        self._running = False
        self._server.shutdown()
        self._server.server_close()
        for connection in tuple(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/"

    def entry(self, entry_id: str, wait: float) -> dict[str, Any] | None:
        """The entry object, after up to `wait` seconds; None: the gateway was stopped meanwhile."""
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline and not self.answered.wait(0.01):
            if not self._running:
                return None
            if entry_id in self.cancelled:
                return {"id": entry_id, "status": "cancelled"}
        if entry_id in self.cancelled or not self.answered.is_set():
            status = "cancelled" if entry_id in self.cancelled else "waiting"
            return {"id": entry_id, "status": status}
        return {"id": entry_id, **self.outcome}


class _Handler(BaseHTTPRequestHandler):
    gateway: ClassVar[StubGateway]
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.gateway.connections.add(self.connection)

    def finish(self) -> None:
        self.gateway.connections.discard(self.connection)
        with suppress(ConnectionError):
            super().finish()

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if not path.startswith("/v1/"):
            self._file(PACKAGE / "page" / ("index.html" if path == "/" else Path(path).name))
        elif self._allowed(path):
            self._api(path)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self._allowed(self.path):
            entry_id = self.headers["Idempotency-Key"]
            self.gateway.texts[entry_id] = body["text"]
            self._entry(entry_id)

    def do_DELETE(self) -> None:
        if self._allowed(self.path):
            entry_id = self.path.rpartition("/")[2]
            if entry_id not in self.gateway.texts:
                self._problem(404, "no such entry")
            elif self.gateway.answered.is_set():
                self._problem(409, "answered already")
            else:
                self.gateway.cancelled.add(entry_id)
                self._send(204)

    def _api(self, path: str) -> None:
        if path == "/v1/labels":
            known = json.loads((PACKAGE / "explanations.json").read_text("utf-8")).items()
            labels = [{"label": label, "explanation": sentence} for label, sentence in known]
            self._send(200, {"labels": [*labels, {"label": "New Pattern", "explanation": None}]})
        elif path == "/v1/live" and self.gateway.live is not None:
            self._send(200, {"at": time.time(), **self.gateway.live})
        elif path == "/v1/live":
            self._problem(503, "Redis does not answer", {"Retry-After": "1"})
        else:
            self._entry(path.rpartition("/")[2])

    def _entry(self, entry_id: str) -> None:
        if entry_id not in self.gateway.texts:
            self._problem(404, "no such entry")
            return
        asked = float(parse_qs(urlsplit(self.path).query)["wait"][0])
        most = self.gateway.longest_wait if self.command == "GET" else FIRST_WAIT_SECONDS
        wait = min(asked, most)
        entry = self.gateway.entry(entry_id, wait)
        if entry is None:
            self.close_connection = True
        else:
            self._send(202 if entry["status"] == "waiting" else 200, entry)

    def _allowed(self, path: str) -> bool:
        self.gateway.requests.append(f"{self.command} {path}")
        if self.headers["Authorization"] != f"Bearer {KEY}":
            self._problem(401, "unknown key")
        elif path.startswith("/v1/entries") and self._refused():
            status, headers, detail = self.gateway.refusals.pop(0)
            self._problem(status, detail, headers)
        else:
            return True
        return False

    def _refused(self) -> bool:
        method = self.gateway.refused_method
        return bool(self.gateway.refusals) and method in {None, self.command}

    def _problem(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        problem = {"type": "about:blank", "title": "Problem", "status": status, "detail": detail}
        self._send(status, problem, headers)

    def _send(
        self, status: int, content: object = None, headers: dict[str, str] | None = None
    ) -> None:
        body = b"" if content is None else json.dumps(content).encode()
        self._answer(status, body, {"Content-Type": "application/json", **(headers or {})})

    def _file(self, path: Path) -> None:
        body = path.read_bytes()
        kind = TYPES.get(path.suffix, "image/svg+xml")
        self._answer(200, body, {"Content-Type": kind, "Content-Security-Policy": CSP})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        # The browser may be gone: it took the entry back, or the test ended.
        with suppress(ConnectionError):
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
