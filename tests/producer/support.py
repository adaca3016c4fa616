"""Entries, and the queue as a worker sees it: for tests that submit."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from producer import JournalEntry, JournalResult
from producer.operations.base import Computation
from producer.sealing import RESULT

if TYPE_CHECKING:
    import redis

    from producer import KeySet
    from producer.operations.base import Operation

QUEUE = "journal.entries"


def entries(*ids: str) -> list[JournalEntry]:
    """An entry for each of these ids, all with the same text."""
    return [JournalEntry(entry_id=entry_id, text="Soup again.") for entry_id in ids]


def queued_ids(raw: redis.Redis) -> list[str]:
    """The entry ids on the queue in the order a worker takes them."""
    return [json.loads(element)["headers"]["id"] for element in reversed(raw.lrange(QUEUE, 0, -1))]


def commands_of(operation: Operation[Any], replies: list[Any] | None = None) -> list[Any]:
    """The commands that an operation yields on these replies; what it computes before is done."""
    step = next(operation) if replies is None else operation.send(replies)
    while isinstance(step, Computation):
        step = operation.send(step.run())
    return step


def publish_result(raw: redis.Redis, keys: KeySet, *entry_ids: str, **fields: Any) -> None:
    """Put results of these entries on the stream, as a worker does."""
    now = datetime.now(UTC)
    for entry_id in entry_ids:
        given = {"submitted_at": now, "completed_at": now, "model": "test 1", **fields}
        result = JournalResult(entry_id=entry_id, **given)
        sealed = keys.seal(result.encode(), kind=RESULT, entry_id=entry_id)
        raw.xadd("journal.results", {"entry_id": entry_id, "sealed": sealed})


def jsonl(*rows: Any) -> str:
    """These rows as JSON Lines."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def summary(result: Any) -> dict[str, int]:
    """The counts that `journal submit --file` prints at its end."""
    counts: dict[str, int] = json.loads(result.stdout)
    return counts
