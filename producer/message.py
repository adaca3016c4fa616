"""The task message: Celery protocol 2 in kombu's Redis list format.

Written by hand because `app.send_task` costs ten times as much and would bring Celery into every
backend. A contract test compares it with what Celery itself publishes.
https://docs.celeryq.dev/en/stable/internals/protocol.html
"""

from __future__ import annotations

import base64
import json
import os
import re
import time
import uuid
from functools import lru_cache
from typing import TYPE_CHECKING

from producer.keys import LANE
from producer.tracing.traceparent import TRACEPARENT

if TYPE_CHECKING:
    from datetime import datetime

TASK = "journal.classify"
QUEUE = "journal.entries"
#: The clear header (seconds since 1970) from which an exporter computes the oldest entry's age.
ENQUEUED_AT = "enqueued_at"
_EMBED = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}

_encode = json.JSONEncoder(separators=(",", ":")).encode


def encode_message(
    entry_id: str,
    sealed: str,
    *,
    queue: str = QUEUE,
    expires: datetime | None = None,
    lane: str | None = None,
    traceparent: str | None = None,
) -> bytes:
    """One element of the Redis list `queue`: the task `journal.classify(sealed)`.

    Args:
        entry_id: also the id of the task.
        sealed: the entry, sealed.
        queue: the name of the list.
        expires: when the entry is no longer to be worked on, with a time zone; None for never.
        lane: the name of its lane; None for the first one.
        traceparent: the trace that the entry belongs to; None for none, and no such header.
    """
    values = {
        "id": _encode(entry_id),
        "body": base64.b64encode(_encode([[sealed], {}, _EMBED]).encode()).decode(),
        "time": repr(time.time()),
        "expires": "null" if expires is None else _encode(expires.isoformat()),
        "tag": str(uuid.uuid4()),
        "trace": _encode(traceparent),
    }
    parts = _template(queue, os.getpid(), lane, traced=traceparent is not None)
    return "".join(values[part] if i % 2 else part for i, part in enumerate(parts)).encode()


def decode_message(message: bytes) -> tuple[str, str]:
    """The entry id and the sealed entry of a message that `encode_message` or Celery made.

    Raises:
        ValueError: it is no such message.
    """
    try:
        payload = json.loads(message)
        body = payload["body"]
        if payload["properties"].get("body_encoding") == "base64":
            body = base64.b64decode(body)
        return str(payload["headers"]["id"]), str(json.loads(body)[0][0])
    except (LookupError, TypeError, AttributeError, RecursionError):
        raise ValueError("no task message") from None


@lru_cache(maxsize=16)
def _template(queue: str, pid: int, lane: str | None, *, traced: bool) -> list[str]:
    """The message as JSON, cut where it differs: literals, with names of values in between.

    Only six values of a message are its own; encoding the rest each time took most of the time.
    `argsrepr` and `kwargsrepr` stay empty: Celery would show them in logs, events and Flower.
    """
    text = _encode(
        {
            "body": "\0body\0",
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {
                "lang": "py",
                "task": TASK,
                "id": "\0id\0",
                "shadow": None,
                "eta": None,
                "expires": "\0expires\0",
                "group": None,
                "group_index": None,
                "retries": 0,
                "timelimit": [None, None],
                "root_id": "\0id\0",
                "parent_id": None,
                "argsrepr": "",
                "kwargsrepr": "",
                "origin": f"journal-{pid}",
                "ignore_result": True,
                "replaced_task_nesting": 0,
                "stamped_headers": None,
                "stamps": {},
                ENQUEUED_AT: "\0time\0",
                **({} if lane is None else {LANE: lane}),
                **({TRACEPARENT: "\0trace\0"} if traced else {}),
            },
            "properties": {
                "correlation_id": "\0id\0",
                "reply_to": "",
                "delivery_mode": 2,
                "delivery_info": {"exchange": "", "routing_key": queue},
                "priority": 0,
                "body_encoding": "base64",
                "delivery_tag": "\0tag\0",
            },
        }
    )
    # Numbers and encoded strings bring their own quotes or none; the others stand inside them.
    text = re.sub(r'"\\u0000(id|time|expires|trace)\\u0000"', r"\\u0000\1\\u0000", text)
    return re.split(r"\\u0000(id|time|expires|trace|tag|body)\\u0000", text)
