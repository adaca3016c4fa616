"""A TCP proxy before Redis whose connections can fall silent, as when a NAT entry is lost."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self


class _Link:
    """A client's connection and the one it is passed on to."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.sockets = (client, server)
        self.silent = threading.Event()


class SilencingProxy:
    """Passes connections on to a port of this machine until it is told to swallow.

    A silent connection stays open and nothing passes it in either direction; connections that are
    made later work.

    Args:
        port: what it passes connections on to.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._links: list[_Link] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        #: The port it listens on.
        self.port = int(self._server.getsockname()[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self._server, *(end for link in self._links for end in link.sockets)):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def silence(self) -> int:
        """Swallow everything on all connections there are; returns how many fell silent now."""
        fresh = [link for link in self._links if not link.silent.is_set()]
        for link in fresh:
            link.silent.set()
        return len(fresh)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed: the proxy ends
            while True:
                client, _ = self._server.accept()
                link = _Link(client, socket.create_connection(("127.0.0.1", self._target)))
                self._links.append(link)
                for source, sink in (link.sockets, link.sockets[::-1]):
                    threading.Thread(
                        target=_pass_on, args=(link, source, sink), name="proxy", daemon=True
                    ).start()


def _pass_on(link: _Link, source: socket.socket, sink: socket.socket) -> None:
    """Pass on what comes, until an end closes; a silent link passes on nothing, no end either."""
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            if not link.silent.is_set():
                sink.sendall(data)
    if not link.silent.is_set():
        for one in link.sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
