"""Sorting results by API key: from the queue's streams to a stream for each key."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from typing import TYPE_CHECKING

import pydantic

from producer.connection import Limit, execute_async
from producer.errors import JournalError, SealError
from producer.gateway.api_keys import NAME
from producer.gateway.delivery.operations import GROUP, Item, move, read_group, take_over
from producer.gateway.entry import split_id
from producer.operations.outage import LONGEST_PAUSE_SECONDS
from producer.schemas import DeadReason, JournalResult
from producer.sealing import RESULT

if TYPE_CHECKING:
    import redis.asyncio

    from producer.gateway.metrics import GatewayMetrics
    from producer.gateway.settings import GatewaySettings
    from producer.sealing import KeySet
    from producer.settings import Settings

log = logging.getLogger(__name__)

_COUNT = 256
_BLOCK_SECONDS = 2.0
#: What a process has read it moves within milliseconds; after so long it has died.
TAKE_OVER_SECONDS = 10.0
_REASON = re.compile(r"[a-z_]{1,64}")


class Router:
    """Moves results and failures to the streams of their API keys, until it is cancelled.

    Any number of processes share the work. The step that acknowledges a result appends it, so it is
    on its key's stream exactly once.

    Args:
        client: of `connect_async`.
        settings: how the streams are called.
        gateway: how long results are kept.
        keys: open results, to learn how long they took.
        metrics: count what was moved.
    """

    def __init__(
        self,
        client: redis.asyncio.Redis,
        settings: Settings,
        gateway: GatewaySettings,
        keys: KeySet,
        metrics: GatewayMetrics,
    ) -> None:
        self._redis = client
        self._settings = settings
        self._gateway = gateway
        self._keys = keys
        self._metrics = metrics
        self._limit = Limit(settings.timeout_seconds, each_round_trip=True)
        self._looked_at = float("-inf")
        self._failing = False

    async def run(self) -> None:
        """Go on for ever, also while Redis does not answer."""
        while True:
            try:
                await self.step(_BLOCK_SECONDS)
                self._failing = False
            except JournalError as exc:
                if not self._failing:
                    log.warning("%s; sorting results goes on by itself", exc)
                self._failing = True
                await asyncio.sleep(LONGEST_PAUSE_SECONDS)

    async def step(self, block: float) -> int:
        """Move what there is, waiting at most so many seconds for it; returns how many items."""
        streams = (self._settings.results, self._settings.dead)
        found: list[Item] = []
        if time.monotonic() - self._looked_at >= TAKE_OVER_SECONDS:
            for stream in streams:
                operation = take_over(stream, GROUP, idle=TAKE_OVER_SECONDS, count=_COUNT)
                found += await execute_async(self._redis, operation, self._limit)
            if len(found) < _COUNT:
                self._looked_at = time.monotonic()
        if not found:
            operation = read_group(streams, GROUP, count=_COUNT, block=block)
            found = await execute_async(self._redis, operation, self._limit)
        for stream in streams:
            if items := [item for item in found if item.stream == stream]:
                await self._move(stream, items)
        return len(found)

    async def _move(self, stream: str, items: list[Item]) -> None:
        of_results = stream == self._settings.results
        sort = self._result if of_results else self._failure
        operation = move(
            self._settings,
            stream,
            [sort(item) for item in items],
            kept_seconds=self._gateway.results_seconds,
            most=self._gateway.max_results,
        )
        moved = await execute_async(self._redis, operation, self._limit)
        self._metrics.moved(moved.appended, moved.others)

    def _result(self, item: Item) -> tuple[Item, str, str]:
        name = _owner(item)
        return item, name, self._latency(item) if name else ""

    def _latency(self, item: Item) -> str:
        try:
            plaintext = self._keys.open(item.value, kind=RESULT, entry_id=item.entry_id)
            result = JournalResult.model_validate_json(plaintext)
        except (SealError, pydantic.ValidationError):
            return ""  # whoever reads the key's stream says so
        return f"{max(0.0, (result.completed_at - result.submitted_at).total_seconds()):.4f}"

    def _failure(self, item: Item) -> tuple[Item, str, str]:
        """A dead letter as its key's stream holds it: the reason, and nothing that was sealed."""
        try:
            letter = json.loads(item.value)
            reason = letter["reason"]
        except (ValueError, TypeError, KeyError):
            reason = ""
        if not isinstance(reason, str) or not _REASON.fullmatch(reason):
            reason = "unknown"
        # A result that another reader could not handle was an answer all the same.
        answered = {DeadReason.UNREADABLE_RESULT, DeadReason.UNHANDLED_RESULT}
        name = "" if reason in answered else _owner(item)
        return Item(item.stream, item.stream_id, item.entry_id, "reason", reason), name, ""


def _owner(item: Item) -> str:
    name, _ = split_id(item.entry_id)
    return name if NAME.fullmatch(name) else ""
