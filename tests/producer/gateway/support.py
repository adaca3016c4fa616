"""A gateway in a thread, callers, and a worker without models: for tests of the gateway."""

from __future__ import annotations

import base64
import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx2
from pydantic import SecretStr

from producer import JournalEntry, JournalResult
from producer.connection import connect
from producer.gateway import api_keys
from producer.gateway.server import GatewayServer, make_server
from producer.gateway.settings import GatewaySettings
from producer.schemas import DeadLetter, DeadReason
from producer.sealing import ENTRY, RESULT
from worker.broker.claims import Claims
from worker.broker.records import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from producer import KeySet, Settings
    from worker.broker.records import Claimed

TEXT = "I always ruin everything, says Zebulon."


class Worker:
    """Claims entries and answers them by the worker's own script, without models."""

    def __init__(self, settings: Settings, keys: KeySet) -> None:
        self._keys = keys
        self.entries: list[JournalEntry] = []
        self.claims = Claims(
            connect(SecretStr(settings.redis_url.get_secret_value())),
            queue=settings.queue,
            results=settings.results,
            dead=settings.dead,
            max_results=100_000,
            reply_seconds=settings.reply_seconds,
            lanes=settings.lane_set,
        )

    def work(self, most: int = 64) -> int:
        """Answer what waits; returns how many entries."""
        claimed = self.claims.claim(most) or []
        self.claims.settle([self._answer(one) for one in claimed])
        return len(claimed)

    def bury(self) -> None:
        """Let the next entry fail."""
        (claimed,) = self.claims.claim(1) or []
        entry, sealed = self._open(claimed)
        reason = DeadReason.CLASSIFIER_FAILED
        letter = DeadLetter(entry_id=entry.entry_id, reason=reason, sealed=sealed).encode()
        answer = Answer(claimed.tag, "freed", entry.entry_id, "letter", letter, reason)
        assert self.claims.settle([answer]) == [True]

    def _open(self, claimed: Claimed) -> tuple[JournalEntry, str]:
        message = json.loads(claimed.message)
        ((sealed,), _, _) = json.loads(base64.b64decode(message["body"]))
        entry_id = message["headers"]["id"]
        opened = self._keys.open(sealed, kind=ENTRY, entry_id=entry_id)
        return JournalEntry.model_validate_json(opened), sealed

    def _answer(self, claimed: Claimed) -> Answer:
        entry, _ = self._open(claimed)
        self.entries.append(entry)
        result = JournalResult(
            entry_id=entry.entry_id,
            context=entry.context,
            submitted_at=entry.submitted_at,
            completed_at=datetime.now(UTC),
            model="m",
        )
        sealed = self._keys.seal(result.encode(), kind=RESULT, entry_id=entry.entry_id)
        return Answer(claimed.tag, "result", entry.entry_id, "sealed", sealed)


@contextmanager
def working(worker: Worker) -> Iterator[Worker]:
    """Let a worker answer whatever comes, in a thread."""
    stopping = threading.Event()

    def work() -> None:
        while not stopping.is_set():
            if not worker.work():
                stopping.wait(0.002)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield worker
    finally:
        stopping.set()
        thread.join()


class Running:
    """A gateway that serves in a thread."""

    def __init__(self, server: GatewayServer) -> None:
        self.server = server
        self.gateway = server._gateway
        self._thread = threading.Thread(target=server.run)

    def start(self) -> None:
        self._thread.start()
        waiting = threading.Event()
        while not self.server.started:
            assert self._thread.is_alive(), "the gateway did not start"
            waiting.wait(0.005)
        self.port = self.server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.server.should_exit = True

    def join(self) -> None:
        self._thread.join(20)
        assert not self._thread.is_alive(), "the gateway did not end"


@contextmanager
def serving(settings: Settings, keys: KeySet, keys_file: Path, **changes: Any) -> Iterator[Running]:
    """A gateway with these settings."""
    given = {"port": 0, "drain_seconds": 0, "rate": "none", "api_keys_file": keys_file, **changes}
    gateway = GatewaySettings.load(**given)
    running = Running(make_server(settings, gateway, keys, api_keys.ApiKeys(keys_file)))
    running.start()
    try:
        yield running
    finally:
        running.stop()
        running.join()


def add_key(path: Path, name: str, **options: Any) -> str:
    """Put a new key into a file; returns it."""
    token, stored = api_keys.new_key(name, **options)
    before = api_keys.ApiKeys(path).content.keys if path.exists() else ()
    api_keys.write(path, (*before, stored))
    return token


def caller(url: str, token: str) -> httpx2.Client:
    """A client that calls with an API key."""
    headers = {"Authorization": f"Bearer {token}"}
    return httpx2.Client(base_url=url, headers=headers, timeout=20, verify=False)
