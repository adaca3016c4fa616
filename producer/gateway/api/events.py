"""`/v1/results`: the results of an API key as server-sent events."""

from __future__ import annotations

import re
from contextlib import AsyncExitStack
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.sse import format_sse_event
from starlette.responses import Response, StreamingResponse

from producer.errors import JournalError
from producer.gateway.api.access import SECURITY, Caller, Counted
from producer.gateway.api.documents import problem
from producer.gateway.api.problems import ProblemError, of_journal_error, retry_later
from producer.gateway.delivery.listening import BETWEEN
from producer.gateway.entry import EXAMPLE
from producer.sharding.shards import MAX_SHARDS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from starlette.types import Receive, Scope, Send

    from producer.gateway.delivery.listening import Listener

router = APIRouter(prefix="/v1/results", tags=["results"], dependencies=SECURITY)

#: What clients wait before they connect again, as long as the server does not say otherwise.
_RETRY_MS = 1000
_ID = r"(?:0|[0-9]{1,15}-[0-9]{1,15})"
#: Of one Redis, or of each shard behind its name.
_ON_SHARD = rf"[a-z0-9-]{{1,32}}:{_ID}"
_POSITION = re.compile(rf"{_ID}|{_ON_SHARD}(?:{BETWEEN}{_ON_SHARD}){{0,{MAX_SHARDS - 1}}}")
_STREAM = {
    "description": "Events `result`; the data of each is an entry, and its id goes into "
    "`Last-Event-ID` to resume after it. Comments show that the stream is alive.",
    "content": {
        "text/event-stream": {
            "schema": {"type": "string"},
            "example": f"event: result\ndata: {EXAMPLE}\nid: 1764360900310-0\n\n".replace("'", '"'),
        }
    },
}
Position = Annotated[
    str | None,
    Query(description="As `Last-Event-ID`; `0` for all that is kept.", examples=["0"]),
]


class _Held(StreamingResponse):
    """A stream that holds something until it ends, also if it never begins.

    Args:
        held: what it holds.
        arguments: of `StreamingResponse`.
    """

    def __init__(self, held: AsyncExitStack, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream."""
        async with self._held:
            await super().__call__(scope, receive, send)


@router.get(
    "",
    response_class=StreamingResponse,
    responses={200: _STREAM, **{status: problem(status) for status in (400, 401, 422, 429, 503)}},
    summary="Results as they come",
)
async def results(
    caller: Counted,
    after: Position = None,
    last_event_id: Annotated[
        str | None, Header(description="Where a stream that broke is to go on.")
    ] = None,
) -> Response:
    """Results and failures of this API key, from now on or from where another stream ended.

    After `Last-Event-ID` nothing is missing and nothing comes twice, whichever process answers, as
    long as results are kept (a day by default).
    """
    position = last_event_id or after or None
    if position and not _POSITION.fullmatch(position):
        raise ProblemError(HTTPStatus.BAD_REQUEST, "Last-Event-ID: an id of an event is needed")
    async with AsyncExitStack() as stack:
        _take_slot(caller, stack)
        try:
            listening = caller.gateway.feeds.listen(caller.name, position)
            listener = await stack.enter_async_context(listening)
        except JournalError as exc:
            raise of_journal_error(exc) from None
        frames = _frames(caller, listener)
        held = stack.pop_all()
    # X-Accel-Buffering: nginx would otherwise gather events before it sends them on.
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return _Held(held, frames, HTTPStatus.OK, headers, "text/event-stream")


def _take_slot(caller: Caller, stack: AsyncExitStack) -> None:
    """Take one of the process's and one of the key's streams, until the stack is closed."""
    gateway, of_keys = caller.gateway, caller.gateway.streams_of
    most = gateway.gateway.max_streams_per_key
    if gateway.draining:
        raise retry_later(HTTPStatus.SERVICE_UNAVAILABLE, "this process ends", 1)
    if of_keys.get(caller.name, 0) >= most or not gateway.streams.take():
        gateway.metrics.refused("streams")
        raise retry_later(HTTPStatus.SERVICE_UNAVAILABLE, "too many event streams are open")
    of_keys[caller.name] = of_keys.get(caller.name, 0) + 1

    def give_back() -> None:
        gateway.streams.free()
        of_keys[caller.name] -= 1
        if not of_keys[caller.name]:
            del of_keys[caller.name]

    stack.callback(give_back)


async def _frames(caller: Caller, listener: Listener) -> AsyncGenerator[bytes]:
    """The stream: first an id without data, so that even one without events can be resumed."""
    gateway = caller.gateway
    feeds, heartbeat = gateway.feeds, gateway.gateway.heartbeat_seconds
    yield format_sse_event(retry=_RETRY_MS, id=listener.position)
    while not feeds.closed:
        try:
            events = await listener.events()
        except JournalError:
            return  # its reader comes back, and goes on where it was
        if not gateway.api_keys.is_valid(caller.key):
            return
        if events:
            yield events
        elif not await listener.wait(heartbeat):
            yield b":\n\n"
