"""The claim that Celery's request carries, or a message that is no entry."""

from __future__ import annotations

import json
import math
from typing import Any

from producer.jwe_form import key_id_of
from producer.message import ENQUEUED_AT
from producer.schemas import ENTRY_ID
from producer.tracing.traceparent import TRACEPARENT, as_traceparent
from worker.broker.payload import DELIVERIES_HEADER
from worker.protocol import Claim


def as_claim(request: Any) -> Claim | None:
    """The claim a request carries; None if it has no entry's id, or not one sealed text."""
    args = request.args
    if not (isinstance(args, (list, tuple)) and len(args) == 1 and isinstance(args[0], str)):
        return None
    if not (args[0].isascii() and ENTRY_ID.fullmatch(str(request.id))):  # a JWE is ASCII
        return None
    headers = request.request_dict
    return Claim(
        entry_id=str(request.id),
        sealed=args[0],
        tag=str(request.message.delivery_tag),
        enqueued_at=_seconds(headers.get(ENQUEUED_AT)),
        deliveries=int(headers.get(DELIVERIES_HEADER, 1)),
        traceparent=as_traceparent(headers.get(TRACEPARENT)),
    )


def malformed(message: Any) -> Claim:
    """The claim of a message that is no entry; `sealed` is its one argument, or its whole body.

    A dead letter keeps it only if it is sealed, as the argument of a task of a wrong name may be.
    """
    headers = message.headers if isinstance(message.headers, dict) else {}
    ident = str(headers.get("id", ""))
    body = message.body
    text = body.decode("utf-8", "backslashreplace") if isinstance(body, bytes) else str(body)
    return Claim(
        entry_id=ident if ENTRY_ID.fullmatch(ident) else "unknown",
        sealed=_sealed_argument(text) or text,
        tag=str(message.delivery_tag),
        deliveries=int(headers.get(DELIVERIES_HEADER, 1)),
    )


def _sealed_argument(body: str) -> str | None:
    """The one argument of a task, if its body holds one and that is sealed."""
    try:
        (argument,) = json.loads(body)[0]
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    return argument if isinstance(argument, str) and key_id_of(argument) else None


def _seconds(moment: Any) -> float:
    """A time since 1970, or 0 for anything else that a header may hold."""
    if not isinstance(moment, (int, float)) or isinstance(moment, bool):
        return 0.0
    try:
        seconds = float(moment)
    except OverflowError:
        return 0.0
    return seconds if math.isfinite(seconds) and seconds > 0 else 0.0
