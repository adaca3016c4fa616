"""The client of an asyncio backend: the same operations as `producer.client`, awaited."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from producer.aio_reading import AsyncResultsClient
from producer.client import as_entry
from producer.operations import dead_letters
from producer.operations.cancel import cancel
from producer.operations.reply import wait_for_reply
from producer.operations.sharded import entries as sharded
from producer.operations.sharded.submit import submit as submit_to_shards
from producer.operations.status import status
from producer.operations.submit import submit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from producer.operations.dead_letters import StoredLetter
    from producer.operations.status import Status
    from producer.receipts import Receipt
    from producer.schemas import JournalEntry, JournalResult


class AsyncJournalClient(AsyncResultsClient):
    """Submits entries and reads results; the methods of `JournalClient`, awaited.

    For use on one event loop, which long entries do not hold up: they are sealed in a thread.
    Arguments, results, deadlines and errors are those of `JournalClient`.

    Args:
        settings: where Redis is and how the queues are called; from the environment by default.
        keys: the key set, which seals entries and opens results; from `settings.keys_file` by
            default.

    Raises:
        ConfigurationError: settings or keys are missing or wrong.
    """

    async def submit(
        self,
        entry: JournalEntry | str,
        *,
        entry_id: str | None = None,
        context: str | None = None,
        reply: bool = False,
        expires: float | None = None,
        traceparent: str | None = None,
        lane: str | None = None,
        tenant: str | None = None,
        timeout_seconds: float | None = None,
    ) -> Receipt:
        """Submit one entry, without waiting for its result; see `JournalClient.submit`.

        Raises:
            ValidationError: the entry breaks a rule, or there is no such lane; it is not enqueued.
            QueueFull, StoreFull: no room; nothing was enqueued.
            Unavailable: Redis did not answer, or too few replicas confirmed the entry
                (`NotReplicated`); submitting the same `entry_id` again is safe.
        """
        entries = [as_entry(entry, entry_id, context)]
        receipts = await self.submit_many(
            entries,
            reply=reply,
            expires=expires,
            traceparent=traceparent,
            lane=lane,
            tenant=tenant,
            timeout_seconds=timeout_seconds,
        )
        return receipts[0]

    async def submit_many(
        self,
        entries: Iterable[JournalEntry],
        *,
        reply: bool = False,
        expires: float | None = None,
        traceparent: str | None = None,
        lane: str | None = None,
        tenant: str | None = None,
        timeout_seconds: float | None = None,
    ) -> list[Receipt]:
        """Submit many entries; see `JournalClient.submit_many`.

        Raises:
            QueueFull, StoreFull: no more room; its `receipts` are of the entries enqueued before.
            Unavailable: Redis did not answer, or too few replicas confirmed the entries
                (`NotReplicated`); submitting all entries again is safe.
        """
        how: dict[str, Any] = {
            "timeout_seconds": timeout_seconds,
            "reply": reply,
            "expires": expires,
            "traceparent": traceparent,
            "lane": lane,
            "tenant": tenant,
        }
        if self._fleet is not None:
            shards = self._fleet.shards
            plan = submit_to_shards(entries, shards, self._keys, self._settings, **how)
            return await self._across(plan, timeout_seconds, each_round_trip=True)
        operation = submit(entries, self._keys, self._settings, **how)
        return await self._run(operation, timeout_seconds, each_round_trip=True)

    async def submit_and_wait(
        self,
        entry: JournalEntry | str,
        *,
        entry_id: str | None = None,
        context: str | None = None,
        lane: str | None = None,
        tenant: str | None = None,
        timeout: float = 30.0,  # noqa: ASYNC109 - also kept by the server that is asked
    ) -> JournalResult:
        """Submit one entry and wait for its result; see `JournalClient.submit_and_wait`.

        Raises:
            NotAnswered: it was enqueued and not answered in time.
            JournalError: as `submit` and `result`.
        """
        whole = as_entry(entry, entry_id, context)
        ends = time.monotonic() + timeout
        await self.submit(whole, reply=True, lane=lane, tenant=tenant)
        return await self.result(whole.entry_id, timeout=max(0.0, ends - time.monotonic()))

    async def result(
        self,
        entry_id: str,
        *,
        timeout: float = 30.0,  # noqa: ASYNC109 - also kept by the server that is asked
    ) -> JournalResult:
        """Wait for the result of one entry submitted with `reply`; see `JournalClient.result`.

        Raises:
            NotAnswered: it was not answered in time.
            NoReply: no reply was asked for, or it is not kept any more.
            EntryFailed, EntryCancelled: there is no result.
            SealError: the result does not open with the key set.
        """
        if self._fleet is not None:
            shards = self._fleet.shards
            plan = sharded.result(entry_id, shards, self._keys, self._settings, timeout=timeout)
            return await self._across(plan, each_round_trip=True)
        operation = wait_for_reply(entry_id, self._keys, self._settings, timeout=timeout)
        return await self._run(operation, each_round_trip=True)

    async def cancel(self, entry_id: str, *, timeout_seconds: float | None = None) -> bool:
        """Cancel an entry that is not answered yet; see `JournalClient.cancel`."""
        seconds = timeout_seconds or self._settings.timeout_seconds
        if self._fleet is not None:
            shards = self._fleet.shards
            plan = sharded.cancel(entry_id, shards, self._settings, timeout_seconds=seconds)
            return await self._across(plan, timeout_seconds, each_round_trip=True)
        operation = cancel(entry_id, self._settings, timeout_seconds=seconds)
        return await self._run(operation, timeout_seconds, each_round_trip=True)

    async def failed(
        self, after: str = "", count: int = 100, *, timeout_seconds: float | None = None
    ) -> list[StoredLetter]:
        """Up to `count` dead letters after the stream id `after`; see `JournalClient.failed`."""
        if self._fleet is not None:
            letters = sharded.failed(self._fleet.shards, self._settings, after, count)
            return await self._across(letters, timeout_seconds)
        return await self._run(dead_letters.page(self._settings, after, count), timeout_seconds)

    async def status(self, *, timeout_seconds: float | None = None) -> Status:
        """How many entries wait, are being worked on, are answered and unread, or are dead."""
        if self._fleet is not None:
            plan = sharded.status(self._fleet.shards, self._settings)
            return await self._across(plan, timeout_seconds)
        return await self._run(status(self._settings), timeout_seconds)
