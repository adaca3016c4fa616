"""What the doctor asks the server, in two round trips; it changes nothing there. Free of I/O."""

from __future__ import annotations

import base64
import binascii
import json
import time
from typing import TYPE_CHECKING, Any

from redis.exceptions import ResponseError

from producer.doctor.permissions import needed, permission_query
from producer.doctor.snapshot import Answers
from producer.keys import LANE_INFIX
from producer.operations.base import as_mapping, as_text
from producer.operations.redis_errors import code_of, translate
from producer.operations.store import FSYNC, INFO, store_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from producer.doctor.permissions import Role
    from producer.keys import QueueKeys
    from producer.operations.base import Operation
    from producer.settings import Settings

_REFUSED = 0


def ask(settings: Settings, role: Role, db: int) -> Operation[Answers]:
    """Ask the server everything.

    Raises:
        Unavailable: it does not answer, or not yet.
        ConfigurationError: it refuses the user name or the password.
    """
    (pong,) = yield [("PING",)]
    if isinstance(pong, Exception) and code_of(pong) != "NOPERM":
        raise translate(pong)
    began = time.time()
    (now,) = yield [("TIME",)]
    ended = time.time()
    keys = settings.queue_keys
    counted = {settings.queue: "LLEN", settings.results: "XLEN", settings.dead: "XLEN"}
    info, fsync, permitted, worker, entry, result, turns, *counts = yield [
        INFO,
        FSYNC,
        permission_query(settings, role, db),
        ("EXISTS", keys.workers),
        ("LRANGE", settings.queue, 0, 0),
        ("XREVRANGE", settings.results, "+", "-", "COUNT", 1),
        ("HGETALL", keys.turns),
        *((command, key) for key, command in counted.items()),
    ]
    lanes = yield from _unknown_lanes(keys, turns)
    if isinstance(info, Exception) and not isinstance(info, ResponseError):
        raise translate(info)
    return Answers(
        milliseconds=(ended - began) * 1000.0,
        store=store_of(info, fsync, settings.min_replicas),
        clock_seconds=_ahead(now, (began + ended) / 2.0),
        refused=_refused(permitted, [" ".join(words) for words in needed(settings, role, db)]),
        counts={
            key: code_of(count) if isinstance(count, Exception) else int(count)
            for key, count in zip(counted, counts, strict=True)
        },
        worker_seen=None if isinstance(worker, Exception) else bool(worker),
        entry_kid=_first(entry, entry_kid),
        result_kid=_first(result, _result_kid),
        unknown_lanes=lanes,
    )


def _unknown_lanes(keys: QueueKeys, turns: Any) -> Operation[dict[str, int] | None]:
    """How many entries wait in each lane that is used and not named by the settings.

    Args:
        keys: of the queue.
        turns: the reply with all lanes that were ever used; that of the first one is "".

    Returns:
        Those in which some wait; None if this user may not look.
    """
    if isinstance(turns, Exception):
        return None
    used = {as_text(name) for name in as_mapping(turns) if name}
    names = sorted(used - set(keys.lanes.names))
    if not names:
        return {}
    counts = yield [("LLEN", f"{keys.queue}{LANE_INFIX}{name}") for name in names]
    found = zip(names, counts, strict=True)
    return {name: count for name, count in found if isinstance(count, int) and count}


def entry_kid(message: bytes) -> str:
    """The id of the key that an entry is sealed with; "" if it is not sealed.

    Only the header in clear is read. Nothing is opened.
    """
    try:
        ((sealed,), *_) = json.loads(base64.b64decode(json.loads(message)["body"]))
        return sealed_with(sealed)
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def sealed_with(sealed: str) -> str:
    """The `kid` in the header of a compact JWE; "" if it is none."""
    try:
        header = sealed.partition(".")[0]
        content = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))
        return str(content["kid"])
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        return ""


def _result_kid(stored: Any) -> str:
    return sealed_with(as_text(as_mapping(stored[1]).get("sealed", b"")))


def _first(reply: Any, kid_of: Any) -> str | None:
    """What `kid_of` tells of the first element of a reply; None if there is none to see."""
    if isinstance(reply, Exception) or not reply:
        return None
    kid: str = kid_of(reply[0])
    return kid


def _ahead(reply: Any, now: float) -> float | None:
    """By how many seconds the server's clock, as `TIME` tells it, is ahead of ours."""
    if isinstance(reply, Exception):
        return None
    seconds, microseconds = reply
    return int(seconds) + int(microseconds) / 1e6 - now


def _refused(reply: Any, commands: Sequence[str]) -> tuple[str, ...] | None:
    """The commands that are refused, by the answer to `permission_query`."""
    if isinstance(reply, Exception):
        return ("EVAL",) if code_of(reply) == "NOPERM" else None
    return tuple(
        command for command, answer in zip(commands, reply, strict=True) if answer == _REFUSED
    )
