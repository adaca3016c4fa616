"""What the OpenAPI document says beyond what FastAPI sees in the code."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from producer.gateway.api.problems import MEDIA_TYPE, ProblemDetails
from producer.gateway.entry import (
    EXAMPLE,
    EXAMPLE_TEXT,
    WAITING_EXAMPLE,
    Entry,
)

_PROBLEMS = {
    400: "No JSON in UTF-8.",
    401: "No valid API key.",
    404: "Not known to this API key, or not kept any more.",
    408: "The body came too slowly.",
    409: "Answered before.",
    413: "Larger than allowed.",
    415: "Another media type than `application/json`.",
    422: "A rule is broken; nothing was enqueued.",
    429: "More than the rate allows; `Retry-After` tells when to go on.",
    500: "An error of the gateway.",
    503: "No room, or the queue cannot be reached; `Retry-After` tells when to try again.",
}
_RETRY = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
_LOCATION = {"Location": {"description": "Where the entry is.", "schema": {"type": "string"}}}
_EVERYWHERE = (401, 422, 429, 500, 503)
#: Said by hand: FastAPI does not see the models, because the body is read with bounds.
SUBMIT_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "anyOf": [
                    {"$ref": "#/components/schemas/NewEntry"},
                    {"$ref": "#/components/schemas/NewEntries"},
                ]
            },
            "examples": {
                "one": {"value": {"text": EXAMPLE_TEXT, "context": "evening"}},
                "several": {
                    "value": {
                        "entries": [
                            {"id": "entry-17", "text": EXAMPLE_TEXT},
                            {"text": "A calm day, and a long walk by the river."},
                        ]
                    }
                },
            },
        }
    },
}


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The responses of a route, with the problems that every route may answer."""
    found: dict[int | str, dict[str, Any]] = {}
    for status in (*statuses, *_EVERYWHERE):
        if status == HTTPStatus.OK:
            found[status] = _entry("Answered: done, failed or cancelled.", EXAMPLE)
        elif status == HTTPStatus.ACCEPTED:
            found[status] = _entry("Waiting for its result.", WAITING_EXAMPLE)
        elif status == HTTPStatus.NO_CONTENT:
            found[status] = {"description": "Cancelled."}
        else:
            found[status] = problem(status)
    return found


def problem(status: int) -> dict[str, Any]:
    """The response of a problem."""
    response: dict[str, Any] = {
        "description": _PROBLEMS[status],
        "content": {MEDIA_TYPE: {"schema": ProblemDetails.model_json_schema()}},
    }
    if status in (429, 503):
        response["headers"] = _RETRY
    return response


def _entry(description: str, example: dict[str, Any]) -> dict[str, Any]:
    return {
        "model": Entry,
        "description": description,
        "headers": _LOCATION,
        "content": {"application/json": {"example": example}},
    }


MANY_RESPONSES = described(200, 202, 400, 408, 409, 413, 415)
