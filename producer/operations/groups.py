"""The consumer groups that read the results: list them, remove one. Free of I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from producer.errors import ValidationError
from producer.operations.base import as_mapping, as_text, raise_for_errors, script

if TYPE_CHECKING:
    from producer.operations.base import Operation
    from producer.settings import Settings


@dataclass(frozen=True, slots=True)
class ConsumerGroup:
    """A consumer group; every result stays until each group has acknowledged it.

    Attributes:
        name: of the group.
        pending: results that were delivered to it and that it has not acknowledged.
        unread: results that were not delivered to it yet.
        exact: whether `unread` is their number; otherwise it is an upper bound.
    """

    name: str
    pending: int
    unread: int
    exact: bool = True

    @property
    def backlog(self) -> int:
        """Results it has not acknowledged."""
        return self.pending + self.unread

    @classmethod
    def of(cls, info: Any, kept: int = 0) -> ConsumerGroup:
        """A group from its part of the reply to `XINFO GROUPS`, on a stream of `kept` results."""
        fields = as_mapping(info)
        # Redis does not know how many are unread if results in between were deleted, as `journal
        # load` does with its own.
        lag = fields.get("lag")
        unread = kept if lag is None else int(lag)
        return cls(as_text(fields["name"]), int(fields["pending"]), unread, exact=lag is not None)


def consumer_groups(settings: Settings) -> Operation[list[ConsumerGroup]]:
    """All groups; none if there is no results stream yet."""
    kept, reply = yield [("XLEN", settings.results), ("XINFO", "GROUPS", settings.results)]
    if isinstance(reply, Exception) and "no such key" in str(reply):
        return []
    (kept, found) = raise_for_errors([kept, reply])
    return [ConsumerGroup.of(info, kept) for info in found]


def remove_group(settings: Settings, name: str) -> Operation[ConsumerGroup]:
    """Remove a group, and the results that it alone still had to read; returns the group.

    Raises:
        ValidationError: there is no such group.
    """
    found = {group.name: group for group in (yield from consumer_groups(settings))}
    if name in found:
        (removed, _) = raise_for_errors(
            (
                yield [
                    ("XGROUP", "DESTROY", settings.results, name),
                    # Acknowledges nothing, and deletes what all the other groups acknowledged.
                    ("EVAL", script("acknowledge"), 1, settings.results, name),
                ]
            )
        )
        if removed:
            return found[name]
    raise ValidationError("no consumer group of the results has this name")
