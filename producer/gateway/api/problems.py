"""Errors as callers get them: `application/problem+json` (RFC 9457), without any text."""

from __future__ import annotations

import json
import math
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from producer.errors import (
    BackpressureError,
    JournalError,
    NotReplicated,
    SealError,
    Unavailable,
    ValidationError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pydantic
    from fastapi.exceptions import RequestValidationError
    from starlette.exceptions import HTTPException
    from starlette.requests import Request

MEDIA_TYPE = "application/problem+json"
#: Seconds after which to try again where nothing better is known.
RETRY_SECONDS = 2
#: What an error may name. The caller chose any other name of a member, and it could be text.
_MEMBERS = {"entries", "text", "context", "id", "wait", "after", "query", "entry_id"}
_MOST_DETAILS = 5


class ProblemDetails(BaseModel):
    """What went wrong."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Unprocessable Entity",
                    "status": 422,
                    "detail": "text: Field required",
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    detail: str


class ProblemError(Exception):
    """A request that is answered with a problem.

    Args:
        status: of the answer.
        detail: for the caller; never a text, nor anything else that the caller sent.
        headers: of the answer.
        members: further members of the problem.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.members = members

    def response(self) -> Response:
        """The answer."""
        problem = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **self.members,
        }
        return Response(json.dumps(problem), self.status, self.headers, MEDIA_TYPE)


def retry_later(status: int, detail: str, seconds: float = RETRY_SECONDS) -> ProblemError:
    """A problem that passes: the caller is told when to try again."""
    headers = {"Retry-After": str(max(1, math.ceil(seconds)))}
    return ProblemError(status, detail, headers=headers)


def of_validation(error: pydantic.ValidationError) -> ProblemError:
    """The problem of a body that breaks a rule."""
    return ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY, _described(error.errors(include_url=False))
    )


def of_journal_error(error: JournalError) -> ProblemError:
    """The problem that an error of the producer is to a caller.

    A full queue is 503 and not 429: it is the system that is full, whoever filled it, and a caller
    who keeps to its rate limit did nothing wrong.
    """
    if isinstance(error, ValidationError):
        return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
    if isinstance(error, BackpressureError):
        return retry_later(HTTPStatus.SERVICE_UNAVAILABLE, "there is no room for more entries now")
    if isinstance(error, NotReplicated):
        return retry_later(
            HTTPStatus.SERVICE_UNAVAILABLE, "not confirmed in time; sending it again is safe"
        )
    if isinstance(error, Unavailable):
        return retry_later(HTTPStatus.SERVICE_UNAVAILABLE, "the queue cannot be reached now")
    if isinstance(error, SealError):
        return ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, "the result cannot be opened here")
    return ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, "the gateway is not set up correctly")


async def on_problem(_: Request, error: Exception) -> Response:
    """Answer a problem that a route raised."""
    assert isinstance(error, ProblemError)
    return error.response()


async def on_http_exception(_: Request, error: Exception) -> Response:
    """Answer what the framework refuses: no such path, no such method."""
    raised: HTTPException = error  # type: ignore[assignment]
    detail = {404: "there is nothing here", 405: "the path does not take this method"}
    return ProblemError(
        raised.status_code,
        detail.get(raised.status_code, "the request cannot be answered"),
        headers=raised.headers,
    ).response()


async def on_invalid_request(_: Request, error: Exception) -> Response:
    """Answer a query that breaks a rule, without quoting it."""
    raised: RequestValidationError = error  # type: ignore[assignment]
    detail = _described(raised.errors())
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, detail).response()


async def on_error(*_: object) -> Response:
    """Answer an error of the gateway itself, of which its log tells."""
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return ProblemError(status, "an error of the gateway, which its log tells").response()


def _described(errors: Any) -> str:
    parts = []
    for one in errors[:_MOST_DETAILS]:
        place = ".".join(_named(part) for part in one["loc"])
        parts.append(f"{place or 'body'}: {one['msg']}")
    if len(errors) > _MOST_DETAILS:
        parts.append(f"and {len(errors) - _MOST_DETAILS} more")
    return "; ".join(parts)


def _named(part: Any) -> str:
    return str(part) if isinstance(part, int) or part in _MEMBERS else "(another member)"
