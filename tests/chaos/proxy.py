"""A TCP proxy before Redis whose connections can fall silent, as when a NAT entry is lost."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

#: By these words in what it sends first, a connection between servers or of a Sentinel is known.
_OF_SERVERS = (b"PSYNC", b"sentinel-")


class _Link:
    """A client's connection and the one it is passed on to."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.sockets = (client, server)
        self.silent = threading.Event()
        #: Whether it belongs to a server or a Sentinel, and never falls silent.
        self.spared = False

    def close(self) -> None:
        """End both connections."""
        for one in self.sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


class SilencingProxy:
    """Passes connections on to a port of this machine until it is told to swallow.

    A silent connection stays open and nothing passes it in either direction; connections that are
    made later work. Those of replicas and Sentinels are spared, so that no failover follows.

    Args:
        port: what it passes connections on to.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._links: list[_Link] = []
        self._lock = threading.Lock()
        self._server = socket.create_server(("127.0.0.1", 0))
        #: The port it listens on.
        self.port = int(self._server.getsockname()[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for link in self._links:
            link.close()

    def silence(self, choose: Callable[[], bool] = lambda: True) -> int:
        """Swallow everything on the connections there are; returns how many fell silent now.

        Those that fell silent before are closed: by now a network's time limits have ended them.

        Args:
            choose: asked for each connection; False lets it be.
        """
        with self._lock:
            for link in self._links:
                if link.silent.is_set():
                    link.close()
            self._links = [link for link in self._links if not link.silent.is_set()]
            fresh = [link for link in self._links if not link.spared and choose()]
        for link in fresh:
            link.silent.set()
        return len(fresh)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed: the proxy ends
            while True:
                client, _ = self._server.accept()
                try:
                    link = _Link(client, socket.create_connection(("127.0.0.1", self._target)))
                except OSError:  # the server is gone: so is the client's connection
                    client.close()
                    continue
                with self._lock:
                    self._links.append(link)
                for source, sink in (link.sockets, link.sockets[::-1]):
                    threading.Thread(
                        target=self._pass_on, args=(link, source, sink), name="proxy", daemon=True
                    ).start()

    def _pass_on(self, link: _Link, source: socket.socket, sink: socket.socket) -> None:
        """Pass on what comes until an end closes; a silent link passes on nothing, no end either."""
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                if any(word in data[:256] for word in _OF_SERVERS):
                    link.spared = True
                if not link.silent.is_set():
                    sink.sendall(data)
        if not link.silent.is_set():
            link.close()
            with self._lock, contextlib.suppress(ValueError):
                self._links.remove(link)
