"""A claimed message in the form in which kombu delivers messages."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pydantic_core
from kombu.transport.virtual import Message

if TYPE_CHECKING:
    from worker.broker.records import Claimed

#: The task name under which something that is no task message is delivered, to be dead-lettered.
GARBAGE_TASK = "journal.garbage"
#: The clear header with the number of deliveries, set by us on every message we deliver.
DELIVERIES_HEADER = "journal_deliveries"

#: The key by which kombu writes dates and the like into JSON, and reads them.
_OBJECT_OF_KOMBU = b"__type__"


def as_payload(claimed: Claimed) -> dict[str, Any]:
    """A message in kombu's form with our tag; garbage comes wrapped, to be dead-lettered whole."""
    try:
        payload = _parsed(claimed.message)
        properties, headers = payload["properties"], payload["headers"]
        if not isinstance(headers["task"], str) or not isinstance(headers["id"], str):
            raise TypeError
        if headers.get("compression"):  # nobody may make the parent unpack without a limit
            raise ValueError
        # Celery shows these in events, logs and `inspect`. A producer that did not seal wrote the
        # text itself there.
        headers["argsrepr"] = headers["kwargsrepr"] = ""
        # Celery would claim what is for later, raise its limit by as much, and hold it in memory
        # without any bound: an entry is worked on when its turn comes.
        if isinstance(headers.get("eta"), str):
            datetime.fromisoformat(headers["eta"])
            headers["eta"] = None
        # Decoded here, where a failure has an end, and not a second time by kombu.
        if (encoding := properties.pop("body_encoding", None)) == "base64":
            payload["body"] = base64.b64decode(payload["body"], validate=True).decode()
        elif encoding in {None, "", "utf-8"}:
            payload["body"].encode()
        else:
            raise ValueError
        properties["delivery_tag"] = claimed.tag
        properties.setdefault("delivery_info", {})["redelivered"] = claimed.deliveries > 1
        headers[DELIVERIES_HEADER] = claimed.deliveries
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return _wrapped(claimed)
    else:
        return dict(payload)


class ClaimedMessage(Message):  # type: ignore[misc]
    """kombu's message; its body is read with the fast parser if it is JSON, as an entry's is."""

    _read: Any = None

    def decode(self) -> Any:
        """The content of the body; see `kombu.message.Message.decode`."""
        if self._read is None:
            self._read = self._content()
        return self._read

    @property
    def payload(self) -> Any:
        """The content of the body."""
        return self.decode()

    def _content(self) -> Any:
        body = self.body
        plain = (self.content_type, self.content_encoding) == ("application/json", "utf-8")
        if plain and isinstance(body, bytes) and _OBJECT_OF_KOMBU not in body:
            try:
                return pydantic_core.from_json(body, cache_strings="none")
            except ValueError:
                pass  # kombu tells what is wrong, or reads it after all
        return super().decode()


def _parsed(message: bytes) -> Any:
    """The JSON of a message.

    Pydantic's parser takes a third of the time. The standard one takes a little more for JSON, such
    as a half of a surrogate pair, and has the last word.

    Raises:
        ValueError, RecursionError: it is no JSON.
    """
    try:
        return pydantic_core.from_json(message, cache_strings="keys")
    except ValueError:
        return json.loads(message)


def _wrapped(claimed: Claimed) -> dict[str, Any]:
    """A message under the name of a task that does not exist, its bytes unchanged in its body."""
    return {
        "body": base64.b64encode(claimed.message).decode(),
        "content-type": "application/octet-stream",
        "content-encoding": "binary",
        "headers": {"task": GARBAGE_TASK, "id": "unknown", DELIVERIES_HEADER: claimed.deliveries},
        "properties": {
            "body_encoding": "base64",
            "delivery_tag": claimed.tag,
            "delivery_info": {"exchange": "", "routing_key": ""},
        },
    }
