"""Waiting for the reply to one entry, in any process that knows its id. Free of I/O."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pydantic

from producer.errors import EntryCancelled, EntryFailed, NoReply, NotAnswered, SealError
from producer.keys import keys_of
from producer.operations.base import Waiting, as_mapping, as_text, raise_for_errors
from producer.schemas import JournalResult, check_entry_id
from producer.sealing import RESULT
from producer.tracing.entries import note_read

if TYPE_CHECKING:
    from typing import Any

    from producer.operations.base import Operation
    from producer.sealing import KeySet
    from producer.settings import Settings

#: The item of a reply's stream that says that a reply was asked for; what comes after it is the
#: reply.
_ASKED = "1-0"
#: How long one command waits for the reply: each that ends without it costs another round trip, and
#: a connection that went silent is noticed after so long and an answer's time.
_BLOCK_SECONDS = 5.0
#: What traces call where it is read from.
_DESTINATION = "reply"


def wait_for_reply(
    entry_id: str, keys: KeySet, settings: Settings, *, timeout: float
) -> Operation[JournalResult]:
    """Return the result of an entry that was submitted with `reply`, once it is there.

    Args:
        entry_id: of the entry.
        keys: open the result.
        settings: how the queue is called.
        timeout: seconds to wait for it at most; 0 only looks.

    Raises:
        ValidationError: it is no entry id.
        NotAnswered: it was not there in time.
        NoReply: no reply is kept and none is to come.
        EntryFailed: the entry became a dead letter.
        EntryCancelled: the entry was cancelled.
        SealError: the result does not open with these keys.
    """
    check_entry_id(entry_id)
    key = keys_of(settings.queue).reply + entry_id
    ends = time.monotonic() + timeout
    look = ("XREVRANGE", key, "+", "-", "COUNT", 1)
    (items,) = raise_for_errors((yield [look]))
    while True:
        if not items:
            raise NoReply(f"no reply is kept for entry {entry_id}, and none is to come")
        stream_id, fields = items[0]
        if as_text(stream_id) != _ASKED:
            return _read(entry_id, as_mapping(fields), keys)
        wait = min(_BLOCK_SECONDS, ends - time.monotonic())
        milliseconds = int(wait * 1000)
        if milliseconds <= 0:  # BLOCK 0 would wait for ever
            raise NotAnswered(f"entry {entry_id} was not answered in time")
        block = ("XREAD", "COUNT", 1, "BLOCK", milliseconds, "STREAMS", key, _ASKED)
        came, items = raise_for_errors((yield Waiting([block, look], wait)))
        if came:  # what is kept beside the reply may have been forgotten since
            ((_, items),) = came


def _read(entry_id: str, fields: dict[str, Any], keys: KeySet) -> JournalResult:
    if "sealed" in fields:
        began = time.time_ns()
        try:
            plaintext = keys.open(fields["sealed"], kind=RESULT, entry_id=entry_id)
            result = JournalResult.model_validate_json(plaintext)
        except pydantic.ValidationError:
            raise SealError("the reply holds no result") from None
        # The key itself is called by the entry's id: a destination for each would be no use.
        note_read(entry_id, result.traceparent, _DESTINATION, began)
        return result
    if "cancelled" in fields:
        raise EntryCancelled(f"entry {entry_id} was cancelled")
    raise EntryFailed(entry_id, as_text(fields.get("dead", b"unknown reason")))
