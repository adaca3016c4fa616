"""Keeping the results stream free of what nobody needs any more. Free of I/O.

A reader of ours deletes what it acknowledges as soon as no other group needs it. These operations
delete what is left by other means: readers in other languages that send a plain `XACK`, groups that
are removed, and consumer names that nobody uses any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from producer.operations.base import as_text, raise_for_errors, script

if TYPE_CHECKING:
    from producer.operations.base import Operation
    from producer.settings import Settings

#: Results looked at in one call: each is up to 200 microseconds of the server's time.
TRIM_PAGE = 500
#: A consumer that has not asked for so long and holds nothing is gone. A new pod has a new name.
FORGET_AFTER_MS = 3_600_000
#: Consumers forgotten in one call.
_FORGET_MOST = 1000


def trim(settings: Settings, cursor: str = "") -> Operation[tuple[int, str]]:
    """Look through a page of the stream for results that every group has acknowledged.

    Args:
        settings: how the results stream is called.
        cursor: where the call before ended; "" to begin.

    Returns:
        How many results were deleted, and where to go on; "" at the end.
    """
    source = script("delete_unneeded", "trim")
    (reply,) = raise_for_errors((yield [("EVAL", source, 1, settings.results, cursor, TRIM_PAGE)]))
    return int(reply[0]), as_text(reply[1])


def trim_all(settings: Settings) -> Operation[int]:
    """Look through the whole stream; returns how many results were deleted."""
    deleted, cursor = yield from trim(settings)
    while cursor:
        more, cursor = yield from trim(settings, cursor)
        deleted += more
    return deleted


def forget_consumers(settings: Settings) -> Operation[int]:
    """Remove consumer names that hold nothing and have not asked for `FORGET_AFTER_MS`.

    The one of each group that asked last stays: it tells when the group last read.

    Returns:
        How many were removed.
    """
    command = ("EVAL", script("forget"), 1, settings.results, FORGET_AFTER_MS, _FORGET_MOST)
    (count,) = raise_for_errors((yield [command]))
    return int(count)
