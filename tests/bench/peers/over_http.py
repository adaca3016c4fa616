"""The backend of a peer behind HTTP: one entry a request, on connections that are kept."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from http import HTTPStatus
from itertools import cycle, islice
from typing import TYPE_CHECKING

from producer import JournalEntry, JournalResult
from tests.bench.errors import BenchError
from tests.bench.gateway.measure import quantile
from tests.bench.latency import LoadLatency
from tests.bench.peers.backends import PATIENCE_SECONDS, Loss, until_quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.peers.catalogue import Peer

#: Requests that wait at once: more than two processes hold, so that full batches wait for them.
CONNECTIONS = 512
#: Within which all requests are sent.
_SENT_SECONDS = 10.0
#: What stops an entry's request from being answered.
_FAILURES = (OSError, asyncio.IncompleteReadError, ValueError, LookupError, TypeError)


class HttpBackend:
    """Asks a peer over HTTP/1.1 and spends little on it.

    Args:
        peer: how it is asked.
        port: where it serves on loopback.
        patience: seconds without any answer after which the rest counts as lost.
    """

    def __init__(self, peer: Peer, port: int, patience: float = PATIENCE_SECONDS) -> None:
        self._peer = peer
        self._port = port
        self._patience = patience
        self._head = (
            f"POST {peer.path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            "Content-Type: application/json\r\nAccept: application/json\r\n"
        )

    def round(self, texts: Sequence[str]) -> float:
        """See `Backend.round`."""
        started = time.perf_counter()
        self._all(texts)
        return time.perf_counter() - started

    def results(self, texts: Sequence[str]) -> list[JournalResult]:
        """See `Backend.results`."""
        return [JournalResult.model_validate_json(result) for result in self._all(texts)]

    def latency(self, texts: Sequence[str], rate: float, seconds: float) -> LoadLatency:
        """See `Backend.latency`."""
        return asyncio.run(self._open_loop(texts, rate, seconds))

    def loss(self, texts: Sequence[str], kill: Callable[[], None]) -> Loss:
        """See `Backend.loss`."""
        return asyncio.run(self._killed(texts, kill))

    def close(self) -> None:
        """See `Backend.close`; no connection outlives a call."""

    def _all(self, texts: Sequence[str]) -> list[str]:
        return asyncio.run(self._answers(texts))

    async def _answers(self, texts: Sequence[str]) -> list[str]:
        """The results of all texts, as many of which wait at once as there are connections."""
        results: dict[int, str] = {}
        waiting = deque(enumerate(entries(texts)))
        asked = Requests(self._peer, self._port, self._head)

        async def go_on() -> None:
            while waiting:
                number, entry = waiting.popleft()
                results[number] = await asked.ask(entry)

        tasks = [asyncio.create_task(go_on()) for _ in range(min(CONNECTIONS, len(texts)))]
        try:
            async with asyncio.timeout(len(texts) + self._patience):
                await asyncio.gather(*tasks)
        except TimeoutError:
            raise BenchError(f"{len(texts) - len(results)} entries not answered") from None
        finally:
            for task in tasks:
                task.cancel()
            asked.close()
        return [results[number] for number in range(len(texts))]

    async def _open_loop(self, texts: Sequence[str], rate: float, seconds: float) -> LoadLatency:
        """Ask at fixed moments; latency counts from the moment an entry was due."""
        asked = Requests(self._peer, self._port, self._head)
        waits: list[float] = []
        started = time.monotonic()
        due = [started + number / rate for number in range(max(1, round(rate * seconds)))]

        async def one(entry: JournalEntry, moment: float) -> None:
            await asyncio.sleep(moment - time.monotonic())
            await asked.ask(entry)
            waits.append(time.monotonic() - moment)

        chosen = entries(list(islice(cycle(texts), len(due))))
        try:
            async with asyncio.timeout(seconds + self._patience):
                await asyncio.gather(*map(one, chosen, due))
        except TimeoutError:
            raise BenchError(f"under load {len(due) - len(waits)} entries not answered") from None
        finally:
            asked.close()
        return LoadLatency(rate, len(waits), quantile(waits, 0.5), quantile(waits, 0.99))

    async def _killed(self, texts: Sequence[str], kill: Callable[[], None]) -> Loss:
        """Ask for all at once; an answer that is an error, or none, is a loss."""
        asked = Requests(self._peer, self._port, self._head)
        tasks = [asyncio.create_task(asked.answered(entry)) for entry in entries(texts)]
        await asked.wait_sent(len(texts))
        await asyncio.to_thread(kill)
        answered, seconds = await until_quiet(tasks, self._patience)
        asked.close()
        return Loss(len(texts), len(texts) - answered, 0, seconds)


class Requests:
    """Requests on as many connections as wait at once."""

    def __init__(self, peer: Peer, port: int, head: str) -> None:
        self._sent = 0
        self._one_more = asyncio.Condition()
        self._peer = peer
        self._port = port
        self._head = head
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, entry: JournalEntry) -> str:
        """Ask for an entry; returns its result as JSON.

        Raises:
            BenchError: there is no result in the answer, or no answer.
        """
        try:
            status, content = await self._post(self._peer.body(entry))
            if status != HTTPStatus.OK:
                raise BenchError(f"it answered {status}")
            result = self._peer.result(content)
        except _FAILURES as exc:
            raise BenchError(f"an entry was not answered ({type(exc).__name__})") from None
        if entry.entry_id not in result:
            raise BenchError("an entry got another's answer")
        return result

    async def answered(self, entry: JournalEntry) -> bool:
        """Whether an entry gets a result."""
        try:
            await self.ask(entry)
        except BenchError:
            return False
        return True

    async def wait_sent(self, count: int) -> None:
        """Wait until so many requests have been sent.

        Raises:
            BenchError: it does not take them.
        """
        try:
            async with asyncio.timeout(_SENT_SECONDS), self._one_more:
                await self._one_more.wait_for(lambda: self._sent >= count)
        except TimeoutError:
            raise BenchError(f"it takes no more than {self._sent} requests at once") from None

    def close(self) -> None:
        """Close all connections that are idle."""
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()

    async def _post(self, body: bytes) -> tuple[int, bytes]:
        reader, writer = await self._connection()
        kept = False
        try:
            writer.write(f"{self._head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            async with self._one_more:
                self._sent += 1
                self._one_more.notify_all()
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            content = await read_body(reader, head)
            kept = b"connection: close" not in head
        finally:
            if not kept:
                writer.close()
        self._idle.append((reader, writer))
        return int(head.split(b" ")[1]), content

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection("127.0.0.1", self._port)


async def read_body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    """The body of an answer, of a length told ahead or in chunks."""
    if b"transfer-encoding: chunked" not in head:
        length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
        return await reader.readexactly(length)
    content = b""
    while size := int(await reader.readline(), 16):
        content += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return content


def entries(texts: Sequence[str]) -> list[JournalEntry]:
    """Entries with ids that were never used before."""
    run = secrets.token_hex(6)
    return [JournalEntry(entry_id=f"{run}-{i}", text=text) for i, text in enumerate(texts)]
