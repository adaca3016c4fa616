"""What the gateway asks of Redis to deliver results. Free of I/O, as `producer.operations`.

All keys lie under the queue's name. A stream of results holds them sealed, as the queue does.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from producer.operations.base import Waiting, as_mapping, as_text, raise_for_errors
from producer.operations.base import script as producer_script

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from producer.operations.base import Operation
    from producer.settings import Settings

#: The consumer group by which all processes of the gateway share the results.
GROUP = "gateway"
#: The group by which they share what is to be sent by webhook. All use one name of a consumer too:
#: claiming tells who has what, and a name of its own would stay behind with each process.
WEBHOOKS = "webhooks"
CONSUMER = "gateway"
#: A name that no process has registered for so long is forgotten.
_REGISTERED_SECONDS = 2 * 86_400
_FIRST = "0-0"


class DeliveryKeys(NamedTuple):
    """The names of the gateway's keys.

    Attributes:
        registry: sorted set of the names of API keys, by when a process last told it.
        latencies: stream of seconds from submit to completion.
        results: what precedes a name in the key of its stream of results.
        undelivered: what precedes a name in the key of the results that its webhook never took.
        rates: what precedes the keys of the rate limits.
    """

    registry: str
    latencies: str
    results: str
    undelivered: str
    rates: str


def delivery_keys(queue: str) -> DeliveryKeys:
    """The names of the gateway's keys on a queue."""
    return DeliveryKeys(
        registry=f"{queue}.gateway.names",
        latencies=f"{queue}.gateway.latencies",
        results=f"{queue}.gateway.results:",
        undelivered=f"{queue}.gateway.undelivered:",
        rates=f"{queue}.gateway.rates",
    )


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a stream.

    Attributes:
        stream: its key.
        stream_id: its id.
        entry_id: of the entry, with the API key's name before it.
        field: `sealed` for a result, `reason` for why there is none.
        value: the sealed result, or the reason.
    """

    stream: str
    stream_id: str
    entry_id: str
    field: str
    value: str


class Moved(NamedTuple):
    """What became of items that were read: appended to a key's stream, or only acknowledged."""

    appended: int
    others: int


@cache
def script(name: str, *before: str) -> str:
    """The source of a script of the gateway, behind scripts of the producer."""
    source = files("producer.gateway.delivery").joinpath("lua", f"{name}.lua")
    return "".join(producer_script(one) for one in before) + source.read_text(encoding="utf-8")


def order(stream_id: str) -> tuple[int, int]:
    """A stream id as what it is ordered by."""
    milliseconds, _, number = stream_id.partition("-")
    return int(milliseconds), int(number or 0)


def register(settings: Settings, names: Iterable[str], hooked: Iterable[str]) -> Operation[None]:
    """Tell that these names may submit from now on, and that the results of some are to be sent.

    Args:
        settings: how the queue is called.
        names: of API keys.
        hooked: those of them that have a webhook; it gets what comes from now on.
    """
    keys = delivery_keys(settings.queue)
    now = int(time.time())
    commands: list[tuple[Any, ...]] = [
        ("ZREMRANGEBYSCORE", keys.registry, "-inf", now - _REGISTERED_SECONDS)
    ]
    if pairs := [value for name in names for value in (now, name)]:
        commands.append(("ZADD", keys.registry, *pairs))
    groups = [
        ("XGROUP", "CREATE", keys.results + name, WEBHOOKS, "$", "MKSTREAM") for name in hooked
    ]
    replies = yield [*commands, *groups]
    raise_for_errors([one for one in replies if "BUSYGROUP" not in str(one)])


def read_group(
    streams: Sequence[str], group: str, *, count: int, block: float
) -> Operation[list[Item]]:
    """Read new items of streams for a group, waiting at most `block` seconds for one."""
    names = (*streams, *(">" for _ in streams))
    command = ("XREADGROUP", "GROUP", group, CONSUMER, "COUNT", count)
    wait = ("BLOCK", int(block * 1000)) if block else ()
    (reply,) = yield Waiting([(*command, *wait, "STREAMS", *names)], block)
    if isinstance(reply, Exception) and "NOGROUP" in str(reply):
        replies = yield [("XGROUP", "CREATE", name, group, "0", "MKSTREAM") for name in streams]
        raise_for_errors([one for one in replies if "BUSYGROUP" not in str(one)])
        return []
    raise_for_errors([reply])
    return items_of(reply)


def take_over(stream: str, group: str, *, idle: float, count: int) -> Operation[list[Item]]:
    """Take over items that a process read `idle` seconds ago and did not acknowledge."""
    milliseconds = int(idle * 1000)
    (reply,) = yield [("XAUTOCLAIM", stream, group, CONSUMER, milliseconds, _FIRST, "COUNT", count)]
    if isinstance(reply, Exception) and "NOGROUP" in str(reply):
        return []
    raise_for_errors([reply])
    return items_of([(stream, reply[1])])


def move(
    settings: Settings,
    source: str,
    items: Sequence[tuple[Item, str, str]],
    *,
    kept_seconds: int,
    most: int,
) -> Operation[Moved]:
    """Append items to the streams of their API keys and acknowledge them, in one step.

    Args:
        settings: how the queue is called.
        source: the stream they were read from.
        items: each with the name it belongs to and its latency in seconds, or "" for either.
        kept_seconds: how long they are kept there.
        most: how many are kept there for each name.
    """
    keys = delivery_keys(settings.queue)
    deletes = int(source == settings.results)
    arguments: list[Any] = [GROUP, keys.results, kept_seconds, most, deletes]
    for item, name, latency in items:
        arguments += [item.stream_id, name, item.entry_id, item.field, item.value, latency]
    names = (source, keys.registry, keys.latencies)
    source_code = script("move", "delete_unneeded")
    (reply,) = raise_for_errors((yield [("EVAL", source_code, len(names), *names, *arguments)]))
    return Moved(int(reply[0]), int(reply[1]))


def last_id(stream: str) -> Operation[str]:
    """The id of the newest item of a stream; `0-0` if it has none."""
    (reply,) = raise_for_errors((yield [("XREVRANGE", stream, "+", "-", "COUNT", 1)]))
    return as_text(reply[0][0]) if reply else _FIRST


def page(stream: str, after: str, count: int) -> Operation[list[Item]]:
    """Up to `count` items of a stream after an id."""
    (reply,) = raise_for_errors((yield [("XRANGE", stream, f"({after}", "+", "COUNT", count)]))
    return items_of([(stream, reply)])


def read(positions: Mapping[str, str], *, count: int, block: float) -> Operation[list[Item]]:
    """Items of streams after the id of each, waiting at most `block` seconds for one."""
    wait = ("COUNT", count, "BLOCK", int(block * 1000))
    command = ("XREAD", *wait, "STREAMS", *positions, *positions.values())
    (reply,) = raise_for_errors((yield Waiting([command], block)))
    return items_of(reply)


def waiting_for_retry(
    stream: str, after: str, *, idle: float, count: int
) -> Operation[list[tuple[str, float, int]]]:
    """Items that a webhook did not take: stream id, seconds since the last try, tries."""
    start = f"({after}" if after else "-"
    command = ("XPENDING", stream, WEBHOOKS, "IDLE", int(idle * 1000), start, "+", count)
    (reply,) = yield [command]
    if isinstance(reply, Exception) and "NOGROUP" in str(reply):
        return []
    raise_for_errors([reply])
    return [(as_text(one[0]), one[2] / 1000, int(one[3])) for one in reply]


def claim(stream: str, stream_id: str, *, idle: float) -> Operation[list[Item]]:
    """Take one item for another try, unless another process took it within `idle` seconds."""
    command = ("XCLAIM", stream, WEBHOOKS, CONSUMER, int(idle * 1000), stream_id)
    (reply,) = raise_for_errors((yield [command]))
    return items_of([(stream, [one for one in reply if one])])


def acknowledge(stream: str, group: str, stream_id: str) -> Operation[None]:
    """Note that an item is handled."""
    raise_for_errors((yield [("XACK", stream, group, stream_id)]))


def give_up(
    item: Item, undelivered: str, reason: str, *, kept_seconds: int, most: int
) -> Operation[bool]:
    """Put an item aside that its webhook never took; returns whether it was still to be sent."""
    arguments = (WEBHOOKS, item.stream_id, kept_seconds, most, item.entry_id, reason)
    what = (item.field, item.value)
    (reply,) = raise_for_errors(
        (yield [("EVAL", script("give_up"), 2, item.stream, undelivered, *arguments, *what)])
    )
    return bool(reply)


def items_of(reply: Any) -> list[Item]:
    """The items in the reply to a read of streams. The field that is no `entry_id` counts."""
    found = []
    for stream, items in reply or ():
        for stream_id, fields in items:
            values = as_mapping(fields or [])
            entry_id = as_text(values.pop("entry_id", b""))
            field, value = next(iter(values.items()), ("", b""))
            found.append(Item(as_text(stream), as_text(stream_id), entry_id, field, as_text(value)))
    return found
