"""The backend of a bench: submits entries and counts every answer on the results stream."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

from producer import JournalClient, JournalEntry
from producer.connection import connect
from tests.bench.errors import BenchError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from producer import KeySet, Settings

PATIENCE_SECONDS = 60.0
_COUNT = 512
_BLOCK_MS = 1000
_MS = 1e3


class Stream:
    """Submits entries and reads the stream itself, so that a second answer to an entry is seen.

    Args:
        settings: where Redis is and how queue and streams are called.
        keys: seals the entries.
    """

    def __init__(self, settings: Settings, keys: KeySet) -> None:
        self.settings = settings
        self.keys = keys
        self.client = JournalClient(settings, keys)
        self._redis: Any = connect(settings.redis_url)
        self._last: bytes | str = "0-0"

    def entries(self, texts: Sequence[str]) -> list[JournalEntry]:
        """Entries with ids that were never used before."""
        run = secrets.token_hex(6)
        return [JournalEntry(entry_id=f"{run}-{i}", text=text) for i, text in enumerate(texts)]

    def round(self, texts: Sequence[str], patience: float = PATIENCE_SECONDS) -> float:
        """Submit all and wait for all answers; returns seconds from the first to the last.

        Raises:
            BenchError: something was lost, dead-lettered or answered twice.
        """
        entries = self.entries(texts)
        started = time.perf_counter()
        self.client.submit_many(entries)
        self.collect({entry.entry_id for entry in entries}, patience)
        seconds = time.perf_counter() - started
        self.clear()
        return seconds

    def answer(self, entry: JournalEntry) -> float:
        """Submit one and read its result; returns the seconds between."""
        started = time.perf_counter()
        self.client.submit(entry)
        deadline = started + PATIENCE_SECONDS
        while time.perf_counter() < deadline:
            for received in self.client.receive(group="bench", block=2.0):
                seconds = time.perf_counter() - started
                if received.result.entry_id != entry.entry_id:
                    raise BenchError("an entry was answered twice")
                self.client.acknowledge([received.stream_id], group="bench")
                return seconds
        raise BenchError("an entry was not answered")

    def collect(self, expected: Collection[str], patience: float = PATIENCE_SECONDS) -> None:
        """Read answers until all of these are there.

        Raises:
            BenchError: an answer is missing, or there are two, or there are dead letters.
        """
        missing = set(expected)
        progressed = time.monotonic()
        while missing:
            for entry_id in self.read(_BLOCK_MS):
                if entry_id not in missing:
                    raise BenchError("an entry was answered twice")
                missing.discard(entry_id)
                progressed = time.monotonic()
            if time.monotonic() - progressed > patience:
                dead = self._ask("XLEN", self.settings.dead)
                raise BenchError(f"{len(missing)} entries not answered ({dead} dead letters)")

    def clear(self) -> None:
        """Empty the results stream, on which every answer has been counted.

        Raises:
            BenchError: there is an answer that was not counted.
        """
        if self.read(None):
            raise BenchError("an entry was answered twice")
        self._ask("XTRIM", self.settings.results, "MAXLEN", 0)

    def skip(self) -> None:
        """Remove what is on the stream up to now, uncounted."""
        while self.read(None):
            pass
        self._ask("XTRIM", self.settings.results, "MAXLEN", 0)

    def answered_at(self) -> dict[str, float]:
        """When each result on the stream was put there, in seconds since 1970, to a millisecond."""
        items = self._ask("XRANGE", self.settings.results, "-", "+")
        moments = ((int(at.partition(b"-")[0]) / _MS, _entry_id(fields)) for at, fields in items)
        return {entry_id: moment for moment, entry_id in moments}

    def read(self, block_ms: int | None) -> list[str]:
        """The ids of the entries whose answers came since the last call; waits for one if told."""
        block = () if block_ms is None else ("BLOCK", block_ms)
        reply = self._ask(
            "XREAD", "COUNT", _COUNT, *block, "STREAMS", self.settings.results, self._last
        )
        items = reply[0][1] if reply else []
        if items:
            self._last = items[-1][0]
        return [_entry_id(fields) for _, fields in items]

    def close(self) -> None:
        """Close the connections."""
        self.client.close()
        self._redis.close()

    def _ask(self, *command: Any) -> Any:
        return self._redis.execute_command(*command)


def _entry_id(fields: Sequence[bytes]) -> str:
    return dict(zip(fields[::2], fields[1::2], strict=True))[b"entry_id"].decode()
