"""The claim that Celery's request carries, or a message that is no entry."""

from __future__ import annotations

import math
from typing import Any

from producer.message import ENQUEUED_AT
from producer.schemas import ENTRY_ID
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
    )


def malformed(message: Any) -> Claim:
    """The claim of a message that is no entry; its body is kept as it came."""
    headers = message.headers if isinstance(message.headers, dict) else {}
    ident = str(headers.get("id", ""))
    body = message.body
    return Claim(
        entry_id=ident if ENTRY_ID.fullmatch(ident) else "unknown",
        sealed=body.decode("utf-8", "backslashreplace") if isinstance(body, bytes) else str(body),
        tag=str(message.delivery_tag),
        deliveries=int(headers.get(DELIVERIES_HEADER, 1)),
    )


def _seconds(moment: Any) -> float:
    """A time since 1970, or 0 for anything else that a header may hold."""
    if not isinstance(moment, (int, float)) or isinstance(moment, bool):
        return 0.0
    try:
        seconds = float(moment)
    except OverflowError:
        return 0.0
    return seconds if math.isfinite(seconds) and seconds > 0 else 0.0
