"""Calls of the gateway, with what was answered and how long that took."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.truth.scene import Scene

#: Of so many calls one is each of those that are refused.
_ROUND = 8
#: Longer than the system stands still.
_WAIT_SECONDS = 55
#: What is open while the system stands still.
OPEN_WAITS, OPEN_STREAMS = 3, 2
KNOCKS = 3


class Caller(threading.Thread):
    """Calls the gateway, one call after another, from `start` to `stop`.

    Attributes:
        statuses: how many answers there were of each status while it called.
        seconds: that each of these calls took.
        submitted: ids of its entries as the queue knows them.
        knocks: statuses of the answers while the queue was full.
    """

    def __init__(self, scene: Scene) -> None:
        super().__init__(name="caller", daemon=True)
        self._scene = scene
        self.statuses: Counter[int] = Counter()
        self.seconds: list[float] = []
        self.submitted: list[str] = []
        self.knocks: Counter[int] = Counter()
        self._open: list[http.client.HTTPConnection] = []
        self._stopping = threading.Event()

    def run(self) -> None:
        """Call until told to stop."""
        with closing(self._connect()) as connection:
            number = 0
            while not self._stopping.is_set():
                place = number % _ROUND
                if place == 1:
                    self._call(connection, "GET", "/v1/entries/nobody-knows")
                elif place == 2:
                    self._call(connection, "GET", "/v1/entries/nobody-knows", token="jsk_app_no")
                else:
                    self._post(connection, number)
                number += 1

    def stop(self) -> None:
        """End with the call under way."""
        self._stopping.set()
        self.join(timeout=30)

    def hold_open(self) -> None:
        """Begin calls that are not answered while the system stands still."""
        calls: list[tuple[str, str, bytes | None]] = []
        calls += [("GET", "/v1/results", None)] * OPEN_STREAMS
        calls += [("POST", f"/v1/entries?wait={_WAIT_SECONDS}", _body(0))] * OPEN_WAITS
        for method, path, body in calls:
            connection = self._connect()
            connection.request(method, path, body, self._headers())
            self._open.append(connection)

    def knock_at_full_queue(self) -> None:
        """Submit where there is no room."""
        with closing(self._connect()) as connection:
            for _ in range(KNOCKS):
                connection.request("POST", "/v1/entries", _body(1), self._headers())
                answer = connection.getresponse()
                answer.read()
                self.knocks[answer.status] += 1

    def close(self) -> None:
        """End what was held open."""
        for connection in self._open:
            connection.close()

    def _post(self, connection: http.client.HTTPConnection, number: int) -> None:
        path = f"/v1/entries?wait={_WAIT_SECONDS}"
        answer = self._call(connection, "POST", path, _body(number))
        self.submitted.append(f"app:{json.loads(answer)['id']}")

    def _call(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: bytes | None = None,
        token: str = "",
    ) -> bytes:
        began = time.monotonic()
        connection.request(method, path, body, self._headers(token))
        answer = connection.getresponse()
        content = answer.read()
        self.seconds.append(time.monotonic() - began)
        self.statuses[answer.status] += 1
        return content

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._scene.gateway.port, timeout=60)

    def _headers(self, token: str = "") -> dict[str, str]:
        return {
            "Authorization": f"Bearer {token or self._scene.token}",
            "Content-Type": "application/json",
        }


def _body(number: int) -> bytes:
    return json.dumps({"text": f"entry {number + 1} by HTTP"}).encode()
