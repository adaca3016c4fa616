"""Entries, and the queue as a worker sees it: for tests that submit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from producer import JournalEntry
from producer.operations.base import Computation

if TYPE_CHECKING:
    import redis

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


def jsonl(*rows: Any) -> str:
    """These rows as JSON Lines."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def summary(result: Any) -> dict[str, int]:
    """The counts that `journal submit --file` prints at its end."""
    counts: dict[str, int] = json.loads(result.stdout)
    return counts
