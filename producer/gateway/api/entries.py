"""`/v1/entries`: submit, look, wait, cancel."""

from __future__ import annotations

import asyncio
import re
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

import pydantic
import pydantic_core
from fastapi import APIRouter, Header, Path, Query, Request
from starlette.responses import Response

from producer.errors import (
    EntryCancelled,
    EntryFailed,
    JournalError,
    NoReply,
    NotAnswered,
    QueueFull,
)
from producer.gateway.api.access import SECURITY, Caller, Counted, Identified
from producer.gateway.api.bounds import read_body
from producer.gateway.api.documents import (
    MANY_RESPONSES,
    SUBMIT_BODY,
    described,
)
from producer.gateway.api.problems import ProblemError, of_journal_error, of_validation
from producer.gateway.entry import (
    ID_PATTERN,
    Entries,
    Entry,
    NewEntries,
    NewEntry,
    done,
    failed,
    inner_id,
)
from producer.gateway.tasks import end
from producer.schemas import JournalEntry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from producer.gateway.entry import NamedEntry
    from producer.receipts import Receipt

router = APIRouter(prefix="/v1/entries", tags=["entries"], dependencies=SECURITY)

MAX_WAIT_SECONDS = 60.0
_ID = re.compile(ID_PATTERN)

Wait = Annotated[
    float,
    Query(
        ge=0,
        le=MAX_WAIT_SECONDS,
        allow_inf_nan=False,
        description="Seconds to wait for the result.",
        examples=[5],
    ),
]
EntryId = Annotated[str, Path(description="The entry's id.", examples=["entry-17"])]


@router.post(
    "",
    status_code=202,
    response_model=Entry | Entries,
    responses=MANY_RESPONSES,
    openapi_extra={"requestBody": SUBMIT_BODY},
    summary="Submit one entry or several",
)
async def submit(
    request: Request,
    caller: Identified,
    wait: Wait = 0.0,
    idempotency_key: Annotated[
        str | None,
        Header(description="The entry's id. Sending an entry again under it is safe."),
    ] = None,
) -> Response:
    """Submit one entry, `{"text", "context"}`, or several, `{"entries": [...]}`.

    With `wait`, one entry is answered with its result if that comes in time. An id that was
    submitted before is not enqueued again: the answer tells what became of it.
    """
    body = _parsed(await read_body(request, caller.gateway))
    if isinstance(body, NewEntries):
        if wait or idempotency_key is not None:
            raise ProblemError(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "wait and Idempotency-Key go with one entry; several have an id each",
            )
        return await _submit_many(request, caller, body.entries)
    return await _submit_one(request, caller, body, _unquoted(idempotency_key), wait)


@router.get("/{entry_id}", responses=described(200, 202, 404), summary="Look at an entry")
async def look(request: Request, caller: Counted, entry_id: EntryId, wait: Wait = 0.0) -> Response:
    """The entry as it is now, or as it is once it is answered, at most `wait` seconds later."""
    return _answer(await _state(request, caller, _checked(entry_id), wait))


@router.delete(
    "/{entry_id}", status_code=204, responses=described(204, 404, 409), summary="Cancel an entry"
)
async def cancel(request: Request, caller: Counted, entry_id: EntryId) -> Response:
    """Cancel an entry that is not answered yet: it has no result, and nothing of it is kept."""
    client = caller.gateway.client
    inner = inner_id(caller.name, _checked(entry_id))
    entry = await _state(request, caller, entry_id, 0.0)
    try:
        if entry.status == "waiting" and await client.cancel(inner):
            entry = Entry(id=entry_id, status="cancelled")
    except JournalError as exc:
        raise of_journal_error(exc) from None
    if entry.status == "waiting":  # answered meanwhile, or forgotten
        entry = await _state(request, caller, entry_id, 0.0)
    if entry.status == "cancelled":
        return Response(status_code=HTTPStatus.NO_CONTENT)
    raise ProblemError(HTTPStatus.CONFLICT, "the entry is answered already")


async def _submit_one(
    request: Request, caller: Caller, new: NewEntry, given: str | None, wait: float
) -> Response:
    await caller.count()
    entry_id = given if given is not None else uuid.uuid4().hex
    (receipt,) = await _enqueue(caller, [(entry_id, new)])
    if receipt.status == "queued" and not wait:
        return _answer(Entry(id=entry_id, status="waiting"))
    try:
        return _answer(await _state(request, caller, entry_id, wait))
    except ProblemError as problem:
        if problem.status != HTTPStatus.NOT_FOUND:
            raise
        raise ProblemError(
            HTTPStatus.CONFLICT, "answered before, and the result is not kept any more"
        ) from None


async def _submit_many(request: Request, caller: Caller, entries: Sequence[NamedEntry]) -> Response:
    most = caller.gateway.gateway.max_entries
    if len(entries) > most:
        caller.gateway.metrics.refused("entries")
        raise ProblemError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {most} entries are taken at once"
        )
    named = [(one.id or uuid.uuid4().hex, one) for one in entries]
    if len({entry_id for entry_id, _ in named}) < len(named):
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "entries: two have the same id")
    await caller.count(len(named))
    receipts = await _enqueue(caller, named)
    found = []
    for (entry_id, _), receipt in zip(named, receipts, strict=True):
        if receipt.status == "queued":
            found.append(Entry(id=entry_id, status="waiting"))
        else:  # submitted before: it may be answered already
            found.append(await _earlier(request, caller, entry_id))
    body = Entries(entries=found)
    return Response(body.encode(), HTTPStatus.ACCEPTED, media_type="application/json")


async def _earlier(request: Request, caller: Caller, entry_id: str) -> Entry:
    """What became of an entry that was submitted before; done without a result if none is kept."""
    try:
        return await _state(request, caller, entry_id, 0.0)
    except ProblemError as problem:
        if problem.status != HTTPStatus.NOT_FOUND:
            raise
        return Entry(id=entry_id, status="done")


async def _enqueue(caller: Caller, named: Sequence[tuple[str, NewEntry]]) -> list[Receipt]:
    """Submit entries under the caller's name; all are valid, or none is enqueued."""
    try:
        entries = [
            JournalEntry(
                entry_id=inner_id(caller.name, entry_id), text=new.text, context=new.context
            )
            for entry_id, new in named
        ]
        return await caller.gateway.client.submit_many(
            entries,
            reply=True,
            traceparent=caller.traceparent,
            lane=caller.lane,
            tenant=caller.name,
        )
    except JournalError as exc:
        problem = of_journal_error(exc)
        taken = {receipt.entry_id for receipt in exc.receipts}
        # Of several shards one may be down or full, and the others have taken theirs.
        if taken or isinstance(exc, QueueFull):
            problem.members["entries"] = [
                {"id": entry_id, "status": "waiting"}
                for entry_id, _ in named
                if inner_id(caller.name, entry_id) in taken
            ]
        raise problem from None


async def _state(request: Request, caller: Caller, entry_id: str, wait: float) -> Entry:
    """What became of an entry, now or within so many seconds.

    Raises:
        ProblemError: it is not known, or Redis does not answer.
    """
    gateway, inner = caller.gateway, inner_id(caller.name, entry_id)
    slot = wait > 0 and gateway.waits.take()
    if wait and not slot:
        gateway.metrics.refused("waits")
    try:
        if slot:
            result = await _unless_gone(request, caller, gateway.waiter.result(inner, timeout=wait))
        else:
            result = await gateway.client.result(inner, timeout=0.0)
    except (NotAnswered, asyncio.CancelledError):
        if asyncio.current_task().cancelling():  # type: ignore[union-attr]
            raise
        return Entry(id=entry_id, status="waiting")
    except EntryFailed as exc:
        return failed(entry_id, str(exc.reason))
    except EntryCancelled:
        return Entry(id=entry_id, status="cancelled")
    except NoReply:
        raise ProblemError(
            HTTPStatus.NOT_FOUND, "there is no such entry, or it is not kept any more"
        ) from None
    except JournalError as exc:
        raise of_journal_error(exc) from None
    finally:
        if slot:
            gateway.waits.free()
    return done(entry_id, result)


async def _unless_gone(request: Request, caller: Caller, waiting: Any) -> Any:
    """Await something as long as its caller does, and as long as the process is not to end.

    Raises:
        CancelledError: nobody waits for it any more, or nobody should.
    """
    task, gone = asyncio.ensure_future(waiting), asyncio.ensure_future(_gone(request))
    drained = asyncio.get_running_loop().create_future()
    caller.gateway.waiting.add(drained)
    if caller.gateway.draining:
        drained.set_result(None)
    try:
        await asyncio.wait({task, gone, drained}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        caller.gateway.waiting.discard(drained)
        await end(task, gone, drained)
    return task.result()


async def _gone(request: Request) -> None:
    """Return when whoever sent a request, which was read, closes the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _parsed(body: bytes) -> NewEntry | NewEntries:
    try:
        content = pydantic_core.from_json(body, allow_inf_nan=False)
    except ValueError:
        raise ProblemError(HTTPStatus.BAD_REQUEST, "the body is no JSON in UTF-8") from None
    kind = NewEntries if isinstance(content, dict) and "entries" in content else NewEntry
    try:
        return kind.model_validate(content)
    except pydantic.ValidationError as exc:
        raise of_validation(exc) from None


def _unquoted(given: str | None) -> str | None:
    """The id in an `Idempotency-Key`, which may stand in quotes, as a structured field does."""
    if given is None:
        return None
    entry_id = given[1:-1] if len(given) > 1 and given[0] == given[-1] == '"' else given
    if not _ID.fullmatch(entry_id):
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "Idempotency-Key: 1 to 95 characters of A-Za-z0-9._:-"
        )
    return entry_id


def _checked(entry_id: str) -> str:
    if not _ID.fullmatch(entry_id):
        raise ProblemError(HTTPStatus.NOT_FOUND, "there is no such entry")
    return entry_id


def _answer(entry: Entry) -> Response:
    status = HTTPStatus.ACCEPTED if entry.status == "waiting" else HTTPStatus.OK
    headers = {"Location": f"/v1/entries/{entry.id}"}
    return Response(entry.encode(), status, headers, "application/json")
