"""The consumer groups that read the results: list them, remove one, expire some. Free of I/O."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from redis.exceptions import ResponseError

from producer.errors import ValidationError
from producer.operations.base import as_mapping, as_text, raise_for_errors, script
from producer.operations.trimming import trim_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from producer.operations.base import Operation
    from producer.settings import Settings

#: Results counted in one call, where Redis does not know how many a group has not read.
COUNT_PAGE = 500
#: So many calls at most: twice the default limit of results, counted from both ends.
COUNT_CALLS = 200


@dataclass(frozen=True, slots=True)
class ConsumerGroup:
    """A consumer group; every result stays until each group has acknowledged it.

    Attributes:
        name: of the group.
        pending: results that were delivered to it and that it has not acknowledged.
        unread: results that were not delivered to it yet.
        exact: whether `unread` is their number; otherwise it is an upper bound.
        consumers: how many consumer names it has; None if it was not asked for.
        last_read_seconds: since a consumer of it last asked for results; None if none ever did.
        oldest_seconds: age of the oldest result it has not acknowledged; None if there is none.
    """

    name: str
    pending: int
    unread: int
    exact: bool = True
    consumers: int | None = None
    last_read_seconds: float | None = None
    oldest_seconds: float | None = None

    @property
    def backlog(self) -> int:
        """Results it has not acknowledged."""
        return self.pending + self.unread


def groups_of(
    settings: Settings, infos: Sequence[Any], kept: int
) -> Operation[list[ConsumerGroup]]:
    """The groups from the reply to `XINFO GROUPS`, on a stream of so many results.

    Redis does not know how many results are unread where one behind a group's position was deleted.
    They are counted then.
    """
    found = []
    for info in infos:
        fields = as_mapping(info)
        lag = fields.get("lag")
        if lag is None:
            lag = yield from _count_unread(settings, as_text(fields["last-delivered-id"]))
        # Redis's own count can hold results that were trimmed since.
        unread = kept if lag is None else min(int(lag), kept)
        found.append(
            ConsumerGroup(
                as_text(fields["name"]), int(fields["pending"]), unread, exact=lag is not None
            )
        )
    return found


def consumer_groups(settings: Settings) -> Operation[list[ConsumerGroup]]:
    """All groups, and when each last read; none if there is no results stream yet."""
    kept, reply = yield [("XLEN", settings.results), ("XINFO", "GROUPS", settings.results)]
    if isinstance(reply, Exception) and "no such key" in str(reply):
        return []
    (kept, infos) = raise_for_errors([kept, reply])
    groups = yield from groups_of(settings, infos, kept)
    described = []
    for group, info in zip(groups, infos, strict=True):
        last = as_text(as_mapping(info)["last-delivered-id"])
        described.append((yield from _described(settings, group, last)))
    return described


def remove_group(settings: Settings, name: str) -> Operation[ConsumerGroup]:
    """Remove a group, and the results that it alone still had to read; returns the group.

    Raises:
        ValidationError: there is no such group.
    """
    found = {group.name: group for group in (yield from consumer_groups(settings))}
    if name in found:
        (removed,) = raise_for_errors((yield [("XGROUP", "DESTROY", settings.results, name)]))
        yield from trim_all(settings)
        if removed:
            return found[name]
    raise ValidationError("no consumer group of the results has this name")


def expire_groups(
    settings: Settings, names: Sequence[str], idle_seconds: float
) -> Operation[list[str]]:
    """Remove groups that nobody has read by for so long, and what they alone still had to read.

    Args:
        settings: how the results stream is called.
        names: of the groups that may be removed.
        idle_seconds: since a consumer last asked for results. A group that no consumer has ever
            read by stays.

    Returns:
        The names of the groups that were removed.
    """
    command = ("EVAL", script("expire"), 1, settings.results, int(idle_seconds * 1000), *names)
    (removed,) = raise_for_errors((yield [command]))
    yield from trim_all(settings)
    return [as_text(name) for name in removed]


def _count_unread(settings: Settings, last: str) -> Operation[int | None]:
    """How many results follow a stream id; None if they may not be counted, or are too many.

    Counted from both ends, until all up to the id or all after it are counted.
    """
    read, unread = 0, 0
    on_read, on_unread = "-", f"({last}"
    for _ in range(COUNT_CALLS):
        command = ("EVAL", script("count"), 1, settings.results, last, on_read, on_unread)
        (reply,) = yield [(*command, COUNT_PAGE)]
        if isinstance(reply, ResponseError):
            return None
        raise_for_errors([reply])
        read, unread = read + int(reply[0]), unread + int(reply[2])
        on_read, on_unread = as_text(reply[1]), as_text(reply[3])
        if not on_unread:
            return unread
        if not on_read:
            return max(0, int(reply[4]) - read)
    return None


def _described(settings: Settings, group: ConsumerGroup, last: str) -> Operation[ConsumerGroup]:
    """The group with its consumers and its ages, as far as the user may see them."""
    consumers, pending, unread = yield [
        ("XINFO", "CONSUMERS", settings.results, group.name),
        ("XPENDING", settings.results, group.name),
        ("XRANGE", settings.results, f"({last}", "+", "COUNT", 1),
    ]
    idle = [int(as_mapping(info)["idle"]) for info in _or_nothing(consumers)]
    times = [
        int(as_text(stream_id).partition("-")[0])
        for stream_id in (*_or_nothing(pending)[1:2], *(item[0] for item in _or_nothing(unread)))
        if stream_id is not None
    ]
    return replace(
        group,
        consumers=None if isinstance(consumers, Exception) else len(idle),
        last_read_seconds=min(idle) / 1000 if idle else None,
        oldest_seconds=max(0.0, round(time.time() - min(times) / 1000, 3)) if times else None,
    )


def _or_nothing(reply: Any) -> list[Any]:
    return reply if isinstance(reply, list) else []
