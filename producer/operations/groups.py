"""Consumer groups of the results: who reads them, and how far. Free of I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from producer.errors import ValidationError
from producer.operations.base import ConsumerGroup, checked, script

if TYPE_CHECKING:
    from producer.operations.base import Operation
    from producer.settings import Settings


def consumer_groups(settings: Settings) -> Operation[list[ConsumerGroup]]:
    """All groups; none where there is no stream of results yet."""
    kept, reply = yield [("XLEN", settings.results), ("XINFO", "GROUPS", settings.results)]
    if isinstance(reply, Exception) and "no such key" in str(reply):
        return []
    (kept, found) = checked([kept, reply])
    return [ConsumerGroup.of(info, kept) for info in found]


def remove_group(settings: Settings, name: str) -> Operation[ConsumerGroup]:
    """Remove a group, and the results that it alone still had to read; returns what it was.

    Raises:
        ValidationError: there is no such group.
    """
    found = {group.name: group for group in (yield from consumer_groups(settings))}
    if name in found:
        (removed, _) = checked(
            (
                yield [
                    ("XGROUP", "DESTROY", settings.results, name),
                    # Of nothing, to drop what all the others have acknowledged.
                    ("EVAL", script("acknowledge"), 1, settings.results, name),
                ]
            )
        )
        if removed:
            return found[name]
    raise ValidationError("no consumer group of the results has this name")
