"""Servers that hang, move and change roles, for tests of what a client does then."""

from __future__ import annotations

import os
import signal
import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from deploy.local.server import Server
from tests.producer.connection.support import QUICK, place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server of the test's own, which it may stop, hang or make a replica."""
    with Server(directory=tmp_path / "server", **QUICK) as running:
        yield running


@contextmanager
def hanging(server: Server) -> Iterator[None]:
    """The server takes connections and answers nothing."""
    os.kill(server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)


@pytest.fixture
def hang() -> Callable[[Server], AbstractContextManager[None]]:
    return hanging


class Proxy:
    """A name for a server that can be given to another one; connections that exist stay."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.url = ""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = [self._listener]
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                host, port = place(self.target)
                far = socket.create_connection((host, int(port)))
                self._open += [near, far]
                for source, sink in ((near, far), (far, near)):
                    thread = threading.Thread(target=self._carry, args=(source, sink))
                    self._threads.append(thread)
                    thread.start()

    @staticmethod
    def _carry(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    one = Proxy(server.url)
    yield one
    one.close()
