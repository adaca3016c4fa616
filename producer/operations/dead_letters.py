"""Dead letters, page by page: read, replay, drop. Free of I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pydantic

from producer.errors import QueueFull
from producer.keys import keys_of
from producer.message import encode_message
from producer.operations.base import as_mapping, as_text, raise_for_errors, script
from producer.schemas import DeadLetter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
    """

    stream_id: str
    entry_id: str
    letter: DeadLetter | None

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
    return StoredLetter(stream_id, letter.entry_id, letter)


def drop(settings: Settings, stream_ids: Sequence[str]) -> Operation[int]:
    """Delete dead letters for good; returns how many were still there."""
    dropped = 0
    for first in range(0, len(stream_ids), PAGE):
        ids = stream_ids[first : first + PAGE]
        (count,) = raise_for_errors((yield [("XDEL", settings.dead, *ids)]))
        dropped += int(count)
    return dropped


def replay(settings: Settings, letters: Sequence[StoredLetter]) -> Operation[int]:
    """Put entries back on the queue and results back on their stream.

    Returns:
        How many of the dead letters were still there.

    Raises:
        QueueFull: no more room; those that found none are still dead letters.
    """
    entries: list[Any] = []
    results: list[Any] = []
    for stored in letters:
        letter = stored.letter
        if letter is None:
            continue
        if letter.reason.holds_result:
            results += [stored.stream_id, letter.entry_id, letter.sealed]
        else:
            message = encode_message(letter.entry_id, letter.sealed, queue=settings.queue)
            entries += [stored.stream_id, letter.entry_id, message]
    replayed, asked = 0, 0
    names = keys_of(settings.queue)
    queue = (settings.dead, names.queue, names.measured)
    limits = (settings.max_queue_entries, settings.max_queue_bytes)
    for source, keys, most, arguments in (
        (script("room", "replay"), queue, limits, entries),
        (script("restore"), (settings.dead, settings.results), (settings.max_results,), results),
    ):
        for part in _parts(arguments):
            command = ("EVAL", source, len(keys), *keys, *most, *part)
            ((count, refused),) = raise_for_errors((yield [command]))
            replayed += int(count)
            asked += int(refused)
    if asked:
        raise QueueFull(f"no room for {asked} of {replayed + asked} letters; they stay dead")
    return replayed


def _parts(arguments: Sequence[Any]) -> Iterator[list[Any]]:
    """The arguments, three a letter, cut by the length of the third, so that no call is long."""
    part: list[Any] = []
    total = 0
    for first in range(0, len(arguments), 3):
        size = len(arguments[first + 2])
        if part and total + size > REPLAY_BYTES:
            yield part
            part, total = [], 0
        part += arguments[first : first + 3]
        total += size
    if part:
        yield part
