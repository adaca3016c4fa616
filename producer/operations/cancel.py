"""Cancelling an entry: nothing of it is published, and nothing of it stays. Free of I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from producer.operations.base import raise_for_errors, script
from producer.operations.replication import confirmation, raise_unless_confirmed
from producer.schemas import check_entry_id

if TYPE_CHECKING:
    from producer.keys import QueueKeys
    from producer.operations.base import Operation
    from producer.settings import Settings

_NOT_REMEMBERED, _CANCELLED, _ANSWERED = range(3)
#: Most messages and bytes of one page: it holds Redis for about a millisecond.
_PAGE_MESSAGES, _PAGE_BYTES = 512, 1024 * 1024
#: How often the whole queue is looked through: a message may move behind the search, as when a
#: worker claims it. One that is missed every time is dropped by the worker that settles it.
_ROUNDS = 5


def cancel(entry_id: str, settings: Settings, *, timeout_seconds: float) -> Operation[bool]:
    """Cancel an entry that is not answered yet.

    Args:
        entry_id: of the entry.
        settings: how the queue is called, and how many replicas have to confirm.
        timeout_seconds: of the call, of which the replicas get a part.

    Returns:
        Whether it was there. If so its result is never published, its message is removed from the
        queue or from the worker that has it, and its id can be submitted again.

    Raises:
        ValidationError: it is no entry id.
        NotReplicated: too few replicas confirmed it.
        JournalError: an error reply of Redis.
    """
    check_entry_id(entry_id)
    keys = settings.queue_keys
    seen, reply = keys.seen + entry_id, keys.reply + entry_id
    command = ("EVAL", script("cancel"), 3, seen, reply, keys.claims, settings.reply_seconds)
    (state,) = raise_for_errors((yield [command]))
    if state == _ANSWERED:
        return False
    removed = False
    # What nobody remembers can hardly be there: one round is enough.
    for _ in range(_ROUNDS if state == _CANCELLED else 1):
        removed = yield from _remove(entry_id, keys)
        (mark,) = raise_for_errors((yield [("GET", seen)]))
        if removed or (state == _CANCELLED and mark != b"cancelled"):
            break  # otherwise a worker settled it meanwhile, and dropped it
    if wait := confirmation(settings, timeout_seconds):
        # WAIT looks at what its own connection wrote last, so it gets something to look at.
        replies = yield [("SET", f"{seen} ", "", "PX", 1), *wait]  # no id ends with a space
        raise_unless_confirmed(raise_for_errors(replies)[1:], settings, "the cancellation")
    return removed or bool(state == _CANCELLED)


def _remove(entry_id: str, keys: QueueKeys) -> Operation[bool]:
    """Look through all that waits, then through all claims; returns whether it was found."""
    names = (keys.leases, keys.deliveries, keys.seen + entry_id)
    source = script("remove")
    places = [(name, "list") for name in (*keys.waiting, *keys.all_parked)]
    places.append((keys.claims, "claims"))
    for name, kind in places:
        page = b"0"
        while True:
            arguments = (entry_id, kind, page, _PAGE_MESSAGES, _PAGE_BYTES)
            (reply,) = raise_for_errors((yield [("EVAL", source, 4, name, *names, *arguments)]))
            found, page = reply
            if found:
                return True
            if int(page) == 0:
                break
    return False
