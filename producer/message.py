"""The task message: Celery protocol 2 in kombu's Redis list format.

Written by hand because `app.send_task` costs ten times as much and would bring Celery into every
backend. A contract test compares it with what Celery itself publishes.
https://docs.celeryq.dev/en/stable/internals/protocol.html
"""

from __future__ import annotations

import base64
import json
import os
import time
import uuid

TASK = "journal.classify"
QUEUE = "journal.entries"
#: The clear header that lets an exporter tell the age of the oldest entry (seconds since 1970).
ENQUEUED_AT = "enqueued_at"
_EMBED = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}


def encode_message(entry_id: str, sealed: str, *, queue: str = QUEUE) -> bytes:
    """One element of the Redis list `queue`: the task `journal.classify(sealed)`.

    `argsrepr` and `kwargsrepr` stay empty: Celery would show them in logs, events and Flower.
    """
    body = json.dumps([[sealed], {}, _EMBED], separators=(",", ":")).encode()
    message = {
        "body": base64.b64encode(body).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {
            "lang": "py",
            "task": TASK,
            "id": entry_id,
            "shadow": None,
            "eta": None,
            "expires": None,
            "group": None,
            "group_index": None,
            "retries": 0,
            "timelimit": [None, None],
            "root_id": entry_id,
            "parent_id": None,
            "argsrepr": "",
            "kwargsrepr": "",
            "origin": f"journal-{os.getpid()}",
            "ignore_result": True,
            "replaced_task_nesting": 0,
            "stamped_headers": None,
            "stamps": {},
            ENQUEUED_AT: time.time(),
        },
        "properties": {
            "correlation_id": entry_id,
            "reply_to": "",
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": queue},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": str(uuid.uuid4()),
        },
    }
    return json.dumps(message, separators=(",", ":")).encode()
