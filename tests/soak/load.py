"""What is submitted and read during a soak, beside the submitter and the reader of chaos."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
from contextlib import closing, suppress
from http import HTTPStatus
from itertools import cycle
from typing import TYPE_CHECKING, Any

import redis

from producer import JournalClient, JournalEntry
from producer.errors import JournalError
from tests.bench.soak import texts
from tests.chaos.readers import READ_AT_ONCE, Source, StreamReader
from tests.soak.canaries import WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from producer import Settings
    from tests.chaos.ledger import Ledger

GROUP = "ledger"
#: One of so many requests waits for its result.
_WAITS_IN = 4
_LOOK_SECONDS = 0.05
_WAIT_SECONDS = 5
_ACCEPTED = {HTTPStatus.OK, HTTPStatus.ACCEPTED}
_WORDS = " and the ".join(WORDS)


def plain_entry(number: int) -> JournalEntry:
    """An entry for stand-in stages."""
    text = f"Entry {number} with {_WORDS}. It is about as long as a short note in a diary."
    return JournalEntry(entry_id=f"soak-{number}", text=text)


def written_entries() -> Callable[[int], JournalEntry]:
    """Makes entries for real stages, of words and names that hardly ever come twice."""
    source = texts()

    def entry(number: int) -> JournalEntry:
        text = f"{next(source)} {_WORDS} came by."
        return JournalEntry(entry_id=f"written-{number}", text=text)

    return entry


class GroupReader(StreamReader):
    """Reads a results stream by a consumer group, and tells each result once.

    As `StreamReader` it counts only what the replicas have as well. What it could not acknowledge it
    is given again, after a failover too: that is no second answer, and has the same place on the
    stream.

    Args:
        store: where the stream is; it may be gone at times.
        settings: of the queue.
        tell: gets the ids of each read.
    """

    def __init__(
        self, store: Source, settings: Settings, tell: Callable[[list[str]], None]
    ) -> None:
        super().__init__(store, settings.results, tell)
        self._client = JournalClient(settings)
        self._client.receive(group=GROUP)  # makes the group
        self._from = "0"
        self._seen: set[str] = set()

    def stop(self) -> None:
        """Stop reading."""
        super().stop()
        self._client.close()

    def wait_for_all(self) -> None:
        """Wait until no result is left that was not told."""
        while self._client.status().results:
            time.sleep(_LOOK_SECONDS)

    def _read(self, client: redis.Redis) -> None:
        try:
            items = self._next(client)
            if not items:
                self._from = ">"  # nothing is left of what was read before
            elif self._confirmed(client):
                new = [(at, fields) for at, fields in items if fields and at not in self._seen]
                self._seen.update(at for at, _ in new)
                self._tell([fields["entry_id"] for _, fields in new])
                self._client.acknowledge([at for at, _ in items], group=GROUP)
            else:
                self._from = "0"
        except (redis.RedisError, OSError):
            self._from = "0"
            raise
        except JournalError:
            self._from = "0"

    def _next(self, client: redis.Redis) -> Sequence[tuple[str, dict[str, str]]]:
        where: Any = {self._stream: self._from}
        found: Any = client.xreadgroup(GROUP, "1", where, count=READ_AT_ONCE, block=200)
        items: Sequence[tuple[str, dict[str, str]]]
        if isinstance(found, dict):
            items = next(iter(found.values()))[0] if found else []
        else:
            items = found[0][1] if found else []
        if items:
            self._last = items[-1][0]  # `_confirmed` writes it
        return items


class Caller(threading.Thread):
    """Submits to gateways in turn, one request after another, some of which wait for the result.

    Args:
        ports: of the gateways; they may be gone at times.
        token: an API key.
        name: that of the API key, with which the ids of its entries begin.
        ledger: is told what was acknowledged.
        rate: requests a second.
    """

    def __init__(
        self, ports: Sequence[int], token: str, name: str, ledger: Ledger, rate: float
    ) -> None:
        super().__init__(name="caller", daemon=True)
        self._ports = cycle(ports)
        self._name = name
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._ledger = ledger
        self._every = 1 / rate
        self._stopping = threading.Event()

    def run(self) -> None:
        """Call until told to stop; what was not acknowledged is not submitted again."""
        for number in itertools.count():
            if self._stopping.wait(self._every):
                return
            with suppress(OSError, http.client.HTTPException):
                self._post(number)

    def stop(self) -> None:
        """End with the request under way."""
        self._stopping.set()
        if self.ident is not None:
            self.join(timeout=60)

    def _post(self, number: int) -> None:
        wait = f"?wait={_WAIT_SECONDS}" if number % _WAITS_IN == 0 else ""
        body = json.dumps({"text": f"Entry {number} by HTTP with {_WORDS}."})
        address = ("127.0.0.1", next(self._ports))
        with closing(http.client.HTTPConnection(*address, timeout=30)) as connection:
            connection.request("POST", f"/v1/entries{wait}", body, self._headers)
            answer = connection.getresponse()
            content = answer.read()
        if answer.status in _ACCEPTED:
            self._ledger.submitted([f"{self._name}:{json.loads(content)['id']}"])


class Follower(threading.Thread):
    """Holds an event stream of results open at a gateway.

    Args:
        port: of the gateway.
        token: an API key.

    Attributes:
        events: how many came.
    """

    def __init__(self, port: int, token: str) -> None:
        super().__init__(name="follower", daemon=True)
        self._port = port
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
        self._stopping = threading.Event()
        self.events = 0

    def run(self) -> None:
        """Follow until told to stop, on a new connection whenever one breaks."""
        while not self._stopping.wait(1.0):
            with suppress(OSError, http.client.HTTPException):
                for line in self._lines():
                    self.events += line.startswith(b"id:")
                    if self._stopping.is_set():
                        return

    def stop(self) -> None:
        """Follow no more; the stream sends a comment now and then, after which it ends."""
        self._stopping.set()

    def _lines(self) -> Iterator[bytes]:
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)) as connection:
            connection.request("GET", "/v1/results", headers=self._headers)
            yield from connection.getresponse()
