"""Asking replicas to confirm what a call has written, if the operator wants that. Free of I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from producer.errors import NotReplicated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from producer.operations.base import Command
    from producer.settings import Settings

#: The part of a deadline that replicas get: fewer of them must be told before it has passed.
_REPLICAS_SHARE = 0.3


def confirmation(settings: Settings, timeout_seconds: float | None) -> list[Command]:
    """The command, to be sent in a pipeline behind a write, that waits for enough replicas.

    Args:
        settings: how many replicas have to confirm; with 0 there is no command.
        timeout_seconds: of the call, of which the replicas get a part; by default as set.
    """
    if not settings.min_replicas:
        return []
    milliseconds = _REPLICAS_SHARE * 1000 * (timeout_seconds or settings.timeout_seconds)
    return [("WAIT", settings.min_replicas, max(1, int(milliseconds)))]


def raise_unless_confirmed(replies: Sequence[Any], settings: Settings, what: str) -> None:
    """Look at the reply to `confirmation`: none if nothing was asked.

    Raises:
        NotReplicated: fewer replicas than asked for confirmed it.
    """
    if replies and replies[0] < settings.min_replicas:
        raise NotReplicated(
            f"{replies[0]} of {settings.min_replicas} replicas confirmed {what} in time; it may be "
            "lost with this server, and asking again is safe"
        )
