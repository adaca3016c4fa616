"""Write a line for each alert that Alertmanager sends to this webhook.

Usage: alert_log.py, which listens on ALERT_LOG_PORT (9095). It shows that alerts arrive, and stands
where a pager or a chat would be.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MOST_BYTES = 1024 * 1024
_TIMEOUT_SECONDS = 10


def lines(told: dict[str, Any]) -> list[str]:
    """One line for each alert of a notification of Alertmanager (webhook version 4)."""
    found = []
    for alert in told["alerts"]:
        labels, notes = alert["labels"], alert["annotations"]
        words = [
            alert["status"].upper(),
            labels.get("severity", "none"),
            f"{labels['alertname']}:",
            notes.get("summary", ""),
            notes.get("action", "") if alert["status"] == "firing" else "",
        ]
        found.append(" ".join(" ".join(words).split()))
    return found


class Handler(BaseHTTPRequestHandler):
    """Takes notifications, and tells at `/healthz` that it is there."""

    timeout = _TIMEOUT_SECONDS

    def do_GET(self) -> None:
        """Answer 200 at `/healthz`."""
        self._answer(HTTPStatus.OK if self.path == "/healthz" else HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        """Write a line for each alert; 400 for what is no notification."""
        try:
            length = int(self.headers.get("Content-Length", ""))
            if not 0 <= length <= MOST_BYTES:
                raise ValueError(length)
            written = lines(json.loads(self.rfile.read(length)))
        except (ValueError, KeyError, TypeError, AttributeError):
            self._answer(HTTPStatus.BAD_REQUEST)
            return
        for line in written:
            print(line, flush=True)
        self._answer(HTTPStatus.OK)

    def log_message(self, *_: object) -> None:
        """Requests are no news; alerts are."""

    def _answer(self, status: HTTPStatus) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


def main() -> None:
    """Serve until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    port = int(os.environ.get("ALERT_LOG_PORT") or 9095)
    with ThreadingHTTPServer(("", port), Handler) as server:
        print(f"waiting for alerts on port {server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
