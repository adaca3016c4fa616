"""What surrounds every request: bounds, headers for browsers, metrics, and the last resort."""

from __future__ import annotations

import asyncio
import logging
import math
import time
import traceback
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect

from producer.gateway.api.problems import ProblemError, on_error, retry_later

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from producer.gateway.context import Gateway

log = logging.getLogger(__name__)

STREAMS = "/v1/results"
#: So many times the allowed size is read of a body that is too large.
_DISCARDED = 8
_MOST_DIGITS = 19
_METHODS = {"GET", "POST", "DELETE"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Bounds:
    """Wraps the application: refuses more requests than there is room for, and catches all errors.

    Args:
        app: the application.
        gateway: the process.
    """

    def __init__(self, app: ASGIApp, gateway: Gateway) -> None:
        self._app = app
        self._gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        bounded = scope["path"].startswith("/v1/") and scope["path"] != STREAMS
        if bounded and not self._gateway.requests.take():
            self._gateway.metrics.refused("requests")
            problem = retry_later(HTTPStatus.SERVICE_UNAVAILABLE, "too many requests at once", 1)
            await self._observed(problem.response(), scope, receive, send)
            return
        try:
            await self._observed(self._app, scope, receive, send)
        finally:
            if bounded:
                self._gateway.requests.free()

    async def _observed(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        began, status = time.monotonic(), 0

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await app(scope, receive, send_on)
        except Exception as exc:  # noqa: BLE001 - what it holds could be text
            log.error("%s at %s", type(exc).__name__, _place(exc))
            self._gateway.metrics.error()
            if not status:  # raised outside of the application, which answers its own
                await (await on_error())(scope, receive, send_on)
        finally:
            route = getattr(scope.get("route"), "path", "other") or "other"
            seconds = None if scope["path"] == STREAMS else time.monotonic() - began
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._gateway.metrics.answered(method, route, status, seconds)


def _place(error: BaseException) -> str:
    """Where an error was raised, in our own code as far as there is any; no values, no message."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "producer" in Path(frame.filename).parts] or frames
    return f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "an unknown place"


async def read_body(request: Request, gateway: Gateway) -> bytes:
    """The body of a request, which is never read beyond what is allowed.

    Raises:
        ProblemError: it is too large, came too slowly, or is no JSON by its header.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise _refused(gateway, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "application/json is needed")
    most = gateway.gateway.max_body_bytes
    length = request.headers.get("content-length", "0")
    announced = int(length) if length.isdecimal() and len(length) < _MOST_DIGITS else math.inf
    body, size = bytearray(), announced
    try:
        async with asyncio.timeout(gateway.gateway.body_seconds):
            if announced <= _DISCARDED * most:
                size = await _read(request, body, most)
    except ClientDisconnect:
        raise _refused(gateway, HTTPStatus.BAD_REQUEST, "the body ended early") from None
    except TimeoutError:
        if len(body) <= most:
            problem = _refused(gateway, HTTPStatus.REQUEST_TIMEOUT, "the body came too slowly")
            raise problem from None
        size = len(body)
    if size > most:
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        raise _refused(gateway, status, f"at most {most} bytes are taken")
    return bytes(body)


async def _read(request: Request, body: bytearray, most: int) -> int:
    """Read a body into `body` until that is over the limit; returns how many bytes there were.

    The rest is read and forgotten, up to a multiple of the limit: a caller who still sends when the
    connection is closed would get a reset, and not the answer.
    """
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if len(body) <= most:
            body += chunk
        if size > _DISCARDED * most:
            break
    return size


def _refused(gateway: Gateway, status: int, detail: str) -> ProblemError:
    gateway.metrics.refused("body")
    # What is left of the body is not read, so the connection cannot go on.
    return ProblemError(status, detail, headers={"Connection": "close"})
