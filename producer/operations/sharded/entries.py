"""One entry by its id, wherever it is; what all shards hold together. Free of I/O."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from producer.errors import JournalError, NoReply
from producer.operations import dead_letters
from producer.operations.cancel import cancel as cancel_on_one
from producer.operations.reply import wait_for_reply
from producer.operations.sharded.plan import (
    errors_of,
    join_id,
    on_one,
    raise_for_outcomes,
    split_id,
)
from producer.operations.status import Status
from producer.operations.status import status as status_of_one
from producer.schemas import check_entry_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from producer.operations.dead_letters import StoredLetter
    from producer.operations.sharded.plan import Plan
    from producer.schemas import JournalResult
    from producer.sealing import KeySet
    from producer.settings import Settings
    from producer.sharding.shards import Shards

log = logging.getLogger(__name__)

#: Between the positions on the dead streams of all shards.
_POSITIONS = "+"


def result(
    entry_id: str, shards: Shards, keys: KeySet, settings: Settings, *, timeout: float
) -> Plan[JournalResult]:
    """The result of one entry; see `producer.operations.reply.wait_for_reply`."""
    check_entry_id(entry_id)
    *others, last = shards.owners(entry_id)
    ask = partial(wait_for_reply, entry_id, keys, settings, timeout=timeout)
    for name in others:
        try:
            return (yield from on_one(name, ask()))
        except NoReply:
            pass  # it may have been submitted before the weights were changed
    return (yield from on_one(last, ask()))


def cancel(
    entry_id: str, shards: Shards, settings: Settings, *, timeout_seconds: float
) -> Plan[bool]:
    """Cancel one entry; see `producer.operations.cancel.cancel`."""
    check_entry_id(entry_id)
    for name in shards.owners(entry_id):
        operation = cancel_on_one(entry_id, settings, timeout_seconds=timeout_seconds)
        if (yield from on_one(name, operation)):
            return True
    return False


def status(shards: Shards, settings: Settings) -> Plan[Status]:
    """The counts of all shards together, with those of each.

    Raises:
        JournalError: of a shard that did not answer: without it all counts would be too low.
    """
    outcomes = yield {name: status_of_one(settings) for name in shards.names}
    return summed(raise_for_outcomes(outcomes))


def statuses(shards: Shards, settings: Settings) -> Plan[dict[str, Any]]:
    """The counts of each shard, or its error."""
    return dict((yield {name: status_of_one(settings) for name in shards.names}))


def summed(found: Any) -> Status:
    """The counts of several shards together.

    Args:
        found: the counts of each, by name.
    """
    each: dict[str, Status] = dict(found)
    counts = each.values()
    return Status(
        ready=sum(one.ready for one in counts),
        claimed=sum(one.claimed for one in counts),
        results=sum(one.results for one in counts),
        dead=sum(one.dead for one in counts),
        parked=sum(one.parked for one in counts),
        groups=_summed(one.groups for one in counts),
        lanes=_summed(one.lanes for one in counts),
        shards=each,
    )


def failed(shards: Shards, settings: Settings, after: str, count: int) -> Plan[list[StoredLetter]]:
    """Up to `count` dead letters of all shards, by the time of their shards' clocks.

    The `stream_id` of each tells its own place and behind it how far the other shards were read,
    since their clocks differ: none is passed over.

    Args:
        shards: all of them. One that does not answer is left out, unless nothing is found.
        settings: how the dead stream is called.
        after: the `stream_id` of the last dead letter seen; "" to begin with the oldest.
        count: how many to return at most.
    """
    told = [split_id(part, shards) for part in after.split(_POSITIONS) if part]
    read = dict(told)
    outcomes = yield {
        name: dead_letters.page(settings, read.get(name, ""), count) for name in shards.names
    }
    found = [
        (name, letter)
        for name, outcome in outcomes.items()
        if not isinstance(outcome, JournalError)
        for letter in outcome
    ]
    for error in errors_of(outcomes):
        if not found:
            raise error
        log.warning("%s; its dead letters are left out", error)
    found.sort(key=lambda pair: _time_of(pair[1]))
    letters = []
    for name, letter in found[:count]:
        read[name] = letter.stream_id
        positions = [join_id(name, letter.stream_id)]
        positions += [join_id(other, place) for other, place in read.items() if other != name]
        letters.append(replace(letter, stream_id=_POSITIONS.join(positions)))
    return letters


def place_of(stream_id: str, shards: Shards) -> tuple[str, str]:
    """The shard of a dead letter, and its own stream id there.

    Raises:
        ValidationError: there is no such shard.
    """
    return split_id(stream_id.partition(_POSITIONS)[0], shards)


def _time_of(letter: StoredLetter) -> tuple[int, ...]:
    return tuple(int(part) for part in letter.stream_id.split("-"))


def _summed(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for some in counts:
        total.update(some)
    return dict(total)
