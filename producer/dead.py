"""Dead letters: what could not be processed, still sealed; look, replay, drop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pydantic

from producer.client import carry
from producer.connection import connect
from producer.errors import SealError
from producer.message import encode_message
from producer.operations import checked, script
from producer.schemas import DeadLetter, JournalEntry
from producer.sealing import ENTRY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from producer.operations import Operation
    from producer.sealing import KeySet
    from producer.settings import Settings

#: Letters read in one call; a letter may hold 200 kB.
PAGE = 100


@dataclass(frozen=True, slots=True)
class StoredLetter:
    """A dead letter and where it stands on the dead stream."""

    stream_id: str
    letter: DeadLetter


class DeadLetters:
    """The dead stream.

    Args:
        settings: where Redis is and how the streams are called.

    Raises:
        ConfigurationError: the Redis URL is not usable.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._redis = connect(settings.redis_url)

    def close(self) -> None:
        """Close the connection to Redis."""
        self._redis.close()

    def __iter__(self) -> Iterator[StoredLetter]:
        """All letters, oldest first, page by page."""
        after = "-"
        while page := carry(self._redis, _page(self._settings.dead, after)):
            yield from page
            after = f"({page[-1].stream_id}"

    def find(self, entry_id: str) -> list[StoredLetter]:
        """The letters of one entry."""
        return [stored for stored in self if stored.letter.entry_id == entry_id]

    def replay(self, letters: Sequence[StoredLetter]) -> int:
        """Put letters back on the queue; returns how many were still there.

        An entry that was answered meanwhile is answered again: the window of idempotency does not
        hold for a replay, which somebody asked for.
        """
        return carry(self._redis, _replay(self._settings, letters))

    def drop(self, letters: Sequence[StoredLetter]) -> int:
        """Delete letters for good; returns how many were still there."""
        return carry(self._redis, _drop(self._settings, letters))


def open_letter(letter: DeadLetter, keys: KeySet) -> JournalEntry:
    """The entry inside a letter, in the clear.

    Raises:
        SealError: it does not open with this key set, or is no entry.
    """
    plaintext = keys.open(letter.sealed, kind=ENTRY, entry_id=letter.entry_id)
    try:
        return JournalEntry.model_validate_json(plaintext)
    except (pydantic.ValidationError, ValueError):
        raise SealError("what was sealed is no entry") from None


def _page(stream: str, after: str) -> Operation[list[StoredLetter]]:
    (reply,) = checked((yield [("XRANGE", stream, after, "+", "COUNT", PAGE)]))
    return [_stored(stream_id, fields) for stream_id, fields in reply]


def _stored(stream_id: bytes, fields: Sequence[bytes]) -> StoredLetter:
    named = dict(zip(fields[::2], fields[1::2], strict=True))
    return StoredLetter(stream_id.decode(), DeadLetter.model_validate_json(named[b"letter"]))


def _replay(settings: Settings, letters: Sequence[StoredLetter]) -> Operation[int]:
    replayed = 0
    for first in range(0, len(letters), PAGE):
        arguments: list[Any] = []
        for stored in letters[first : first + PAGE]:
            letter = stored.letter
            message = encode_message(letter.entry_id, letter.sealed, queue=settings.queue)
            arguments += [stored.stream_id, message]
        (count,) = checked(
            (yield [("EVAL", script("replay"), 2, settings.dead, settings.queue, *arguments)])
        )
        replayed += int(count)
    return replayed


def _drop(settings: Settings, letters: Sequence[StoredLetter]) -> Operation[int]:
    if not letters:
        return 0
    ids = [stored.stream_id for stored in letters]
    (count,) = checked((yield [("XDEL", settings.dead, *ids)]))
    return int(count)
