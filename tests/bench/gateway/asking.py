"""A caller of the gateway that keeps its connections and spends little on HTTP."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

from tests.bench.errors import BenchError

if TYPE_CHECKING:
    from collections.abc import Sequence

WAIT_SECONDS = 60


class Caller:
    """Submits entries one a request and waits for the result in the answer.

    Args:
        port: of the gateway, on this machine.
        token: an API key.
        connections: how many requests may wait at once.
    """

    def __init__(self, port: int, token: str, connections: int) -> None:
        self._port = port
        self._connections = connections
        self._head = (
            f"POST /v1/entries?wait={WAIT_SECONDS} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        )
        self._free = asyncio.Semaphore(connections)
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        for _, writer in self._idle:
            writer.close()

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The connection used last that the gateway keeps open, or a new one."""
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection("127.0.0.1", self._port)

    async def ask(self, text: str) -> None:
        """Submit a text and wait until its result is here.

        Raises:
            BenchError: the answer holds no result.
        """
        body = json.dumps({"text": text}).encode()
        async with self._free:
            reader, writer = await self._connection()
            writer.write(f"{self._head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(answer.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            content = await reader.readexactly(length)
            self._idle.append((reader, writer))
        status = int(answer.split(b" ")[1])
        if status != HTTPStatus.OK or b'"status":"done"' not in content:
            raise BenchError(f"the gateway answered {status} and no result")

    async def ask_all(self, texts: Sequence[str]) -> None:
        """Submit all texts, as many at once as there are connections."""
        waiting = iter(texts)

        async def go_on() -> None:
            for text in waiting:
                await self.ask(text)

        async with asyncio.TaskGroup() as group:
            for _ in range(self._connections):
                group.create_task(go_on())
