"""The process: uvicorn, bounded where it is not, and ended in the order that loses nothing."""

from __future__ import annotations

import asyncio
import logging
import signal
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from producer.gateway.api.app import create_app
from producer.gateway.context import Gateway

if TYPE_CHECKING:
    import socket
    from types import FrameType

    from producer.gateway.api_keys import ApiKeys
    from producer.gateway.settings import GatewaySettings
    from producer.sealing import KeySet
    from producer.settings import Settings

log = logging.getLogger(__name__)

MAX_HEADER_BYTES = 16 * 1024
#: How long a connection without a request is kept. Balancers keep theirs for 60 s and send requests
#: on them; one that the gateway closes at that moment would be answered 502.
KEEP_ALIVE_SECONDS = 75
#: For the answers under way when the process ends; event streams and waits end at once.
_GRACE_SECONDS = 20
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: application/problem+json\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
)


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with a limit to the size of a request's headers and to their time."""

    header_seconds = 10.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._header_bytes = 0
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request no longer than for any headers."""
        super().connection_made(transport)
        self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._got_headers()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._header_bytes = 0
        self._expect_headers()

    def on_url(self, url: bytes) -> None:
        """Part of the path is there."""
        if self._has_room(len(url)):
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header is there."""
        if self._has_room(len(name) + len(value)):
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """All headers are there."""
        self._got_headers()
        if self._has_room(0):
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Part of the body is there."""
        if self._has_room(0):
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is there."""
        if self._has_room(0):
            super().on_message_complete()

    def _has_room(self, more: int) -> bool:
        before, self._header_bytes = self._header_bytes, self._header_bytes + more
        if self._header_bytes <= MAX_HEADER_BYTES:
            return True
        if before <= MAX_HEADER_BYTES:
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        return False

    def _expect_headers(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(self.header_seconds, self._too_late)

    def _got_headers(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _too_late(self) -> None:
        self._late = None
        if not self.transport.is_closing():
            self.transport.close()


class GatewayServer(uvicorn.Server):
    """uvicorn's server, which tells the balancer first and ends event streams before it waits.

    Args:
        config: of uvicorn.
        gateway: the process.
    """

    def __init__(self, config: uvicorn.Config, gateway: Gateway) -> None:
        super().__init__(config)
        self._gateway = gateway

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End in order, with exit status 0; a second Ctrl-C ends at once."""
        del frame
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Be not ready for a while, then end streams and waits, then finish what is under way."""
        self._gateway.draining = True
        log.info("not ready any more; ends in %g s", self._gateway.gateway.drain_seconds)
        await asyncio.sleep(self._gateway.gateway.drain_seconds)
        self._gateway.drain()
        await super().shutdown(sockets)


def make_server(
    settings: Settings, gateway_settings: GatewaySettings, keys: KeySet, api_keys: ApiKeys
) -> GatewayServer:
    """The server of one process, ready to `run`.

    Raises:
        ConfigurationError: a setting or the Redis URL is not usable.
    """
    gateway = Gateway(settings, gateway_settings, keys, api_keys)
    protocol = type(
        "Protocol", (BoundedProtocol,), {"header_seconds": gateway_settings.header_seconds}
    )
    config = uvicorn.Config(
        create_app(gateway),
        host=gateway_settings.host,
        port=gateway_settings.port,
        http=protocol,
        loop="uvloop",
        ws="none",
        lifespan="on",
        # A line for each request would hold ids, which are the callers' own.
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        ssl_certfile=gateway_settings.tls_cert_file,
        ssl_keyfile=gateway_settings.tls_key_file,
    )
    return GatewayServer(config, gateway)
