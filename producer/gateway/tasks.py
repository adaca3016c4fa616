"""Ending tasks for certain."""

from __future__ import annotations

import asyncio
from typing import Any

_AGAIN_SECONDS = 0.2


async def end(*tasks: asyncio.Future[Any]) -> None:
    """Cancel tasks until they have ended, however they end.

    Once is not enough: `asyncio.wait_for` of Python 3.11, by which redis-py sends, loses a
    cancellation that comes in the moment in which it is done.
    https://github.com/python/cpython/issues/86296
    """
    while running := {task for task in tasks if not task.done()}:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=_AGAIN_SECONDS)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # looked at, so that asyncio does not report it
