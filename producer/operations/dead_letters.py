"""Dead letters, page by page: read, replay, drop. Free of I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import pydantic

from producer.errors import QueueFull
from producer.jwe_form import encode_key_id
from producer.keys import LANE
from producer.message import decode_message, encode_message
from producer.operations.base import as_mapping, as_text, raise_for_errors, script
from producer.schemas import DeadLetter, DeadReason

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from producer.keys import Lane
    from producer.operations.base import Operation
    from producer.settings import Settings

#: Dead letters read in one call; each may hold 400 kB.
PAGE = 100
#: Bytes that one call puts back; one letter always goes.
REPLAY_BYTES = 1024 * 1024
#: The reason that is listed for a dead letter that this version cannot read.
UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class StoredLetter:
    """A dead letter and its place on the dead stream.

    Attributes:
        stream_id: of the dead letter on the dead stream.
        entry_id: of the entry; "" if the stream does not hold it.
        letter: the dead letter; None if it is damaged or of a kind that this version does not know.
        freed: whether its id may be submitted again since. Earlier versions freed none.
        lane: the name of the lane that the entry was in; "" for the first one.
    """

    stream_id: str
    entry_id: str
    letter: DeadLetter | None
    freed: bool = False
    lane: str = ""

    @property
    def reason(self) -> str:
        """Why the entry could not be processed."""
        return UNREADABLE if self.letter is None else self.letter.reason.value


def newest(settings: Settings) -> Operation[str]:
    """The stream id of the newest dead letter; "" if there is none."""
    (reply,) = raise_for_errors((yield [("XREVRANGE", settings.dead, "+", "-", "COUNT", 1)]))
    return as_text(reply[0][0]) if reply else ""


def page(
    settings: Settings, after: str, count: int, last: str = "+"
) -> Operation[list[StoredLetter]]:
    """Up to `count` dead letters between two stream ids, oldest first.

    Args:
        settings: how the dead stream is called.
        after: the stream id before the first; "" to begin with the oldest.
        count: how many to return at most.
        last: the stream id of the last; `+` for no bound.
    """
    start = f"({after}" if after else "-"
    (reply,) = raise_for_errors((yield [("XRANGE", settings.dead, start, last, "COUNT", count)]))
    return [_stored(as_text(stream_id), as_mapping(fields)) for stream_id, fields in reply]


def _stored(stream_id: str, fields: dict[str, Any]) -> StoredLetter:
    entry_id = as_text(fields.get("entry_id", b""))
    try:
        letter = DeadLetter.model_validate_json(fields.get("letter", b""))
    except pydantic.ValidationError:
        return StoredLetter(stream_id, entry_id, None)
    lane = as_text(fields.get(LANE, b""))
    return StoredLetter(stream_id, letter.entry_id, letter, freed="freed" in fields, lane=lane)


def drop(settings: Settings, stream_ids: Sequence[str]) -> Operation[int]:
    """Delete dead letters for good; returns how many were still there."""
    dropped = 0
    for first in range(0, len(stream_ids), PAGE):
        ids = stream_ids[first : first + PAGE]
        (count,) = raise_for_errors((yield [("XDEL", settings.dead, *ids)]))
        dropped += int(count)
    return dropped


def abandon(settings: Settings, key_id: str) -> Operation[int]:
    """Make dead letters of the entries that wait for a key, which no worker will ever have.

    Returns:
        How many.
    """
    abandoned = 0
    for parked in settings.queue_keys.all_parked:
        abandoned += yield from _abandon(settings, key_id, parked)
    return abandoned


def _abandon(settings: Settings, key_id: str, parked: str) -> Operation[int]:
    keys = settings.queue_keys
    own = encode_key_id(key_id)
    abandoned, before = 0, 0
    while True:
        # From the oldest on; what is given up makes room for what comes after it.
        first, last = -before - PAGE, -before - 1
        (elements,) = raise_for_errors((yield [("LRANGE", parked, first, last)]))
        if not elements:
            return abandoned
        arguments: list[Any] = []
        for element in reversed(elements):
            encoded, _, message = element.partition(b" ")
            if as_text(encoded) == own:
                entry_id, sealed = decode_message(message)
                letter = DeadLetter.of(entry_id, DeadReason.UNKNOWN_KEY, sealed)
                arguments += [element, letter.entry_id, letter.encode()]
        moved = 0
        if arguments:
            names = (parked, settings.dead, keys.deliveries)
            options = (keys.seen, keys.reply, settings.reply_seconds, DeadReason.UNKNOWN_KEY)
            call = ("EVAL", script("abandon"), len(names), *names, *options, *arguments)
            (moved,) = raise_for_errors((yield [call]))
        abandoned += moved
        before += len(elements) - moved


def replay(settings: Settings, letters: Sequence[StoredLetter]) -> Operation[int]:
    """Put entries back on the queue and results back on their stream.

    An entry whose text was not kept stays a dead letter, and so does one that was submitted again
    since: it would be answered twice.

    Returns:
        How many of the dead letters were still there and are back.

    Raises:
        QueueFull: no more room; those that found none are still dead letters.
    """
    lanes = settings.lane_set
    entries: dict[Lane, list[Any]] = {lane: [] for lane in lanes.all}
    results: list[Any] = []
    for stored in letters:
        letter = stored.letter
        if letter is None or not letter.sealed:
            continue
        if letter.reason.holds_result:
            results += [stored.stream_id, letter.entry_id, letter.sealed]
        else:
            # Where its lane is none any more, it goes to the first one.
            lane = next((one for one in lanes.others if one.name == stored.lane), lanes.first)
            message = encode_message(
                letter.entry_id, letter.sealed, queue=settings.queue, lane=lanes.header(lane)
            )
            entries[lane] += [stored.stream_id, letter.entry_id, message, int(stored.freed)]
    counts: list[tuple[int, int]] = []
    for lane, arguments in entries.items():
        of_lane = settings.queue_keys.lane(lane.name)
        names = (settings.dead, of_lane.queue, of_lane.measured)
        remembered = (settings.queue_keys.seen, settings.idempotency_seconds)
        call = _Replay(script("room", "replay"), names, (*settings.room_of(lane), *remembered), 4)
        counts.append((yield from _put_back(call, arguments)))
    streams = (settings.dead, settings.results)
    call = _Replay(script("restore"), streams, (settings.max_results,), 3)
    counts.append((yield from _put_back(call, results)))
    replayed = sum(back for back, _ in counts)
    refused = sum(left for _, left in counts)
    if refused:
        raise QueueFull(f"no room for {refused} of {replayed + refused} letters; they stay dead")
    return replayed


class _Replay(NamedTuple):
    """A script that puts dead letters back: its keys, its options, and its arguments a letter."""

    source: str
    keys: tuple[str, ...]
    options: tuple[Any, ...]
    width: int


def _put_back(call: _Replay, arguments: Sequence[Any]) -> Operation[tuple[int, int]]:
    """How many letters are back, and how many found no room."""
    replayed, refused = 0, 0
    for part in _parts(arguments, call.width):
        command = ("EVAL", call.source, len(call.keys), *call.keys, *call.options, *part)
        ((back, left),) = raise_for_errors((yield [command]))
        replayed += int(back)
        refused += int(left)
    return replayed, refused


def _parts(arguments: Sequence[Any], width: int) -> Iterator[list[Any]]:
    """The arguments, so many a letter, cut by the length of the third, so that no call is long."""
    part: list[Any] = []
    total = 0
    for first in range(0, len(arguments), width):
        size = len(arguments[first + 2])
        if part and total + size > REPLAY_BYTES:
            yield part
            part, total = [], 0
        part += arguments[first : first + width]
        total += size
    if part:
        yield part
